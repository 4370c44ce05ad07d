/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Enforcement, layer 2: which operation a mount(2) is, by its flags.
 */
#ifndef MICA_ENFORCE_MOUNT_FLAGS_BPF_H
#define MICA_ENFORCE_MOUNT_FLAGS_BPF_H

#include "maps.bpf.h"

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION ((1 << 17) | (1 << 18) | (1 << 19) | (1 << 20)) /* unbindable, private, slave, shared */

/** Does it only change how events go on between mounts? As the kernel looks (fs/namespace.c, path_mount). */
static __always_inline bool mount_is_propagation(unsigned long flags)
{
	return !(flags & (MS_REMOUNT | MS_BIND)) && flags & MS_PROPAGATION;
}

/** An enum mica_operation, in the same order. */
static __always_inline u32 mount_operation(unsigned long flags)
{
	if (flags & MS_REMOUNT || mount_is_propagation(flags))
		return MICA_OPERATION_REMOUNT;
	if (!(flags & MS_BIND) && flags & MS_MOVE)
		return MICA_OPERATION_MOVE_MOUNT;
	return MICA_OPERATION_MOUNT;
}

#endif
