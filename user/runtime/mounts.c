// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "container/json.h"
#include "store/container.h"
#include "store/store_internal.h"

static bool has_target(const json_t *mounts, const char *target, size_t *ret_index)
{
	const json_t *mount;
	size_t i;

	json_array_foreach(mounts, i, mount)
	{
		const char *known = mica_json_string(mount, "Destination");

		if (known && strcmp(known, target) == 0) {
			if (ret_index)
				*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Takes the place of one at the same path. Takes `mount`, also when it fails. */
static int put(json_t *mounts, json_t *mount)
{
	const char *target = mica_json_string(mount, "Destination");
	size_t at;

	if (!mount || !target) {
		json_decref(mount);
		return -ENOMEM;
	}
	if (has_target(mounts, target, &at))
		return json_array_set_new(mounts, at, mount) < 0 ? -ENOMEM : 0;
	return json_array_append_new(mounts, mount) < 0 ? -ENOMEM : 0;
}

/* A missing one is made, with those above it. */
static int make_host_directory(struct mica_store *store, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat stat_of_it;

	if (!copy)
		return -ENOMEM;
	if (stat(path, &stat_of_it) == 0)
		return 0;
	for (char *end = strchrnul(copy + 1, '/');; end = strchrnul(end + 1, '/')) {
		char separator = *end;

		*end = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return mica_store_refuse(store, -errno, "cannot make the directory %s", copy);
		if (!separator)
			return 0;
		*end = separator;
	}
}

static json_t *mount_of_flag(const struct mica_volume_flag *flag)
{
	return json_pack("{s:s, s:s*, s:s*, s:s, s:b, s:b, s:b, s:s*}", "Type", flag->source ? "bind" : "volume",
			 "Name", flag->name, "Source", flag->source, "Destination", flag->target, "ReadOnly",
			 flag->read_only, "NoCopy", flag->no_copy, "Anonymous", !flag->source && !flag->name,
			 "Propagation", flag->propagation);
}

static int add_flag(struct mica_store *store, json_t *mounts, const char *text)
{
	_cleanup_volume_flag_ struct mica_volume_flag flag = {};
	char reason[400] = "";
	int r = mica_volume_flag_parse(text, &flag, reason, sizeof(reason));

	if (r < 0)
		return reason[0] ? mica_store_refuse(store, r, "%s", reason) : r;
	if (flag.source)
		r = make_host_directory(store, flag.source);
	return r < 0 ? r : put(mounts, mount_of_flag(&flag));
}

static int add_tmpfs(struct mica_store *store, json_t *mounts, const char *text)
{
	size_t size = strcspn(text, ":");
	_cleanup_free_ char *given = strndup(text, size);
	_cleanup_free_ char *target = given ? mica_path_clean(given) : NULL;

	if (!given)
		return -ENOMEM;
	if (!target || strcmp(target, "/") == 0)
		return mica_store_refuse(store, -EINVAL, "--tmpfs wants an absolute path, and not '%s'", given);
	return put(mounts, json_pack("{s:s, s:s, s:s}", "Type", "tmpfs", "Destination", target, "Options",
				     text[size] ? text + size + 1 : ""));
}

/* All that another container has, read-only if it is asked for so. */
static int add_from(struct mica_store *store, json_t *mounts, const char *text)
{
	size_t size = strcspn(text, ":"), i;
	_cleanup_free_ char *name = strndup(text, size), *id = NULL;
	const char *mode = text[size] ? text + size + 1 : "rw";
	_cleanup_json_ json_t *settings = NULL;
	json_t *mount;
	int r;

	if (!name)
		return -ENOMEM;
	if (strcmp(mode, "rw") != 0 && strcmp(mode, "ro") != 0)
		return mica_store_refuse(store, -EINVAL, "--volumes-from takes ro or rw, and not '%s'", mode);
	r = mica_container_find(store, name, &id);
	if (r == 0)
		r = mica_container_settings(store, id, &settings);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(settings, "Mounts"), i, mount)
	{
		const char *type = mica_json_string(mount, "Type");
		json_t *copy;

		if (!type || strcmp(type, "tmpfs") == 0)
			continue;
		copy = json_copy(mount);
		if (strcmp(mode, "ro") == 0)
			(void)json_object_set_new(copy, "ReadOnly", json_true());
		/* It has what its first container gave it. */
		(void)json_object_set_new(copy, "NoCopy", json_true());
		r = put(mounts, copy);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_declared(struct mica_store *store, json_t *mounts, const json_t *image)
{
	const json_t *declared = json_object_get(json_object_get(image, "config"), "Volumes");
	const char *path;
	json_t *nothing;

	json_object_foreach((json_t *)declared, path, nothing)
	{
		_cleanup_free_ char *target = mica_path_clean(path);
		int r;

		if (!target || strcmp(target, "/") == 0)
			return mica_store_refuse(store, -EINVAL, "the image declares a volume at '%s'", path);
		if (has_target(mounts, target, NULL))
			continue;
		r = put(mounts, json_pack("{s:s, s:s, s:b, s:b}", "Type", "volume", "Destination", target, "Anonymous",
					  1, "ReadOnly", 0));
		if (r < 0)
			return r;
	}
	return 0;
}

int mica_container_mounts(struct mica_store *store, const struct mica_container_options *options, const json_t *image,
			  json_t *ret_mounts)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->volumes_from.count; i++)
		r = add_from(store, ret_mounts, options->volumes_from.items[i]);
	for (size_t i = 0; r == 0 && i < options->volumes.count; i++)
		r = add_flag(store, ret_mounts, options->volumes.items[i]);
	for (size_t i = 0; r == 0 && i < options->tmpfs.count; i++)
		r = add_tmpfs(store, ret_mounts, options->tmpfs.items[i]);
	return r == 0 ? add_declared(store, ret_mounts, image) : r;
}
