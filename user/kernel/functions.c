// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/functions.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

struct mica_functions {
	struct btf *vmlinux;
	/** NULL: overlayfs is built in, or not loaded. */
	struct btf *overlay;
};

void mica_functions_free(struct mica_functions **functions)
{
	if (!*functions)
		return;
	btf__free((*functions)->overlay);
	btf__free((*functions)->vmlinux);
	free(TAKE_PTR(*functions));
}

int mica_functions_load(struct mica_functions **ret)
{
	_cleanup_(mica_functions_free) struct mica_functions *functions = calloc(1, sizeof(*functions));

	if (!functions)
		return -ENOMEM;
	functions->vmlinux = btf__load_vmlinux_btf();
	if (!functions->vmlinux)
		return errno == ESRCH ? -ENOENT : -errno;
	functions->overlay = btf__load_module_btf("overlay", functions->vmlinux);
	*ret = TAKE_PTR(functions);
	return 0;
}

static const struct btf_type *find(const struct mica_functions *functions, const char *name, const struct btf **ret_btf)
{
	const struct btf *btf = functions->overlay ? functions->overlay : functions->vmlinux;
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);

	/* A tracepoint: a type of a pointer to a function. */
	if (id < 0)
		id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	*ret_btf = btf;
	return btf__type_by_id(btf, id);
}

int mica_functions_id(const struct mica_functions *functions, const char *name)
{
	int id = btf__find_by_name_kind(functions->vmlinux, name, BTF_KIND_FUNC);

	return id < 0 ? -ENOENT : id;
}

bool mica_functions_have_overlay(const struct mica_functions *functions)
{
	const struct btf *btf;

	return find(functions, "ovl_fill_super", &btf);
}

static const struct btf_type *resolve(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/** Is the type a pointer to the struct of this name? */
static bool points_to(const struct btf *btf, __u32 id, const char *name)
{
	const struct btf_type *type = resolve(btf, id);

	if (!type || !btf_is_ptr(type))
		return false;
	type = resolve(btf, type->type);
	return type && btf_is_struct(type) && strcmp(btf__name_by_offset(btf, type->name_off), name) == 0;
}

static bool looks_like(const struct btf *btf, __u32 id, const char *type)
{
	const struct btf_type *found = resolve(btf, id);

	if (*type)
		return points_to(btf, id, type);
	return found && (btf_is_int(found) || btf_is_any_enum(found));
}

int mica_functions_check(const struct mica_functions *functions, const struct mica_program *program)
{
	const struct btf *btf = NULL;
	const struct btf_type *type = find(functions, program->function, &btf);
	const struct btf_param *parameters;
	int count;

	if (!type)
		return -ENOENT;
	type = btf__type_by_id(btf, type->type);
	if (type && btf_is_ptr(type))
		type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type))
		return -EPROTO;
	count = btf_vlen(type);
	parameters = btf_params(type);
	if (program->parameters && program->parameters != count)
		return -EPROTO;
	if (program->returns && !points_to(btf, type->type, program->returns))
		return -EPROTO;
	for (int i = 0; i < MICA_PROGRAM_ARGUMENTS && program->arguments[i].type; i++) {
		int index = program->arguments[i].index;

		if (index >= count || !looks_like(btf, parameters[index].type, program->arguments[i].type))
			return -EPROTO;
	}
	return 0;
}
