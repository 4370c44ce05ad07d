/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/event.h"

#include <stddef.h>
#include <string.h>

static const char *const event_names[_MICA_EVENT_MAX] = {
	[MICA_EVENT_COPY_UP] = "copy-up",
	[MICA_EVENT_WHITEOUT] = "whiteout",
	[MICA_EVENT_OPAQUE] = "opaque",
	[MICA_EVENT_REDIRECT] = "redirect",
	[MICA_EVENT_CREATE] = "create",
	[MICA_EVENT_DELETE] = "delete",
	[MICA_EVENT_RENAME] = "rename",
	[MICA_EVENT_LINK] = "link",
	[MICA_EVENT_WRITE] = "write",
	[MICA_EVENT_MOUNT] = "mount",
	[MICA_EVENT_UMOUNT] = "umount",
	[MICA_EVENT_MOVE_MOUNT] = "move-mount",
	[MICA_EVENT_REMOUNT] = "remount",
	[MICA_EVENT_MOUNT_SETATTR] = "mount-setattr",
	[MICA_EVENT_OPEN_TREE] = "open-tree",
	[MICA_EVENT_PIVOT_ROOT] = "pivot-root",
	[MICA_EVENT_UNION_UP] = "union-up",
	[MICA_EVENT_UNION_DOWN] = "union-down",
	[MICA_EVENT_NAMESPACE_CREATED] = "namespace-created",
	[MICA_EVENT_NAMESPACE_GONE] = "namespace-gone",
	[MICA_EVENT_DENY] = "deny",
	[MICA_EVENT_AUDIT] = "audit",
	[MICA_EVENT_LOST] = "lost",
	[MICA_EVENT_FSOPEN] = "fsopen",
	[MICA_EVENT_FSPICK] = "fspick",
	[MICA_EVENT_FSCONFIG] = "fsconfig",
	[MICA_EVENT_FSMOUNT] = "fsmount",
	/* MICA_RECORD_* are no events and have no names. */
};

static const char *const reason_names[_MICA_REASON_MAX] = {
	[MICA_REASON_OPEN_WRITE] = "open-write",
	[MICA_REASON_TRUNCATE] = "truncate",
	[MICA_REASON_CHMOD] = "chmod",
	[MICA_REASON_CHOWN] = "chown",
	[MICA_REASON_UTIMES] = "utimes",
	[MICA_REASON_RENAME] = "rename",
	[MICA_REASON_LINK] = "link",
	[MICA_REASON_XATTR] = "xattr",
	[MICA_REASON_ACL] = "acl",
	[MICA_REASON_IOCTL] = "ioctl",
	[MICA_REASON_PARENT] = "parent",
};

static const char *const lost_cause_names[_MICA_LOST_MAX] = {
	[MICA_LOST_RING_FULL] = "ring-full", [MICA_LOST_NO_SCRATCH] = "no-scratch", [MICA_LOST_NO_STATE] = "no-state",
	[MICA_LOST_SKIPPED] = "skipped",     [MICA_LOST_UNREADABLE] = "unreadable", [MICA_LOST_DETAIL] = "detail",
};

const char *mica_event_type_name(enum mica_event_type type)
{
	return (unsigned)type < _MICA_EVENT_MAX ? event_names[type] : NULL;
}

const char *mica_reason_name(enum mica_reason reason)
{
	return (unsigned)reason < _MICA_REASON_MAX ? reason_names[reason] : NULL;
}

const char *mica_lost_cause_name(enum mica_lost_cause cause)
{
	return (unsigned)cause < _MICA_LOST_MAX ? lost_cause_names[cause] : NULL;
}

enum mica_event_type mica_event_type_from_name(const char *name)
{
	for (unsigned i = 0; i < _MICA_EVENT_MAX; i++)
		if (event_names[i] && strcmp(event_names[i], name) == 0)
			return (enum mica_event_type)i;
	return MICA_EVENT_NONE;
}
