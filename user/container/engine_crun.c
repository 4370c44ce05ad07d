/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crun(1) keeps one directory a container with a JSON file "status". It knows no images and no layers: a container's
 * root is a directory of its bundle, perhaps with a union mounted on it.
 */
#include "container/engine_crun.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"
#include "container/state_files.h"

#define CRUN_RUN "/run/crun"

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

static int parse(const char *id, const char *directory, const char *data, size_t size,
		 struct mica_engine_container **ret)
{
	(void)directory;
	return mica_crun_parse_status(id, data, size, ret);
}

static void crun_close(void *userdata)
{
	struct mica_state_files *state = userdata;

	if (!state)
		return;
	mica_state_files_free(state);
	free(state);
}

static int crun_open(const struct mica_host *host, void **ret_state)
{
	struct mica_state_files *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->named_by_directory = true;
	state->parse = parse;
	*ret_state = state;
	return 0;
}

static int crun_refresh(void *userdata)
{
	struct mica_state_files *state = userdata;
	int r;

	mica_state_files_begin(state);
	r = mica_state_files_look(state, CRUN_RUN, "status");
	return r < 0 ? r : mica_state_files_end(state);
}

static int crun_each_container(void *userdata, int (*take)(struct mica_engine_container *container, void *userdata),
			       void *take_userdata)
{
	return mica_state_files_each(userdata, take, take_userdata);
}

static size_t crun_errors(const void *userdata)
{
	const struct mica_state_files *state = userdata;

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
