/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/string.h"
#include "container/engine_docker.h"
#include "container/json.h"

#define ID_BYTES 64
/** More mounts than the kernel lets a namespace have by default (fs.mount-max): a broken file. */
#define VOLUMES_LIMIT 100000

static bool is_hexadecimal(const char *string, size_t length)
{
	return strspn(string, "0123456789abcdef") == length && !string[length];
}

int mica_docker_parse_id(const char *data, size_t size, char **ret)
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_:";
	char *id;

	while (size && data[size - 1] == '\n')
		size--;
	if (size == 0 || size > 255)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++)
		if (!data[i] || !strchr(allowed, data[i]))
			return -EBADMSG;
	id = strndup(data, size);
	if (!id)
		return -ENOMEM;
	*ret = id;
	return 0;
}

/** The name that the container was made by, or the image's id if that is what it was made by. */
static const char *image_of(const json_t *json)
{
	static const char algorithm[] = "sha256:";
	const char *id = mica_json_string(json, "Image"), *digits;
	const char *given = mica_json_string(json_object_get(json, "Config"), "Image");
	size_t length = given ? strlen(given) : 0;

	if (!id || !given || strncmp(id, algorithm, sizeof(algorithm) - 1) != 0)
		return given ? given : id;
	digits = id + sizeof(algorithm) - 1;
	if (strncmp(given, algorithm, sizeof(algorithm) - 1) == 0 ||
	    (is_hexadecimal(given, length) && strncmp(digits, given, length) == 0))
		return id;
	return given;
}

static int print_path(char **ret, const char *before, const char *name, const char *after)
{
	char *path;

	if (asprintf(&path, "%s%s%s", before, name, after) < 0)
		return -ENOMEM;
	*ret = path;
	return 0;
}

static int add_mount_point(struct mica_engine_container *container, const json_t *point)
{
	const char *name = mica_json_string(point, "Name"), *source = mica_json_string(point, "Source");
	const char *destination = mica_json_string(point, "Destination"), *driver = mica_json_string(point, "Driver");
	const char *type = mica_json_string(point, "Type");
	_cleanup_free_ char *made = NULL;

	if (!destination || destination[0] != '/' || (type && strcmp(type, "tmpfs") == 0) || (!name && !source) ||
	    (source && source[0] != '/'))
		return 0;
	/* It is written down only for some; a plugin alone knows where its volume lies. */
	if (!source && (!driver || strcmp(driver, "local") == 0) && !strchr(name, '/')) {
		if (print_path(&made, DOCKER_ROOT "/volumes/", name, "/_data") < 0)
			return -ENOMEM;
		source = made;
	}
	return mica_engine_container_add_volume(container, name, source, destination);
}

static int add_volumes(struct mica_engine_container *container, const json_t *json)
{
	static const struct {
		const char *key;
		const char *destination;
	} files[] = {
		{ "HostnamePath", "/etc/hostname" },
		{ "HostsPath", "/etc/hosts" },
		{ "ResolvConfPath", "/etc/resolv.conf" },
	};
	json_t *points = json_object_get(json, "MountPoints");
	const json_t *point;
	const char *key;

	if (json_object_size(points) > VOLUMES_LIMIT)
		return -EBADMSG;
	json_object_foreach(points, key, point)
	{
		int r = add_mount_point(container, point);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *source = mica_json_string(json, files[i].key);

		if (source && source[0] == '/' &&
		    mica_engine_container_add_volume(container, NULL, source, files[i].destination) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int fill_container(const char *id, const json_t *json, struct mica_engine_container *container)
{
	const char *name = mica_json_string(json, "Name"), *driver = mica_json_string(json, "Driver");
	json_int_t pid = json_integer_value(json_object_get(json_object_get(json, "State"), "Pid"));

	if (name && name[0] == '/' && name[1])
		name++;
	container->pid = pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
	if (mica_string_copy(id, &container->id) < 0 || mica_string_copy(name ? name : id, &container->name) < 0 ||
	    mica_string_copy(image_of(json), &container->image) < 0 ||
	    mica_string_copy(mica_json_string(json, "Image"), &container->image_id) < 0)
		return -ENOMEM;
	/* The containerd image store: its layers are containerd's, but the union is mounted here. */
	if (driver && strcmp(driver, "overlayfs") == 0 &&
	    print_path(&container->root_directory, DOCKER_ROOT "/rootfs/overlayfs/", id, "") < 0)
		return -ENOMEM;
	return add_volumes(container, json);
}

int mica_docker_parse_container(const char *id, const char *directory, const char *data, size_t size,
				struct mica_engine_container **ret)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = NULL;
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	const char *own = mica_json_string(json, "ID");
	int r;

	(void)directory;
	if (!is_hexadecimal(id, ID_BYTES) || !own || strcmp(own, id) != 0)
		return -EBADMSG;
	container = calloc(1, sizeof(*container));
	if (!container)
		return -ENOMEM;
	r = fill_container(id, json, container);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(container);
	return 0;
}

static int add_image(struct mica_docker_images *images, const char *name, const char *id)
{
	struct mica_docker_image *image, *larger;

	larger = reallocarray(images->images, (images->count / 64 + 1) * 64, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	images->images = larger;
	image = &larger[images->count++];
	*image = (struct mica_docker_image){};
	return mica_string_copy(id, &image->id) < 0 || mica_string_copy(name, &image->name) < 0 ? -ENOMEM : 0;
}

int mica_docker_parse_repositories(const char *data, size_t size, struct mica_docker_images *ret)
{
	_cleanup_json_ json_t *json = mica_json_parse(data, size);
	_cleanup_(mica_docker_images_free) struct mica_docker_images images = {};
	json_t *repositories = json_object_get(json, "Repositories"), *references;
	const json_t *id;
	const char *repository, *reference;

	if (!json_is_object(repositories))
		return -EBADMSG;
	json_object_foreach(repositories, repository, references){
		json_object_foreach(references, reference, id){ const char *string = json_string_value(id);

	if (string && *reference && add_image(&images, reference, string) < 0)
		return -ENOMEM;
}
}
*ret = images;
images = (struct mica_docker_images){};
return 0;
}

const char *mica_docker_image_name(const struct mica_docker_images *images, const char *id)
{
	const char *name = NULL;

	for (size_t i = 0; i < images->count; i++) {
		if (strcmp(images->images[i].id, id) != 0)
			continue;
		/* "shop@sha256:…" only where there is no "shop:1.0". */
		if (!strchr(images->images[i].name, '@'))
			return images->images[i].name;
		name = images->images[i].name;
	}
	return name;
}

void mica_docker_images_free(struct mica_docker_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->images[i].id);
		free(images->images[i].name);
	}
	free(images->images);
	*images = (struct mica_docker_images){};
}
