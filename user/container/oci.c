/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/oci.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "container/json.h"

/** More mounts than the kernel lets a namespace have by default (fs.mount-max): a broken file. */
#define VOLUMES_LIMIT 100000

void mica_volume_list_free(struct mica_volume_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->volumes[i].name);
		free(list->volumes[i].source);
		free(list->volumes[i].destination);
	}
	free(list->volumes);
	*list = (struct mica_volume_list){};
}

static bool is_bind(const json_t *mount)
{
	const char *type = mica_json_string(mount, "type");
	const json_t *options = json_object_get(mount, "options"), *option;
	size_t i;

	if (type && strcmp(type, "bind") == 0)
		return true;
	json_array_foreach(options, i, option)
	{
		const char *word = json_string_value(option);

		if (word && (strcmp(word, "bind") == 0 || strcmp(word, "rbind") == 0))
			return true;
	}
	return false;
}

static bool ends_with(const char *string, const char *tail)
{
	size_t length = strlen(string), tail_length = strlen(tail);

	return length >= tail_length && strcmp(string + length - tail_length, tail) == 0;
}

/** A tmpfs that an engine keeps on the host, to share it: Podman's, Docker's, that of a Kubernetes pod. */
static bool is_engine_shm(const char *source, const char *destination)
{
	if (strcmp(destination, "/dev/shm") != 0)
		return false;
	return ends_with(source, "/userdata/shm") || ends_with(source, "/mounts/shm") ||
	       (ends_with(source, "/shm") && strstr(source, "/io.containerd.grpc.v1.cri/sandboxes/"));
}

/** Copy of a path without slashes at its end. */
static char *copy_path(const char *directory, const char *path)
{
	size_t length;
	char *copy;

	if (path[0] == '/' || !directory)
		copy = strdup(path);
	else if (asprintf(&copy, "%s/%s", directory, path) < 0)
		copy = NULL;
	if (!copy)
		return NULL;
	for (length = strlen(copy); length > 1 && copy[length - 1] == '/'; length--)
		copy[length - 1] = '\0';
	return copy;
}

static int add_volume(struct mica_volume_list *list, const json_t *mount, const char *bundle_directory,
		      int (*name_of)(const char *path, char **ret_name, size_t *ret_directory_length))
{
	const char *source = mica_json_string(mount, "source"), *destination = mica_json_string(mount, "destination");
	struct mica_engine_volume *volume = &list->volumes[list->count];
	size_t length;
	int r;

	if (!source || !destination || destination[0] != '/' || !is_bind(mount) || is_engine_shm(source, destination))
		return 0;
	*volume = (struct mica_engine_volume){
		.source = copy_path(bundle_directory, source),
		.destination = copy_path(NULL, destination),
	};
	list->count++;
	if (!volume->source || !volume->destination)
		return -ENOMEM;
	if (!name_of)
		return 0;
	r = name_of(volume->source, &volume->name, &length);
	return r == -ENOENT ? 0 : r;
}

int mica_oci_parse_volumes(const char *data, size_t size, const char *bundle_directory,
			   int (*name_of)(const char *path, char **ret_name, size_t *ret_directory_length),
			   struct mica_volume_list *ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	const json_t *mounts = json_object_get(json, "mounts"), *mount;
	struct mica_volume_list list = {};
	size_t i;
	int r = 0;

	if (!json_is_object(json) || (mounts && !json_is_array(mounts)) || json_array_size(mounts) > VOLUMES_LIMIT)
		return -EBADMSG;
	list.volumes = calloc(json_array_size(mounts) + 1, sizeof(*list.volumes));
	if (!list.volumes)
		return -ENOMEM;
	json_array_foreach(mounts, i, mount)
	{
		r = add_volume(&list, mount, bundle_directory, name_of);
		if (r < 0)
			break;
	}
	if (r < 0) {
		mica_volume_list_free(&list);
		return r;
	}
	*ret = list;
	return 0;
}
