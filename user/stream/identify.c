/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/identify.h"

static void fill(struct mica_event *event, const struct mica_identified *identified)
{
	event->container = identified->container;
	event->mount_namespace = identified->mount_namespace;
	event->object = identified->object;
	event->host_path = identified->host_path;
	event->container_path = identified->container_path;
	event->union_container = identified->union_container;
	event->union_upper = identified->union_upper;
	event->path = identified->path;
	event->source = identified->source;
	event->wait_until_ns = identified->wait_until_ns;
}

int mica_identify(struct mica_identity *identity, struct mica_event *event)
{
	struct mica_identified identified;
	int r;

	/* Says nothing of a task: its record fields are not a record's. */
	if (event->record.type == MICA_EVENT_LOST)
		return 0;
	if (event->record.type == MICA_RECORD_UNION_LAYER) {
		r = mica_identity_add_layer(identity, &event->record, event->path);
		return r < 0 ? r : 1;
	}
	if (event->record.type == MICA_RECORD_CGROUP) {
		r = mica_identity_add_cgroup(identity, &event->record, event->source);
		return r < 0 ? r : 1;
	}
	r = mica_identity_find(identity, &event->record, event->path, event->source, &identified);
	if (r != 0)
		return r;
	fill(event, &identified);
	return 0;
}

int mica_identify_again(struct mica_identity *identity, struct mica_event *event, struct mica_bytes path,
			struct mica_bytes source)
{
	struct mica_identified identified;
	int r;

	if (event->wait_until_ns) {
		r = mica_identity_find_again(identity, &event->record, path, source, &identified);
		if (r < 0)
			return r;
		/* Its file system may be gone by now, its device number another's. */
		if (r == 0 && (event->record.union_id || !identified.host_path))
			identified.host_path = event->host_path;
		if (r == 0)
			fill(event, &identified);
	}
	event->wait_until_ns = 0;
	event->mount_namespace = mica_identity_namespace(identity, event->record.mnt_ns_id);
	return 0;
}

void mica_identify_done(struct mica_identity *identity, const struct mica_event *event)
{
	if (event->record.type == MICA_EVENT_NAMESPACE_GONE)
		mica_identity_namespace_gone(identity, event->record.mnt_ns_id);
	else if (event->record.type == MICA_EVENT_UNION_DOWN)
		mica_identity_union_gone(identity, event->record.union_id);
}
