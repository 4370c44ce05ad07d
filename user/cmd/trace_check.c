// SPDX-License-Identifier: BSD-2-Clause
/*
 * Do the options name what exists? A name that does not is most often a typing error, and a trace that shows nothing
 * would not say so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/suggest.h"
#include "cmd/trace.h"
#include "container/engine.h"
#include "container/image.h"

/** Looks for one name, and collects those that there are. */
struct search {
	const char *wanted;
	/** NULL-terminated; the strings are owned. NULL: none. */
	char **names;
	size_t count;
	bool found;
};

static void free_search(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		free(search->names[i]);
	free(search->names);
}

static int collect(struct search *search, const char *name)
{
	char **grown = reallocarray(search->names, search->count + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	search->names = grown;
	grown[search->count] = strdup(name);
	if (!grown[search->count])
		return -ENOMEM;
	grown[++search->count] = NULL;
	return 0;
}

static const char *nearest(const struct search *search)
{
	return search->names ? mica_suggest(search->wanted, (const char *const *)search->names) : NULL;
}

static int take_container(const struct mica_container *container, void *userdata)
{
	struct search *search = userdata;

	search->found |= mica_trace_container_matches(search->wanted, container);
	return container->name ? collect(search, container->name) : 0;
}

static int check_container(const char *wanted, struct mica_identity *identity)
{
	_cleanup_(free_search) struct search search = { .wanted = wanted };
	_cleanup_free_ char *engines = NULL;
	int error = mica_identity_each_container(identity, take_container, &search);
	const char *near;

	if (error || search.found)
		return error;
	near = nearest(&search);
	engines = mica_engine_names();
	if (near)
		mica_log_error("no container '%s'; did you mean '%s'?", wanted, near);
	else
		mica_log_error("no container '%s' (%s were asked)", wanted, engines ? engines : "all engines");
	return -ENOENT;
}

static int take_image(const struct mica_container *container, void *userdata)
{
	struct search *search = userdata;
	const char *image = container->image, *last = image ? strrchr(image, '/') : NULL;
	_cleanup_free_ char *short_name = NULL;
	int error;

	search->found |= mica_image_matches(search->wanted, image, container->image_id);
	if (!image)
		return 0;
	/* As people type it: with a tag, and the name alone. */
	error = collect(search, image);
	if (!error && last)
		error = collect(search, last + 1);
	short_name = strndup(last ? last + 1 : image, strcspn(last ? last + 1 : image, ":@"));
	if (!short_name)
		return -ENOMEM;
	return error ? error : collect(search, short_name);
}

/** An image may be started at any time. */
static int check_image(const char *wanted, struct mica_identity *identity)
{
	_cleanup_(free_search) struct search search = { .wanted = wanted };
	int error = mica_identity_each_container(identity, take_image, &search);
	const char *near;

	if (error || search.found)
		return error;
	near = nearest(&search);
	if (near)
		mica_log_warning("no container of the image '%s' so far; did you mean '%s'?", wanted, near);
	else
		mica_log_warning("no container of the image '%s' so far", wanted);
	return 0;
}

static int take_volume(const char *name, const char *directory, void *userdata)
{
	struct search *search = userdata;

	search->found |= mica_trace_volume_matches(search->wanted, name, directory);
	return collect(search, name);
}

static int check_volume(const char *wanted, struct mica_identity *identity)
{
	_cleanup_(free_search) struct search search = { .wanted = wanted };
	int error = mica_identity_each_volume(identity, take_volume, &search);
	const char *near;

	if (error || search.found)
		return error;
	/* A directory may be mounted into a container at any time. */
	if (wanted[0] == '/' && access(wanted, F_OK) == 0) {
		mica_log_warning("no container has '%s' mounted so far", wanted);
		return 0;
	}
	near = nearest(&search);
	if (near)
		mica_log_error("no volume '%s'; did you mean '%s'?", wanted, near);
	else
		mica_log_error("no volume '%s'", wanted);
	return -ENOENT;
}

static int take_union(const struct mica_container *container, void *userdata)
{
	struct search *search = userdata;
	const struct mica_event event = { .record.union_id = 1, .union_container = container };

	search->found |= mica_trace_union_matches(search->wanted, &event);
	return container->name ? collect(search, container->name) : 0;
}

/** A directory may come to be a union's at any time. */
static int check_union(const char *wanted, struct mica_identity *identity)
{
	_cleanup_(free_search) struct search search = { .wanted = wanted };
	int error = mica_identity_each_container(identity, take_union, &search);
	const char *near;

	if (error || search.found || (wanted[0] == '/' && access(wanted, F_OK) == 0))
		return error;
	near = wanted[0] == '/' ? NULL : nearest(&search);
	if (wanted[0] == '/')
		mica_log_error("no union '%s': there is no such directory", wanted);
	else if (near)
		mica_log_error("no container '%s' whose union it would be; did you mean '%s'?", wanted, near);
	else
		mica_log_error("no container '%s' whose union it would be", wanted);
	return -ENOENT;
}

struct namespaces {
	uint32_t wanted;
	bool found;
};

static int take_namespace(const struct mica_found_namespace *found, void *userdata)
{
	struct namespaces *namespaces = userdata;

	namespaces->found |= found->inode == namespaces->wanted;
	return 0;
}

static int check_namespace(uint32_t wanted, struct mica_identity *identity)
{
	struct namespaces namespaces = { .wanted = wanted };
	int error = mica_identity_scan(identity, take_namespace, NULL, &namespaces);

	if (error || namespaces.found)
		return error;
	mica_log_error("no process is in the mount namespace %u (see /proc/PID/ns/mnt)", wanted);
	return -ENOENT;
}

static int check_each(char *const *names, int (*check)(const char *wanted, struct mica_identity *identity),
		      struct mica_identity *identity)
{
	int error = 0;

	for (size_t i = 0; !error && names && names[i]; i++)
		error = check(names[i], identity);
	return error;
}

int mica_trace_check_names(const struct mica_trace_options *options, struct mica_identity *identity)
{
	int error = check_each(options->containers, check_container, identity);

	if (!error)
		error = check_each(options->images, check_image, identity);
	if (!error)
		error = check_each(options->volumes, check_volume, identity);
	if (!error)
		error = check_each(options->unions, check_union, identity);
	for (size_t i = 0; !error && options->namespaces && options->namespaces[i]; i++)
		error = check_namespace(options->namespaces[i], identity);
	return error;
}
