// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "container/json.h"
#include "runtime/bundle.h"
#include "runtime/ended.h"
#include "runtime/foreground.h"
#include "runtime/image_config.h"
#include "store/container.h"
#include "store/store_internal.h"

static int make_settings(struct mica_store *store, const struct mica_exec_options *options, json_t *settings)
{
	json_t *arguments = json_array(), *environment = json_object_get(settings, "Env");
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->argument_count; i++)
		r = json_array_append_new(arguments, json_string(options->arguments[i]));
	r |= json_object_set_new(settings, "Args", arguments);
	r |= json_object_set_new(settings, "Tty", json_boolean(options->terminal));
	if (r == 0 && options->directory)
		r = json_object_set_new(settings, "WorkingDir", json_string(options->directory));
	for (size_t i = 0; r == 0 && i < options->environment.count; i++)
		r = mica_environment_set(environment, options->environment.items[i]);
	return r ? mica_store_refuse(store, -EINVAL, "an argument is no UTF-8") : 0;
}

static int find_user(struct mica_store *store, const char *id, const char *text, struct mica_user *user)
{
	_cleanup_close_ int root_fd = -EBADF;
	char reason[400] = "";
	int r = mica_process_open_root(mica_container_init_pid(id), &root_fd);

	if (r == 0)
		r = mica_user_find(root_fd, text, user, reason, sizeof(reason));
	return r < 0 ? mica_store_refuse(store, r, "%s", reason[0] ? reason : "cannot look into the container") : 0;
}

/* crun reads it by its number: no file is left of it. */
static int write_process(const struct mica_prepared *prepared, const struct mica_user *user, int *ret_fd)
{
	_cleanup_close_ int fd = memfd_create("process", 0);
	_cleanup_json_ json_t *process = mica_bundle_process(&(struct mica_bundle){
		.settings = prepared->settings,
		.user = user,
		.device_cgroup = mica_can_limit_devices(),
	});

	if (fd < 0 || !process)
		return -ENOMEM;
	if (mica_write_json(fd, process) < 0)
		return -EIO;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int call(const struct mica_prepared *prepared, const struct mica_exec_options *options, int process_fd,
		int *ret_status)
{
	_cleanup_(mica_words_free) struct mica_words words = {};
	struct mica_foreground foreground;
	char process[40];
	const char *const verb[] = { "exec",
				     "--process",
				     process,
				     options->detached ? "--detach" : prepared->id,
				     options->detached ? prepared->id : NULL,
				     NULL };
	int r = mica_crun_words(&words, prepared->log);

	(void)snprintf(process, sizeof(process), "/proc/self/fd/%d", process_fd);
	for (size_t i = 0; r == 0 && verb[i]; i++)
		r = mica_words_add(&words, verb[i]);
	if (r < 0)
		return r;
	mica_foreground_begin(&foreground);
	r = mica_foreground_spawn(&foreground, &words, options->interactive, -EBADF);
	if (r == 0)
		*ret_status = mica_foreground_wait(&foreground);
	mica_foreground_end(&foreground);
	return r < 0 ? mica_store_refuse(prepared->store, r, "cannot run crun; is it installed?") : 0;
}

int mica_container_exec(struct mica_store *store, const char *id, const struct mica_exec_options *options,
			int *ret_status, struct mica_run_reason *reason)
{
	_cleanup_prepared_ struct mica_prepared prepared = MICA_PREPARED(store, id);
	_cleanup_close_ int process_fd = -EBADF;
	struct mica_user user = {};
	const char *wanted;
	int r = mica_container_init_pid(id)
			? mica_prepare_settings(&prepared)
			: mica_store_refuse(store, -EBUSY, "the container '%.12s' is not running", id);

	if (r == 0)
		r = make_settings(store, options, prepared.settings);
	if (r < 0)
		return r;
	/* A log of its own: several may run at once. */
	free(prepared.log);
	if (asprintf(&prepared.log, "file:%s/exec-%d.log", prepared.bundle, getpid()) < 0) {
		prepared.log = NULL;
		return -ENOMEM;
	}
	wanted = options->user ? options->user : mica_json_string(prepared.settings, "User");
	r = find_user(store, id, wanted ? wanted : "", &user);
	if (r == 0)
		r = write_process(&prepared, &user, &process_fd);
	if (r == 0)
		r = call(&prepared, options, process_fd, ret_status);
	if (r == 0)
		*ret_status = mica_run_told(&prepared, *ret_status, reason);
	(void)unlink(prepared.log + strlen("file:"));
	return r;
}
