// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/string.h"
#include "container/json.h"
#include "runtime/crun.h"
#include "runtime/files.h"
#include "runtime/image_config.h"
#include "store/commit.h"
#include "store/container.h"
#include "store/image.h"
#include "store/store_internal.h"
#include "store/tree.h"

static int take_image(const struct mica_stored_container *container, void *userdata)
{
	return mica_string_copy(container->image, userdata);
}

static int read_base(struct mica_store *store, const char *id, json_t **ret)
{
	_cleanup_free_ char *image = NULL, *config = NULL, *top = NULL;
	int r = mica_container_inspect(store, id, take_image, &image);

	if (r == 0 && image)
		r = mica_image_read(store, image, &config, &top);
	if (r < 0)
		return r;
	*ret = config ? mica_json_parse(config, strlen(config)) : json_pack("{s:s}", "os", "linux");
	return *ret ? 0 : mica_store_refuse(store, -EBADMSG, "the container's image has a damaged configuration");
}

static int add_history(json_t *config, const struct mica_container_commit *commit, const char *now)
{
	json_t *history = json_object_get(config, "history");

	if (!json_is_array(history)) {
		history = json_array();
		if (json_object_set_new(config, "history", history) < 0)
			return -ENOMEM;
	}
	return json_array_append_new(history,
				     json_pack("{s:s, s:s, s:s*, s:s*}", "created", now, "created_by", "mica commit",
					       "comment", commit->message, "author", commit->author));
}

/* The container's own words take the place of the image's. */
static int change_config(json_t *config, const json_t *settings, const struct mica_container_commit *commit)
{
	static const char *const kept[] = { "Env", "Cmd", "Entrypoint", "WorkingDir", "User", "StopSignal" };
	json_t *inner = json_object_get(config, "config");
	char now[32];
	time_t seconds = time(NULL);
	struct tm utc;
	int r = 0;

	(void)strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
	if (!json_is_object(inner)) {
		inner = json_object();
		r = json_object_set_new(config, "config", inner);
	}
	for (size_t i = 0; r == 0 && i < sizeof(kept) / sizeof(kept[0]); i++)
		r = json_object_set(inner, kept[i], json_object_get(settings, kept[i]));
	if (r == 0)
		r = json_object_set_new(config, "created", json_string(now));
	if (r == 0 && commit->author)
		r = json_object_set_new(config, "author", json_string(commit->author));
	return r == 0 && add_history(config, commit, now) == 0 ? 0 : -EINVAL;
}

static int pause_container(const char *id, const char *verb)
{
	_cleanup_(mica_words_free) struct mica_words words = {};
	int r = mica_crun_words(&words, "file:/dev/null");

	if (r == 0)
		r = mica_words_add(&words, verb);
	if (r == 0)
		r = mica_words_add(&words, id);
	return r < 0 ? r : mica_crun_call(&words);
}

static int commit_tree(struct mica_store *store, const char *id, json_t *config, const char *name, char **ret_image)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int tree_fd = -EBADF;

	if (asprintf(&path, "%s/diff", id) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	tree_fd = mica_tree_open(store->layers_fd, path, O_RDONLY | O_DIRECTORY);
	if (tree_fd < 0)
		return mica_store_refuse(store, tree_fd, "cannot open the files of '%.12s'", id);
	return mica_image_commit(store, &(struct mica_commit){ .tree_fd = tree_fd, .config = config, .name = name },
				 ret_image);
}

int mica_container_commit(struct mica_store *store, const char *id, const struct mica_container_commit *commit,
			  char **ret_image)
{
	_cleanup_json_ json_t *config = NULL, *settings = NULL;
	_cleanup_close_ int lock_fd = -EBADF;
	bool paused = false;
	int r = mica_container_settings(store, id, &settings);

	if (r == 0)
		r = read_base(store, id, &config);
	if (r == 0 && change_config(config, settings, commit) < 0)
		r = mica_store_refuse(store, -EINVAL, "an option is no UTF-8");
	/* One that does not run must not begin meanwhile. */
	if (r == 0 && !mica_container_init_pid(id))
		r = mica_container_lock(store, id, true, &lock_fd);
	if (r < 0)
		return r;
	if (lock_fd < 0 && !commit->no_pause)
		paused = pause_container(id, "pause") == 0;
	r = commit_tree(store, id, config, commit->name, ret_image);
	if (paused)
		(void)pause_container(id, "resume");
	return r;
}
