/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * containerd (https://github.com/containerd/containerd) keeps a directory a task with the OCI config.json and the
 * number of its init process: TASKS/NAMESPACE/ID. Names and images are its clients' business: those who write them into
 * the annotations of config.json are Kubernetes (CRI) and nerdctl. Layers are in its databases, which are not read.
 */
#include "container/engine_containerd.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"
#include "container/state_files.h"

/** Task directories: of containerd, of the one that dockerd starts, of K3s. */
static const char *const tasks[] = {
	"/run/containerd/io.containerd.runtime.v2.task",
	"/run/docker/containerd/daemon/io.containerd.runtime.v2.task",
	"/run/k3s/containerd/io.containerd.runtime.v2.task",
};

#define NERDCTL_DATA "/var/lib/nerdctl/"
#define PID_FILE_BYTES 64

/** POD/CONTAINER, as many pods have a container of the same name; a pod's own container has the pod's name. */
static int kubernetes_name(const json_t *annotations, char **ret)
{
	const char *container = mica_json_string(annotations, "io.kubernetes.cri.container-name");
	const char *pod = mica_json_string(annotations, "io.kubernetes.cri.sandbox-name");
	char *name;

	if (!container && !pod)
		return -ENOENT;
	if (asprintf(&name, "%s%s%s", pod ? pod : "", pod && container ? "/" : "", container ? container : "") < 0)
		return -ENOMEM;
	*ret = name;
	return 0;
}

static int name_of(const char *id, const json_t *annotations, char **ret)
{
	const char *name = mica_json_string(annotations, "nerdctl/name");
	int r = name ? -ENOENT : kubernetes_name(annotations, ret);

	if (r != -ENOENT)
		return r;
	*ret = strdup(name ? name : id);
	return *ret ? 0 : -ENOMEM;
}

static int fill_container(const char *id, const char *directory, const json_t *json,
			  struct mica_engine_container *container)
{
	const json_t *annotations = json_object_get(json, "annotations");
	const char *image = mica_json_string(annotations, "io.kubernetes.cri.image-name");
	const char *root = mica_json_string(json_object_get(json, "root"), "path");
	int r = name_of(id, annotations, &container->name);

	if (r < 0)
		return r;
	container->id = strdup(id);
	container->bundle_directory = strdup(directory);
	container->image = image ? strdup(image) : NULL;
	if (!container->id || !container->bundle_directory || (image && !container->image))
		return -ENOMEM;
	if (!root)
		return 0;
	if (asprintf(&container->root_directory, "%s%s%s", root[0] == '/' ? "" : directory, root[0] == '/' ? "" : "/",
		     root) < 0) {
		container->root_directory = NULL;
		return -ENOMEM;
	}
	return 0;
}

int mica_containerd_parse_config(const char *id, const char *directory, const char *data, size_t size,
				 struct mica_engine_container **ret)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = NULL;
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	int r;

	if (!json_is_object(json))
		return -EBADMSG;
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	r = fill_container(id, directory, json, container);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(container);
	return 0;
}

static void containerd_close(void *userdata)
{
	struct mica_state_files *state = userdata;

	if (!state)
		return;
	mica_state_files_free(state);
	free(state);
}

static int containerd_open(const struct mica_host *host, void **ret_state)
{
	struct mica_state_files *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->host = host;
	state->parse = mica_containerd_parse_config;
	*ret_state = state;
	return 0;
}

/** Looks into each namespace of a task directory. */
static int look_at_tasks(struct mica_state_files *state, const char *directory)
{
	const struct mica_listing *listing;
	int r = mica_listing_get(&state->listings, state->host, directory, &listing);

	for (size_t i = 0; r == 0 && i < listing->count; i++) {
		char path[PATH_MAX];
		int length = snprintf(path, sizeof(path), "%s/%s", directory, listing->names[i]);

		if (length > 0 && (size_t)length < sizeof(path))
			r = mica_state_files_look(state, path, "config.json");
	}
	return r;
}

static int containerd_refresh(void *userdata)
{
	struct mica_state_files *state = userdata;
	int r = 0;

	mica_state_files_begin(state);
	for (size_t i = 0; r == 0 && i < sizeof(tasks) / sizeof(tasks[0]); i++)
		r = look_at_tasks(state, tasks[i]);
	return r < 0 ? r : mica_state_files_end(state);
}

static int containerd_each_container(void *userdata,
				     int (*take)(struct mica_engine_container *container, void *userdata),
				     void *take_userdata)
{
	return mica_state_files_each(userdata, take, take_userdata);
}

static int containerd_pid(void *userdata, const char *id)
{
	struct mica_state_files *state = userdata;
	const struct mica_engine_container *container = mica_state_files_find(state, id);
	_cleanup_free_ char *path = NULL, *text = NULL;
	long pid;

	if (!container)
		return 0;
	if (asprintf(&path, "%s/init.pid", container->bundle_directory) < 0) {
		path = NULL;
		return 0;
	}
	if (mica_host_read(state->host, path, PID_FILE_BYTES, &text, NULL) < 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
}

/** nerdctl's volumes: …/ADDRESS/volumes/NAMESPACE/NAME/_data. */
static int containerd_volume_of_path(const char *path, char **ret_name, size_t *ret_directory_length)
{
	static const char data[] = NERDCTL_DATA, volumes[] = "/volumes/";
	const char *at = path + sizeof(data) - 1;
	_cleanup_free_ char *before = NULL;

	if (strncmp(path, data, sizeof(data) - 1) != 0)
		return -ENOENT;
	at = strchr(at, '/');
	if (!at || strncmp(at, volumes, sizeof(volumes) - 1) != 0)
		return -ENOENT;
	at = strchr(at + sizeof(volumes) - 1, '/');
	if (!at)
		return -ENOENT;
	before = strndup(path, (size_t)(at + 1 - path));
	if (!before)
		return -ENOMEM;
	return mica_engine_volume_below(path, before, "/_data", ret_name, ret_directory_length);
}

static size_t containerd_errors(const void *userdata)
{
	const struct mica_state_files *state = userdata;

	return state->errors;
}

const struct mica_engine_ops mica_engine_containerd = {
	.name = "containerd",
	.open = containerd_open,
	.close = containerd_close,
	.refresh = containerd_refresh,
	.each_container = containerd_each_container,
	.pid = containerd_pid,
	.volume_of_path = containerd_volume_of_path,
	.volume_directories = NERDCTL_DATA "*/volumes/*/*/_data",
	.errors = containerd_errors,
};
