/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crun(1) keeps one directory a container with a JSON file "status". It knows no images and no layers: a container's
 * root is a directory of its bundle, perhaps with a union mounted on it.
 */
#include "container/engine_crun.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"
#include "container/table.h"

#define CRUN_RUN "/run/crun"

/** One state file seen: whether it changed. */
struct seen {
	struct mica_stamp stamp;
	/** Round of refresh in which it was last there. */
	unsigned round;
	char id[];
};

struct crun_state {
	const struct mica_host *host;
	/** struct seen by hash of the id; of two ids with one hash, both are read again each time. */
	struct mica_table seen;
	unsigned round;
	size_t errors;
};

static int copy_absolute(const char *directory, const char *path, char **ret)
{
	char *joined;

	if (path[0] == '/')
		joined = strdup(path);
	else if (asprintf(&joined, "%s/%s", directory, path) < 0)
		joined = NULL;
	if (!joined)
		return -ENOMEM;
	*ret = joined;
	return 0;
}

int mica_crun_parse_status(const char *id, const char *data, size_t size, struct mica_engine_container **ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	const char *bundle = mica_json_string(json, "bundle"), *root = mica_json_string(json, "rootfs");
	json_int_t pid = json_integer_value(json_object_get(json, "pid"));
	struct mica_engine_container *container;
	int r = 0;

	if (!json_is_object(json) || (bundle && bundle[0] != '/'))
		return -EBADMSG;
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	container->id = strdup(id);
	container->name = strdup(id);
	container->pid = pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
	if (!container->id || !container->name)
		r = -ENOMEM;
	if (r == 0 && bundle)
		r = copy_absolute("", bundle, &container->bundle_directory);
	if (r == 0 && root && (bundle || root[0] == '/'))
		r = copy_absolute(bundle, root, &container->root_directory);
	if (r < 0) {
		mica_engine_container_free(&container);
		return r;
	}
	*ret = container;
	return 0;
}

static void crun_close(void *userdata)
{
	struct crun_state *state = userdata;

	if (!state)
		return;
	mica_table_free(&state->seen, free);
	free(state);
}

static int crun_open(const struct mica_host *host, void **ret_state)
{
	struct crun_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	*ret_state = state;
	return 0;
}

/** Calls `visit` for each container directory. */
static int each_directory(const struct mica_host *host, int (*visit)(const char *id, const char *path, void *userdata),
			  void *userdata)
{
	_cleanup_free_ char *root = mica_host_path(host, CRUN_RUN);
	_cleanup_closedir_ DIR *directory = root ? opendir(root) : NULL;
	const struct dirent *entry;
	int r = 0;

	if (!root)
		return -ENOMEM;
	while (directory && r == 0 && (entry = readdir(directory))) {
		_cleanup_free_ char *path = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, CRUN_RUN "/%s/status", entry->d_name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		r = visit(entry->d_name, path, userdata);
	}
	return r;
}

struct refresh_context {
	struct crun_state *state;
	int changed;
};

static int look_at(const char *id, const char *path, void *userdata)
{
	struct refresh_context *context = userdata;
	struct crun_state *state = context->state;
	size_t length = strlen(id) + 1;
	uint64_t key = mica_hash_bytes(id, length);
	struct seen *seen = mica_table_get(&state->seen, key);

	if (!seen || strcmp(seen->id, id) != 0) {
		free(mica_table_remove(&state->seen, key));
		seen = calloc(1, sizeof(*seen) + length);
		if (!seen)
			return -ENOMEM;
		memcpy(seen->id, id, length);
		if (mica_table_put(&state->seen, key, seen) < 0) {
			free(seen);
			return -ENOMEM;
		}
	}
	seen->round = state->round;
	context->changed |= mica_host_stamp(state->host, path, &seen->stamp);
	return 0;
}

/** Forgets one container that is gone. True: there was one (the table then changed under the caller). */
static bool forget_one(struct crun_state *state)
{
	for (size_t i = 0; i < state->seen.capacity; i++) {
		struct mica_table_slot slot = state->seen.slots[i];

		if (slot.value && ((struct seen *)slot.value)->round != state->round) {
			free(mica_table_remove(&state->seen, slot.key));
			return true;
		}
	}
	return false;
}

static int crun_refresh(void *userdata)
{
	struct crun_state *state = userdata;
	struct refresh_context context = { .state = state };
	int r;

	state->round++;
	r = each_directory(state->host, look_at, &context);
	if (r < 0)
		return r;
	while (forget_one(state))
		context.changed = 1;
	return context.changed;
}

struct each_context {
	struct crun_state *state;
	int (*take)(struct mica_engine_container *container, void *userdata);
	void *userdata;
};

static int take_one(const char *id, const char *path, void *userdata)
{
	struct each_context *context = userdata;
	struct mica_engine_container *container = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = mica_host_read(context->state->host, path, MICA_STATE_FILE_BYTES, &text, &size);

	/* crun makes the directory first and renames the file into it. */
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = mica_crun_parse_status(id, text, size, &container);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		context->state->errors++;
		return 0;
	}
	return context->take(container, context->userdata);
}

static int crun_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
			       void *take_userdata)
{
	struct crun_state *state = userdata;
	struct each_context context = { .state = state, .take = take, .userdata = take_userdata };

	return each_directory(state->host, take_one, &context);
}

static size_t crun_errors(const void *userdata)
{
	const struct crun_state *state = userdata;

	return state->errors;
}

const struct mica_engine_ops mica_engine_crun = {
	.name = "crun",
	.open = crun_open,
	.close = crun_close,
	.refresh = crun_refresh,
	.each_container = crun_each_container,
	.errors = crun_errors,
};
