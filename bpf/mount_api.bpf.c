// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The contexts of the mount API (fs/fsopen.c; fsmount: fs/namespace.c): fsopen, fspick, fsconfig, fsmount. Each is
 * reported at its end, which knows the result; the parameters of fsconfig are kept from the hook that sees the kernel's
 * copy of them.
 */
#include "mount.bpf.h"

/* include/uapi/linux/mount.h */
#define FSCONFIG_CMD_RECONFIGURE 7
#define FSCONFIG_SET_PATH 3
#define FSCONFIG_SET_PATH_EMPTY 4
#define FSCONFIG_SET_STRING 1

/* Mounts of one superblock that are looked at for the one of the caller's namespace. */
#define SUPERBLOCK_MOUNTS 4096

static __always_inline void fstype_of(struct fs_context *context, char name[MICA_FSTYPE_BYTES])
{
	const char *string = BPF_CORE_READ(context, fs_type, name);

	bpf_probe_read_kernel_str(name, MICA_FSTYPE_BYTES, string);
}

static __always_inline bool is_overlay_type(const char name[MICA_FSTYPE_BYTES])
{
	static const char overlay[] = "overlay";

	return !bpf_strncmp(name, sizeof(overlay), overlay);
}

static __always_inline struct super_block *superblock_of(struct fs_context *context)
{
	struct dentry *root = context ? BPF_CORE_READ(context, root) : NULL;

	return root ? BPF_CORE_READ(root, d_sb) : NULL;
}

/**
 * Begins a record about a file system context, or, NULL, about none: a wrong descriptor. A context of an overlay
 * concerns unions before there is a superblock. `kept`: as record_begin_kept().
 */
static __always_inline struct scratch *context_record_begin(enum mica_event_type type, struct task_struct *task,
							    struct operation *operation, struct fs_context *context,
							    bool kept)
{
	struct super_block *sb = superblock_of(context);
	char fstype[MICA_FSTYPE_BYTES] = {};
	struct scratch *scratch;

	if (context)
		fstype_of(context, fstype);
	scratch = record_begin_in(type, task, operation, union_find((u64)sb),
				  is_overlay_type(fstype) ? SCOPE_PERHAPS : SCOPE_MOUNT, kept);
	if (!scratch)
		return NULL;
	if (sb)
		record_superblock(&scratch->record, sb);
	__builtin_memcpy(scratch->record.mount.fstype, fstype, sizeof(fstype));
	return scratch;
}

static __noinline int fsopen_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_context *context = call->result >= 0 ? fs_context_of(task, call->result) : NULL;
	char fstype[MICA_FSTYPE_BYTES] = {};
	struct scratch *scratch;

	if (context)
		fstype_of(context, fstype);
	else
		bpf_probe_read_user_str(fstype, sizeof(fstype), (void *)call->arguments[0]);
	scratch = record_begin(MICA_EVENT_FSOPEN, task, NULL, NULL,
			       is_overlay_type(fstype) ? SCOPE_PERHAPS : SCOPE_MOUNT);
	if (!scratch)
		return 0;
	scratch->record.error = error_of(call);
	scratch->record.mount.flags = (u32)call->arguments[1];
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_FSOPEN;
	__builtin_memcpy(scratch->record.mount.fstype, fstype, sizeof(fstype));
	record_send(scratch);
	return 0;
}

static __noinline int fspick_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_context *context = call->result >= 0 ? fs_context_of(task, call->result) : NULL;
	struct super_block *sb = superblock_of(context);
	struct scratch *scratch;
	struct place place;

	place_find(&place, call->arguments[0], (void *)call->arguments[1]);
	scratch = mount_record_begin(MICA_EVENT_FSPICK, task, NULL, sb ? sb : place_superblock(&place), false);
	if (!scratch)
		return 0;
	scratch->record.error = error_of(call);
	scratch->record.mount.flags = (u32)call->arguments[2];
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_FSPICK;
	if (context)
		fstype_of(context, scratch->record.mount.fstype);
	record_place(scratch, &place);
	record_send(scratch);
	return 0;
}

static __always_inline int parameter_begin(struct fs_context *context, struct fs_parameter *parameter)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct scratch *scratch;
	const char *value = NULL;
	u32 type;

	/* mount(2) has parameters too, and the kernel's own mounts. */
	if (!in_call(task, NR_fsconfig))
		return 0;
	operation = mount_call_begin(task);
	scratch = context_record_begin(MICA_EVENT_FSCONFIG, task, operation, context, true);
	if (!scratch)
		return 0;
	type = BPF_CORE_READ_BITFIELD_PROBED(parameter, type);
	if (type == fs_value_is_string)
		value = BPF_CORE_READ(parameter, string);
	else if (type == fs_value_is_filename)
		value = BPF_CORE_READ(parameter, name, name);
	record_key_string(scratch, BPF_CORE_READ(parameter, key));
	record_source_string(scratch, value);
	return 0;
}

SEC("lsm/fs_context_parse_param")
int BPF_PROG(lsm_parse_parameter, struct fs_context *context, struct fs_parameter *parameter)
{
	return parameter_begin(context, parameter);
}

SEC("fentry/security_fs_context_parse_param")
int BPF_PROG(parse_parameter_check, struct fs_context *context, struct fs_parameter *parameter)
{
	return parameter_begin(context, parameter);
}

/** Notes what the context of the fsconfig(2) under way changes: it is forgotten when it succeeded. */
static __always_inline int reconfigure_begin(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct operation *operation;
	struct fs_context *context;

	if (!in_call(task, NR_fsconfig))
		return 0;
	operation = mount_call_begin(task);
	context = fs_context_of(task, first_argument(task));
	if (!operation || !context)
		return 0;
	operation->sb_flags = BPF_CORE_READ(context, sb_flags);
	operation->sb_flags_mask = BPF_CORE_READ(context, sb_flags_mask);
	return 0;
}

SEC("lsm/sb_remount")
int BPF_PROG(lsm_sb_remount)
{
	return reconfigure_begin();
}

SEC("fentry/security_sb_remount")
int BPF_PROG(sb_remount_check)
{
	return reconfigure_begin();
}

struct mount_search {
	struct scratch *scratch;
	struct super_block *sb;
	struct mnt_namespace *ns;
};

/** The walk's `mount` is the one to look at; it stays when it is found. */
static long look_at_mount(u32 step, void *data)
{
	struct mount_search *search = data;
	struct walk *walk = &search->scratch->walk;
	struct mount *mount = (void *)walk->mount;

	if (!mount || BPF_CORE_READ(mount, mnt_ns) == search->ns)
		return 1;
	walk->mount = (u64)next_mount_of(search->sb, mount);
	return 0;
}

/** Sets the record's path to where the superblock is mounted in the task's namespace, the first such place. */
static __always_inline void record_superblock_path(struct scratch *scratch, struct task_struct *task,
						   struct super_block *sb)
{
	struct mount_search search = { .scratch = scratch, .sb = sb, .ns = BPF_CORE_READ(task, nsproxy, mnt_ns) };
	struct mount *mount;

	scratch->walk.mount = (u64)first_mount_of(sb);
	bpf_loop(SUPERBLOCK_MOUNTS, look_at_mount, &search, 0);
	mount = (void *)scratch->walk.mount;
	if (!mount || BPF_CORE_READ(mount, mnt_ns) != search.ns) {
		scratch->record.flags |= MICA_RECORD_PATH_TRUNCATED;
		return;
	}
	record_object(scratch, BPF_CORE_READ(mount, mnt.mnt_root));
	record_path(scratch, BPF_CORE_READ(mount, mnt.mnt_root), mount);
}

/** A superblock was reconfigured, or could not be: the remount of this API. */
static __always_inline void send_reconfigured(struct task_struct *task, struct operation *operation,
					      struct fs_context *context, s32 error)
{
	struct super_block *sb = superblock_of(context);
	u32 flags, mask;
	struct scratch *scratch;

	if (!sb)
		return;
	scratch = record_begin(MICA_EVENT_REMOUNT, task, operation, union_find((u64)sb), SCOPE_MOUNT);
	if (!scratch)
		return;
	record_superblock(&scratch->record, sb);
	flags = operation ? operation->sb_flags : BPF_CORE_READ(context, sb_flags);
	mask = operation ? operation->sb_flags_mask : BPF_CORE_READ(context, sb_flags_mask);
	scratch->record.error = error;
	scratch->record.mount.flags = flags & mask;
	scratch->record.mount.cleared = mask & ~flags;
	fstype_of(context, scratch->record.mount.fstype);
	record_superblock_path(scratch, task, sb);
	record_send_soon(scratch);
}

/** fsconfig(2) that came to no hook: the parameter is no other than what the caller's memory says now. */
static __always_inline void send_fsconfig(struct task_struct *task, struct operation *operation,
					  struct fs_context *context, const struct call *call)
{
	struct scratch *scratch = context_record_begin(MICA_EVENT_FSCONFIG, task, operation, context, false);
	u32 command = call->arguments[1];
	long size;

	if (!scratch)
		return;
	scratch->record.error = error_of(call);
	scratch->record.mount.command = command > 0xffff ? 0xffff : command;
	scratch->record.mount.flags = (u32)call->arguments[4];
	scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_AUX;
	size = bpf_probe_read_user_str(scratch->strings, MICA_PATH_BYTES, (void *)call->arguments[2]);
	scratch->record.path_bytes = size > 0 ? size - 1 : 0;
	if (command == FSCONFIG_SET_STRING || command == FSCONFIG_SET_PATH || command == FSCONFIG_SET_PATH_EMPTY)
		record_source_user_string(scratch, (void *)call->arguments[3]);
	record_send(scratch);
}

static __noinline int fsconfig_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_context *context = fs_context_of(task, call->arguments[0]);
	struct operation *operation = operation_peek(task);
	struct mica_record *kept = record_kept(task, operation);
	u32 command = call->arguments[1];

	/* An operation that this call did not begin is none of its business. */
	if (!came_to_hook(operation))
		operation = NULL;
	if (kept && operation && kept->type == MICA_EVENT_FSCONFIG) {
		kept->mount.command = command;
		kept->mount.flags = (u32)call->arguments[4];
		kept->mount.flags_kind = MICA_MOUNT_FLAGS_AUX;
		record_finish_kept(kept, error_of(call), WAKE_LATER);
	} else {
		send_fsconfig(task, operation, context, call);
	}
	if (command == FSCONFIG_CMD_RECONFIGURE)
		send_reconfigured(task, operation, context, error_of(call));
	operation_end(operation);
	return 0;
}

static __noinline int fsmount_done(const struct call *call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fs_context *context = fs_context_of(task, call->arguments[0]);
	struct operation *operation = operation_peek(task);
	struct scratch *scratch;

	if (!came_to_hook(operation))
		operation = NULL;
	scratch = context_record_begin(MICA_EVENT_FSMOUNT, task, operation, context, false);
	if (scratch) {
		scratch->record.error = error_of(call);
		scratch->record.mount.flags = call->arguments[1] << 32 | (u32)call->arguments[2];
		scratch->record.mount.flags_kind = MICA_MOUNT_FLAGS_FSMOUNT;
		record_send(scratch);
	}
	operation_end(operation);
	return 0;
}

SEC(SYSCALL "fsopen")
int BPF_PROG(fsopen_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return fsopen_done(&call);
}

SEC(SYSCALL "fspick")
int BPF_PROG(fspick_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return fspick_done(&call);
}

SEC(SYSCALL "fsconfig")
int BPF_PROG(fsconfig_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return fsconfig_done(&call);
}

SEC(SYSCALL "fsmount")
int BPF_PROG(fsmount_exit, const struct pt_regs *regs)
{
	struct call call = native_call(ctx, regs);

	return fsmount_done(&call);
}

#if defined(SYSCALL_32)
SEC(SYSCALL_32 "fsopen")
int BPF_PROG(fsopen_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return fsopen_done(&call);
}

SEC(SYSCALL_32 "fspick")
int BPF_PROG(fspick_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return fspick_done(&call);
}

SEC(SYSCALL_32 "fsconfig")
int BPF_PROG(fsconfig_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return fsconfig_done(&call);
}

SEC(SYSCALL_32 "fsmount")
int BPF_PROG(fsmount_exit_32, const struct pt_regs *regs)
{
	struct call call = compat_call(ctx, regs);

	return fsmount_done(&call);
}
#endif
