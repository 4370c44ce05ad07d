// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/store.h"
#include "store/container.h"
#include "store/layer.h"

/* A store that is not there is not made for a question. */
static bool has_store(const char *root)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/mica.db", mica_cmd_store_root(root)) < 0) {
		path = NULL;
		return false;
	}
	return access(path, F_OK) == 0;
}

struct filling {
	struct mica_stack *stack;
	const char *root;
};

static int add_layer(const struct mica_layer *layer, void *userdata)
{
	const struct filling *filling = userdata;
	_cleanup_free_ char *directory = NULL;

	if (asprintf(&directory, "%s/layers/%s/diff", filling->root, layer->id) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	return mica_stack_add(filling->stack, directory, layer->digest, NULL);
}

static int find_own(struct mica_store *store, const char *name, struct mica_stack *stack)
{
	const struct filling filling = { stack, mica_store_root(store) };
	_cleanup_free_ char *id = NULL;
	int r = mica_container_find(store, name, &id);

	if (r == 0)
		r = mica_layer_each_below(store, id, add_layer, (void *)&filling);
	stack->has_upper = true;
	return r;
}

int mica_cmd_stack_find(const char *root, const char *name, struct mica_stack *ret)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_stack_ struct mica_stack stack = {};
	int r = -ENOENT;

	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("the layers of containers are told to root only: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	if (has_store(root)) {
		int status = mica_cmd_store_open(root, &store);

		if (status != MICA_EXIT_OK)
			return status;
		r = find_own(store, name, &stack);
		if (r < 0 && r != -ENOENT)
			return mica_cmd_store_failed(store, r, "cannot find the container '%s'", name);
	}
	if (r == -ENOENT) {
		mica_stack_free(&stack);
		r = mica_stack_of_container(name, &stack);
	}
	switch (r) {
	case 0:
		*ret = stack;
		stack = (struct mica_stack){};
		return MICA_EXIT_OK;
	case -ENOENT:
		mica_log_error("no engine has a container '%s'", name);
		return MICA_EXIT_FAILURE;
	case -ENOTUNIQ:
		mica_log_error("several containers begin with '%s'", name);
		return MICA_EXIT_FAILURE;
	case -ENODATA:
		mica_log_error(
			"the layers of '%s' cannot be told: it is no union, or does not run and its engine keeps "
			"no list",
			name);
		return MICA_EXIT_FAILURE;
	default:
		mica_log_error_errno(r, "cannot find the layers of '%s'", name);
		return MICA_EXIT_FAILURE;
	}
}

int *mica_cmd_stack_open(const struct mica_stack *stack)
{
	int *fds = calloc(stack->count + 1, sizeof(*fds));

	for (size_t i = 0; fds && i < stack->count; i++) {
		fds[i] = open(stack->layers[i].directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fds[i] < 0) {
			mica_log_error_errno(errno, "cannot open the layer %s", stack->layers[i].directory);
			mica_cmd_stack_close(fds, i);
			return NULL;
		}
	}
	if (!fds)
		mica_log_error("out of memory");
	return fds;
}

void mica_cmd_stack_close(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	free(fds);
}

void mica_cmd_stack_name(const struct mica_stack *stack, size_t index, char text[static 32])
{
	if (stack->has_upper && index == 0)
		(void)snprintf(text, 32, "upper");
	else
		(void)snprintf(text, 32, "%zu/%zu", index + !stack->has_upper, stack->count - stack->has_upper);
}
