/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmount, loaded when the first table of mounts is read: it brings three more libraries along.
 */
#ifndef MICA_CONTAINER_MOUNT_LIBRARY_H
#define MICA_CONTAINER_MOUNT_LIBRARY_H

#include <libmount.h>

/** The functions of libmount that mica calls, each under its own name: X(name). */
#define MICA_MOUNT_FUNCTIONS(X)          \
	X(mnt_context_get_excode)        \
	X(mnt_context_get_fstype)        \
	X(mnt_context_get_helper_status) \
	X(mnt_context_get_syscall_errno) \
	X(mnt_context_helper_executed)   \
	X(mnt_context_mount)             \
	X(mnt_context_set_fstype)        \
	X(mnt_context_set_options)       \
	X(mnt_context_set_source)        \
	X(mnt_context_set_target)        \
	X(mnt_free_context)              \
	X(mnt_free_iter)                 \
	X(mnt_fs_get_devno)              \
	X(mnt_fs_get_fs_options)         \
	X(mnt_fs_get_fstype)             \
	X(mnt_fs_get_id)                 \
	X(mnt_fs_get_parent_id)          \
	X(mnt_fs_get_root)               \
	X(mnt_fs_get_source)             \
	X(mnt_fs_get_swaptype)           \
	X(mnt_fs_get_target)             \
	X(mnt_fs_get_vfs_options)        \
	X(mnt_monitor_enable_kernel)     \
	X(mnt_monitor_event_cleanup)     \
	X(mnt_monitor_get_fd)            \
	X(mnt_new_context)               \
	X(mnt_new_iter)                  \
	X(mnt_new_monitor)               \
	X(mnt_new_table)                 \
	X(mnt_table_get_nents)           \
	X(mnt_table_next_fs)             \
	X(mnt_table_parse_stream)        \
	X(mnt_table_parse_swaps)         \
	X(mnt_table_set_parser_errcb)    \
	X(mnt_unref_monitor)             \
	X(mnt_unref_table)

/* A name of a member cannot stand in parentheses. */
#define MICA_MOUNT_MEMBER(function) __typeof__(&(function)) function; /* NOLINT(bugprone-macro-parentheses) */
struct mica_mount_library {
	MICA_MOUNT_FUNCTIONS(MICA_MOUNT_MEMBER)
};
#undef MICA_MOUNT_MEMBER

/** Callable once mica_mount_library_load has returned 0. */
extern struct mica_mount_library libmount;

/** Loads it; again is free. 0 or -ELIBACC. */
int mica_mount_library_load(void);

#endif
