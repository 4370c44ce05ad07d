// SPDX-License-Identifier: BSD-2-Clause
#include "container/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/string.h"
#include "container/engine.h"
#include "container/mountinfo.h"
#include "container/overlay_options.h"

#define LOWER_LIMIT (1 << 20)

static void drop_layers(struct mica_stack *stack)
{
	while (stack->count) {
		const struct mica_stack_layer *layer = &stack->layers[--stack->count];

		free(layer->directory);
		free(layer->digest);
		free(layer->role);
	}
}

void mica_stack_free(struct mica_stack *stack)
{
	drop_layers(stack);
	free(stack->layers);
	*stack = (struct mica_stack){};
}

int mica_stack_add(struct mica_stack *stack, const char *directory, const char *digest, const char *role)
{
	struct mica_stack_layer *layers = reallocarray(stack->layers, stack->count + 1, sizeof(*layers));
	struct mica_stack_layer layer = {};

	if (!layers)
		return -ENOMEM;
	stack->layers = layers;
	if (mica_string_copy(directory, &layer.directory) < 0 || mica_string_copy(digest, &layer.digest) < 0 ||
	    mica_string_copy(role, &layer.role) < 0) {
		free(layer.directory);
		free(layer.digest);
		return -ENOMEM;
	}
	layers[stack->count++] = layer;
	return 0;
}

/* What an engine can tell of its layers. */
struct source {
	const struct mica_engine_ops *engine;
	void *state;
};

static int add_known(struct mica_stack *stack, const struct source *source, const char *directory)
{
	const struct mica_engine_ops *engine = source->engine;

	return mica_stack_add(stack, directory,
			      engine && engine->layer_digest ? engine->layer_digest(source->state, directory) : NULL,
			      engine && engine->layer_role ? engine->layer_role(source->state, directory) : NULL);
}

/* Docker's and Podman's drivers keep a file "lower" beside the upper: short names of the layers, relative to the
 * driver's directory. */
static int add_from_lower_file(struct mica_stack *stack, const struct source *source, const char *upper)
{
	_cleanup_free_ char *own = strdup(upper), *path = NULL, *text = NULL;
	char *slash = own ? strrchr(own, '/') : NULL, *state = NULL;
	int r;

	if (!slash)
		return own ? -ENODATA : -ENOMEM;
	*slash = '\0';
	if (asprintf(&path, "%s/lower", own) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = mica_file_read(path, LOWER_LIMIT, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	for (char *name = strtok_r(text, ":\n", &state); name; name = strtok_r(NULL, ":\n", &state)) {
		_cleanup_free_ char *joined = NULL, *real = NULL;

		if (asprintf(&joined, "%s/%s", own, name) < 0) {
			joined = NULL;
			return -ENOMEM;
		}
		real = realpath(joined, NULL);
		r = add_known(stack, source, real ? real : joined);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_options(struct mica_stack *stack, const struct source *source, const char *options)
{
	_cleanup_overlay_directories_ struct mica_overlay_directories directories = {};
	int r = mica_overlay_options_parse(options, &directories);
	const char *upper = NULL;

	for (size_t i = 0; r == 0 && i < directories.count; i++)
		if (directories.items[i].part == MICA_OVERLAY_UPPER)
			upper = directories.items[i].path;
	if (r == 0 && upper && *upper == '/') {
		stack->has_upper = true;
		r = add_known(stack, source, upper);
	}
	for (size_t i = 0; r == 0 && i < directories.count; i++) {
		if (directories.items[i].part != MICA_OVERLAY_LOWER)
			continue;
		/* Relative to a directory that nobody tells: the engine's own file is the better witness. */
		if (directories.items[i].path[0] != '/')
			return upper && *upper == '/' ? add_from_lower_file(stack, source, upper) : -ENODATA;
		r = add_known(stack, source, directories.items[i].path);
	}
	return r == 0 && !stack->count ? -ENODATA : r;
}

struct root_mount {
	struct mica_stack *stack;
	const struct source *source;
	uint32_t device;
	const char *target;
	int result;
};

static int visit_mount(const struct mica_mount_entry *mount, void *userdata)
{
	struct root_mount *wanted = userdata;

	if (strcmp(mount->type, "overlay") != 0 ||
	    (wanted->target ? strcmp(mount->target, wanted->target) != 0 : mount->device != wanted->device))
		return 0;
	wanted->result = add_options(wanted->stack, wanted->source, mount->options);
	return 1;
}

/* The root of a process: of containers whose engine keeps no list. */
static int add_from_process(struct mica_stack *stack, const struct source *source, int pid)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	struct root_mount wanted = { .stack = stack, .source = source, .target = "/", .result = -ENODATA };
	char path[40];
	int r;

	if (!pid)
		return -ENODATA;
	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	r = mica_mountinfo_new(path, &mounts);
	if (r < 0)
		return r;
	(void)mica_mountinfo_all(mounts, visit_mount, &wanted);
	return wanted.result;
}

struct search {
	const char *name;
	struct mica_engine_container *found;
	/** By the start of its id only. */
	bool by_id;
	size_t count;
};

static int look(struct mica_engine_container *container, void *userdata)
{
	struct search *search = userdata;
	size_t size = strlen(search->name);
	bool named = container->name && strcmp(container->name, search->name) == 0;
	bool is = named || strcmp(container->id, search->name) == 0;
	bool begins = size >= 4 && strncmp(container->id, search->name, size) == 0;

	if (is && (!search->found || search->by_id)) {
		mica_engine_container_free(&search->found);
		search->found = container;
		search->by_id = false;
		search->count = 1;
		return 0;
	}
	if (!is && begins && (!search->found || search->by_id)) {
		search->count++;
		search->by_id = true;
		if (!search->found) {
			search->found = container;
			return 0;
		}
	}
	mica_engine_container_free(&container);
	return 0;
}

static int tell(const struct source *source, const struct mica_engine_container *container, struct mica_stack *stack)
{
	int pid = source->engine->pid ? source->engine->pid(source->state, container->id) : container->pid;
	int r;

	if (!container->upper_directory)
		return add_from_process(stack, source, pid);
	stack->has_upper = true;
	r = add_known(stack, source, container->upper_directory);
	if (r == 0)
		r = add_from_lower_file(stack, source, container->upper_directory);
	if (r != -ENODATA)
		return r;
	drop_layers(stack);
	return add_from_process(stack, source, pid);
}

static int find_in(const struct mica_engine_ops *engine, const struct mica_host *host, const char *name,
		   struct mica_stack *stack)
{
	struct source source = { .engine = engine };
	struct search search = { .name = name };
	int r = engine->open(host, &source.state);

	if (r == 0)
		r = engine->refresh(source.state);
	if (r >= 0)
		r = engine->each_container(source.state, look, &search);
	if (r == 0 && search.count > 1)
		r = -ENOTUNIQ;
	else if (r == 0)
		r = search.found ? tell(&source, search.found, stack) : -ENOENT;
	mica_engine_container_free(&search.found);
	engine->close(source.state);
	return r;
}

int mica_stack_of_container(const char *name, struct mica_stack *ret)
{
	_cleanup_(mica_host_free) struct mica_host host = {};
	int r = mica_host_init(&host, NULL), result = -ENOENT;

	if (r < 0)
		return r;
	for (size_t i = 0; mica_engines[i] && result == -ENOENT; i++) {
		struct mica_stack stack = {};

		result = find_in(mica_engines[i], &host, name, &stack);
		if (result == 0)
			*ret = stack;
		else
			mica_stack_free(&stack);
	}
	return result;
}

int mica_stack_of_path(const char *path, struct mica_stack *ret, char **ret_path)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	_cleanup_stack_ struct mica_stack stack = {};
	_cleanup_free_ char *within = NULL;
	const struct source nobody = {};
	struct root_mount wanted = { .stack = &stack, .source = &nobody, .result = -ENOENT };
	int r = mica_mountinfo_new("/proc/self/mountinfo", &mounts);

	if (r == 0)
		r = mica_mountinfo_locate(mounts, path, &wanted.device, &within);
	if (r < 0)
		return r;
	if (!within)
		return -ENOENT;
	(void)mica_mountinfo_all(mounts, visit_mount, &wanted);
	if (wanted.result < 0)
		return wanted.result;
	(void)memmove(within, within + strspn(within, "/"), strlen(within + strspn(within, "/")) + 1);
	*ret = stack;
	stack = (struct mica_stack){};
	*ret_path = TAKE_PTR(within);
	return 0;
}
