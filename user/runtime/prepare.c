// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "container/json.h"
#include "runtime/bundle.h"
#include "store/container.h"
#include "store/layer.h"
#include "store/store_internal.h"
#include "store/volume.h"

void mica_prepared_free(struct mica_prepared *prepared)
{
	mica_private_mounts_end(&prepared->mounts);
	json_decref(prepared->settings);
	free(prepared->bundle);
	free(prepared->log);
}

bool mica_can_limit_devices(void)
{
	struct rlimit limit;

	return mica_have_capability(CAP_SYS_RESOURCE) ||
	       (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max == RLIM_INFINITY);
}

int mica_prepare_settings(struct mica_prepared *prepared)
{
	int r = mica_container_settings(prepared->store, prepared->id, &prepared->settings);

	if (r < 0)
		return r;
	if (asprintf(&prepared->bundle, "%s/containers/%s", mica_store_root(prepared->store), prepared->id) < 0) {
		prepared->bundle = NULL;
		return -ENOMEM;
	}
	if (asprintf(&prepared->log, "file:%s/crun.log", prepared->bundle) < 0) {
		prepared->log = NULL;
		return -ENOMEM;
	}
	return 0;
}

int mica_write_json(int fd, const json_t *json)
{
	/* At once: json_dumpfd makes a system call of each word. */
	_cleanup_free_ char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t size = text ? strlen(text) : 0;
	ssize_t done;

	if (!text)
		return -ENOMEM;
	for (size_t at = 0; at < size; at += (size_t)done) {
		done = write(fd, text + at, size - at);
		if (done < 0 && errno != EINTR)
			return -errno;
		if (done < 0)
			done = 0;
	}
	return 0;
}

/* Nothing of it must be there after a power cut: it is written anew for each run. */
static int write_file(const char *path, json_t *json)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : mica_write_json(fd, json);
}

static int mount_volumes(struct mica_store *store, const json_t *settings)
{
	const json_t *mount;
	size_t i;

	json_array_foreach(json_object_get(settings, "Mounts"), i, mount)
	{
		const char *name = mica_json_string(mount, "Name"), *type = mica_json_string(mount, "Type");
		int r = name && type && strcmp(type, "volume") == 0 ? mica_volume_mount(store, name) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int find_user(const struct mica_prepared *prepared, const char *root, struct mica_user *user)
{
	_cleanup_close_ int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *wanted = mica_json_string(prepared->settings, "User");
	char reason[400] = "";
	int r = root_fd < 0 ? -errno : mica_user_find(root_fd, wanted ? wanted : "", user, reason, sizeof(reason));

	return r < 0 ? mica_store_refuse(prepared->store, r, "%s", reason[0] ? reason : "cannot find the user") : 0;
}

static int write_config(const struct mica_prepared *prepared, const struct mica_user *user)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *config = mica_bundle_config(&(struct mica_bundle){
		.id = prepared->id,
		.store_root = mica_store_root(prepared->store),
		.settings = prepared->settings,
		.user = user,
		.device_cgroup = mica_can_limit_devices(),
	});
	int r;

	if (asprintf(&path, "%s/config.json", prepared->bundle) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = write_file(path, config);
	if (r == 0 && unlink(prepared->log + strlen("file:")) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? mica_store_refuse(prepared->store, r, "cannot write %s", path) : 0;
}

static int make_state(const struct mica_stored_container *container, void *userdata)
{
	json_t **state = userdata;

	*state = json_pack("{s:s, s:s, s:s*, s:I}", "id", container->id, "name", container->name, "imageId",
			   container->image, "started", (json_int_t)mica_store_now());
	return *state ? 0 : -ENOMEM;
}

static void add_state_volumes(const struct mica_prepared *prepared, const char *root, json_t *state)
{
	json_t *volumes = json_array();
	const json_t *mount;
	size_t i;

	json_array_foreach(json_object_get(prepared->settings, "Mounts"), i, mount)
	{
		const char *name = mica_json_string(mount, "Name"), *source = mica_json_string(mount, "Source");
		char directory[4096];

		if (!name && !source)
			continue;
		(void)snprintf(directory, sizeof(directory), "%s/volumes/%s/_data", root, name ? name : "");
		(void)json_array_append_new(volumes, json_pack("{s:s*, s:s, s:O}", "name", name, "source",
							       source ? source : directory, "destination",
							       json_object_get(mount, "Destination")));
	}
	(void)json_object_set_new(state, "volumes", volumes);
}

static int add_state_layer(const struct mica_layer *layer, void *userdata)
{
	json_t *layers = userdata;

	if (!layer->digest)
		return 0;
	return json_array_append_new(layers, json_pack("{s:s, s:s}", "id", layer->id, "digest", layer->digest)) < 0
		       ? -ENOMEM
		       : 0;
}

/* What `mica trace` tells of the container: before anything of it happens. */
static int write_state(const struct mica_prepared *prepared)
{
	_cleanup_free_ char *root = realpath(mica_store_root(prepared->store), NULL);
	_cleanup_json_ json_t *state = NULL;
	json_t *layers;
	char path[160], text[4096];
	int r = root ? mica_container_inspect(prepared->store, prepared->id, make_state, &state) : -errno;

	if (r < 0)
		return r;
	(void)json_object_set(state, "image", json_object_get(prepared->settings, "Image"));
	(void)snprintf(text, sizeof(text), "%s/layers/%s/diff", root, prepared->id);
	(void)json_object_set_new(state, "upper", json_string(text));
	(void)snprintf(text, sizeof(text), "%s/layers/%s/merged", root, prepared->id);
	(void)json_object_set_new(state, "root", json_string(text));
	(void)snprintf(text, sizeof(text), "%s/containers/%s", root, prepared->id);
	(void)json_object_set_new(state, "bundle", json_string(text));
	add_state_volumes(prepared, root, state);
	layers = json_array();
	(void)json_object_set_new(state, "layers", layers);
	r = mica_layer_each_below(prepared->store, prepared->id, add_state_layer, layers);
	if (r < 0)
		return r;
	(void)mkdir(MICA_CONTAINER_RUN, 0711);
	(void)mkdir(MICA_CONTAINER_RUN "/containers", 0700);
	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/containers/%s", prepared->id);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return mica_store_refuse(prepared->store, -errno, "cannot make %s", path);
	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/containers/%s/state.json", prepared->id);
	r = write_file(path, state);
	return r < 0 ? mica_store_refuse(prepared->store, r, "cannot write %s", path) : 0;
}

int mica_prepare(struct mica_prepared *prepared)
{
	_cleanup_free_ char *root = NULL;
	struct mica_user user;
	int r = mica_prepare_settings(prepared);

	if (r == 0) {
		/* Of a run whose crun was killed. */
		mica_container_forget_run(prepared->id);
		r = write_state(prepared);
	}
	if (r == 0)
		r = mount_volumes(prepared->store, prepared->settings);
	if (r == 0) {
		r = mica_private_mounts_begin(&prepared->mounts);
		if (r < 0)
			return mica_store_refuse(prepared->store, r, "cannot make a mount namespace");
		r = mica_layer_mount_here(prepared->store, prepared->id, true, &root);
	}
	if (r == 0)
		r = find_user(prepared, root, &user);
	return r == 0 ? write_config(prepared, &user) : r;
}
