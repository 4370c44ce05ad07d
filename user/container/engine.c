/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/string.h"

const struct mica_engine_ops *const mica_engines[] = {
	&mica_engine_docker,
	&mica_engine_podman,
	/* It has Docker's containers too. */
	&mica_engine_containerd,
	&mica_engine_mica,
	/* They run the others' containers. */
	&mica_engine_crun,
	&mica_engine_runc,
	NULL,
};

char *mica_engine_names(void)
{
	_cleanup_free_ char *names = strdup("");

	for (size_t i = 0; names && mica_engines[i]; i++) {
		const char *separator = i == 0 ? "" : mica_engines[i + 1] ? ", " : " and ";
		char *longer;

		if (asprintf(&longer, "%s%s%s", names, separator, mica_engines[i]->name) < 0)
			longer = NULL;
		free(names);
		names = longer;
	}
	return TAKE_PTR(names);
}

int mica_engine_volume_below(const char *path, const char *before, const char *data, char **ret_name,
			     size_t *ret_directory_length)
{
	size_t before_length = strlen(before), data_length = strlen(data);
	const char *name = path + before_length, *end;
	char *copied;

	if (strncmp(path, before, before_length) != 0)
		return -ENOENT;
	end = strchr(name, '/');
	if (!end || end == name || strncmp(end, data, data_length) != 0 ||
	    (end[data_length] != '/' && end[data_length] != '\0'))
		return -ENOENT;
	copied = strndup(name, (size_t)(end - name));
	if (!copied)
		return -ENOMEM;
	*ret_name = copied;
	*ret_directory_length = (size_t)(end - path) + data_length;
	return 0;
}

char *mica_engine_layer_id(const char *directory)
{
	static const char tail[] = "/diff";
	size_t length = strlen(directory);
	const char *id;

	if (length < sizeof(tail) || strcmp(directory + length - (sizeof(tail) - 1), tail) != 0)
		return NULL;
	length -= sizeof(tail) - 1;
	id = memrchr(directory, '/', length);
	return id ? strndup(id + 1, length - (size_t)(id + 1 - directory)) : NULL;
}

static void free_volumes(struct mica_engine_container *container)
{
	for (size_t i = 0; i < container->volume_count; i++) {
		free(container->volumes[i].name);
		free(container->volumes[i].source);
		free(container->volumes[i].destination);
	}
	free(container->volumes);
}

void mica_engine_container_free(struct mica_engine_container **container)
{
	struct mica_engine_container *c = *container;

	if (!c)
		return;
	free_volumes(c);
	for (size_t i = 0; i < c->layer_count; i++) {
		free(c->layers[i].id);
		free(c->layers[i].digest);
	}
	free(c->layers);
	free(c->id);
	free(c->name);
	free(c->image);
	free(c->image_id);
	free(c->upper_directory);
	free(c->init_directory);
	free(c->root_directory);
	free(c->bundle_directory);
	free(c);
	*container = NULL;
}

int mica_engine_container_add_volume(struct mica_engine_container *container, const char *name, const char *source,
				     const char *destination)
{
	struct mica_engine_volume *volume, *larger;

	/* Grows in steps of 16: reallocarray of the same size is free. */
	larger = reallocarray(container->volumes, (container->volume_count / 16 + 1) * 16, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	container->volumes = larger;
	volume = &larger[container->volume_count++];
	*volume = (struct mica_engine_volume){};
	if (mica_string_copy(name, &volume->name) < 0 || mica_string_copy(source, &volume->source) < 0 ||
	    mica_string_copy(destination, &volume->destination) < 0)
		return -ENOMEM;
	return 0;
}

static int copy_container(const struct mica_engine_container *from, struct mica_engine_container *to)
{
	int r = 0;

	if (mica_string_copy(from->id, &to->id) < 0 || mica_string_copy(from->name, &to->name) < 0 ||
	    mica_string_copy(from->image, &to->image) < 0 || mica_string_copy(from->image_id, &to->image_id) < 0 ||
	    mica_string_copy(from->upper_directory, &to->upper_directory) < 0 ||
	    mica_string_copy(from->init_directory, &to->init_directory) < 0 ||
	    mica_string_copy(from->root_directory, &to->root_directory) < 0 ||
	    mica_string_copy(from->bundle_directory, &to->bundle_directory) < 0)
		return -ENOMEM;
	to->pid = from->pid;
	to->unfinished = from->unfinished;
	for (size_t i = 0; r == 0 && i < from->volume_count; i++)
		r = mica_engine_container_add_volume(to, from->volumes[i].name, from->volumes[i].source,
						     from->volumes[i].destination);
	return r;
}

struct mica_engine_container *mica_engine_container_copy(const struct mica_engine_container *container)
{
	_cleanup_(mica_engine_container_free) struct mica_engine_container *copy = calloc(1, sizeof(*copy));

	if (!copy || copy_container(container, copy) < 0)
		return NULL;
	return TAKE_PTR(copy);
}
