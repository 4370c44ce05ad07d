// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "container/json.h"
#include "runtime/ended.h"
#include "runtime/foreground.h"
#include "runtime/prepare.h"
#include "store/container.h"
#include "store/store_internal.h"

static int run_words(const struct mica_prepared *prepared, struct mica_words *words)
{
	int r = mica_crun_words(words, prepared->log);

	if (r == 0)
		r = mica_words_add(words, "run");
	if (r == 0)
		r = mica_words_add(words, "--bundle");
	if (r == 0)
		r = mica_words_add(words, prepared->bundle);
	return r == 0 ? mica_words_add(words, prepared->id) : r;
}

int mica_run_told(const struct mica_prepared *prepared, int status, struct mica_run_reason *reason)
{
	/* crun's own failures are told by its log; whatever else it ends with is the program's. */
	mica_crun_read_log(prepared->log, reason->text, sizeof(reason->text));
	return reason->text[0] && status ? mica_crun_status(reason->text) : status;
}

int mica_run_ended(struct mica_store *store, const char *id, int status, int *lock_fd)
{
	int r = mica_container_init_pid(id) ? -EBUSY : 0;
	bool auto_remove = false;

	if (r < 0) /* crun was killed, and the container lives on */
		return mica_store_refuse(store, r, "the container '%.12s' lives on without its crun", id);
	mica_container_forget_run(id);
	r = mica_container_goes_when_ended(store, id, &auto_remove);
	if (r < 0)
		return r;
	return auto_remove ? mica_container_remove(store, id, true, lock_fd) : mica_container_ended(store, id, status);
}

int mica_run_may_begin(struct mica_store *store, const char *id)
{
	_cleanup_json_ json_t *settings = NULL;
	int r;

	if (mica_container_init_pid(id))
		return mica_store_refuse(store, -EBUSY, "the container '%.12s' is running", id);
	r = mica_container_settings(store, id, &settings);
	if (r == 0 && json_is_true(json_object_get(settings, "AutoRemove")))
		r = mica_container_remove_when_ended(store, id);
	return r;
}

int mica_container_run(struct mica_store *store, const char *id, int lock_fd, int *ret_status,
		       struct mica_run_reason *reason)
{
	_cleanup_prepared_ struct mica_prepared prepared = MICA_PREPARED(store, id);
	_cleanup_close_ int own_lock_fd = lock_fd;
	_cleanup_(mica_words_free) struct mica_words words = {};
	struct mica_foreground foreground;
	int r = mica_run_may_begin(store, id);
	int status = 0, ended;

	if (r < 0)
		return r;
	mica_foreground_begin(&foreground);
	r = mica_prepare(&prepared);
	if (r == 0)
		r = run_words(&prepared, &words);
	if (r == 0) {
		r = mica_foreground_spawn(&foreground, &words,
					  json_is_true(json_object_get(prepared.settings, "OpenStdin")), own_lock_fd);
		if (r < 0)
			r = mica_store_refuse(store, r, "cannot run crun; is it installed?");
	}
	/* The mounts are crun's now; here they must not be in the way of a removal. */
	mica_private_mounts_end(&prepared.mounts);
	if (r == 0) {
		status = mica_run_told(&prepared, mica_foreground_wait(&foreground), reason);
		*ret_status = status;
	}
	mica_foreground_end(&foreground);
	ended = mica_run_ended(store, id, r < 0 ? MICA_EXIT_RUNTIME : status, &own_lock_fd);
	return r < 0 ? r : ended;
}
