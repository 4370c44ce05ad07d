// SPDX-License-Identifier: BSD-2-Clause
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "enforce/decisions.h"

static_assert(MICA_DENIAL_COMM_BYTES == MICA_COMM_BYTES, "both are the kernel's");

/** Of an operation of policies, or an act on enforcement itself; NULL: of neither. */
static const char *operation_name(unsigned operation)
{
	switch (operation) {
	case MICA_OPERATION_BPF:
		return "bpf";
	case MICA_OPERATION_PTRACE:
		return "ptrace";
	default:
		return operation < _MICA_OPERATION_MAX ? mica_operation_describe(operation)->name : NULL;
	}
}

static int check(const struct mica_denial *denial)
{
	if (denial->abi != MICA_ENFORCE_ABI)
		return -EPROTO;
	if (denial->size < sizeof(*denial) || denial->path_bytes > denial->size - sizeof(*denial) ||
	    denial->path_bytes > MICA_PATH_BYTES)
		return -EBADMSG;
	if ((denial->verdict != MICA_VERDICT_DENY && denial->verdict != MICA_VERDICT_AUDIT) ||
	    !operation_name(denial->operation) || denial->kind >= _MICA_ENFORCE_KIND_MAX)
		return -EBADMSG;
	return 0;
}

static void set_object(struct mica_object *object, const struct mica_denial *denial,
		       const struct mica_numbered_objects *objects)
{
	static const enum mica_object_kind kinds[_MICA_ENFORCE_KIND_MAX] = {
		[MICA_ENFORCE_UNION] = MICA_OBJECT_UNION,  [MICA_ENFORCE_VOLUME] = MICA_OBJECT_VOLUME,
		[MICA_ENFORCE_LAYER] = MICA_OBJECT_LAYER,  [MICA_ENFORCE_UPPER] = MICA_OBJECT_UPPER,
		[MICA_ENFORCE_NOWHERE] = MICA_OBJECT_HOST, [MICA_ENFORCE_DEVICE] = MICA_OBJECT_HOST,
	};
	const struct mica_numbered *numbered = mica_objects_by_number(objects, denial->kind, denial->number);

	/* A capability has none, nor has an act on enforcement that is on no file. */
	if (denial->operation >= _MICA_OPERATION_MAX ||
	    MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(denial->operation))
		return;
	object->kind = kinds[denial->kind];
	if (!numbered)
		return;
	object->directory = numbered->directory;
	if (denial->kind == MICA_ENFORCE_VOLUME)
		object->volume = numbered->name;
	else
		object->digest = numbered->name;
}

int mica_denial_event(const struct mica_denial *denial, struct mica_decisions *decisions,
		      const struct mica_numbered_objects *objects, int64_t clock_offset_ns, struct mica_event *ret)
{
	int r = check(denial);

	if (r < 0)
		return r;
	*ret = (struct mica_event){
		.record = {
			.type = denial->verdict == MICA_VERDICT_DENY ? MICA_EVENT_DENY : MICA_EVENT_AUDIT,
			.time_ns = denial->time_ns,
			.mnt_ns_id = denial->mnt_ns_id,
			.cgroup_id = denial->cgroup_id,
			.inode = denial->inode,
			.mnt_ns = denial->mnt_ns,
			.pid = denial->tgid,
			.tid = denial->pid,
			.uid = denial->uid,
			.dev = denial->dev,
			.error = -(int)denial->error,
			/* Whoever is no subject is the host: guards bind it, too. */
			.flags = denial->subject ? 0 : MICA_RECORD_HOST,
		},
		.time_ns = denial->time_ns + (uint64_t)clock_offset_ns,
		.path = { .data = denial->path_bytes ? denial->path : NULL, .size = denial->path_bytes },
	};
	memcpy(ret->record.comm, denial->comm, sizeof(ret->record.comm));
	set_object(&ret->object, denial, objects);
	if (decisions)
		mica_decisions_get(decisions, denial->counter, &ret->decision);
	ret->decision.operation = operation_name(denial->operation);
	ret->decision.suppressed = denial->suppressed;
	return 0;
}
