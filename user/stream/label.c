/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/label.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

/* Digits of a container's id that the engines print, and all of them; an anonymous volume's name is such a number too.
 */
#define SHORT_ID 12
#define ID_DIGITS 64

static void append_escaped(struct mica_buffer *out, const char *text)
{
	(void)mica_utf8_append_escaped(out, text, strlen(text));
}

bool mica_label_is_host(const struct mica_event *event)
{
	const struct mica_namespace *mount_namespace = event->mount_namespace;

	if (event->container)
		return false;
	return (event->record.flags & MICA_RECORD_HOST) ||
	       (mount_namespace && mount_namespace->kind == MICA_NAMESPACE_HOST);
}

void mica_label_container(struct mica_buffer *out, const struct mica_event *event)
{
	const struct mica_container *container = event->container;

	if (container && container->name)
		append_escaped(out, container->name);
	else if (container && container->id)
		(void)mica_utf8_append_escaped(out, container->id, strnlen(container->id, SHORT_ID));
	else if (mica_label_is_host(event))
		(void)mica_buffer_append_string(out, "host");
	else if (event->record.mnt_ns)
		(void)mica_buffer_appendf(out, "ns:%u", event->record.mnt_ns);
	else
		(void)mica_buffer_append_byte(out, '-');
}

void mica_label_object(struct mica_buffer *out, const struct mica_object *object)
{
	const char *kind = mica_object_kind_name(object->kind);

	if (object->role) {
		append_escaped(out, object->role);
		(void)mica_buffer_append_byte(out, ' ');
	}
	(void)mica_buffer_append_string(out, kind ? kind : "-");
	if (object->kind == MICA_OBJECT_LAYER && object->layer) {
		(void)mica_buffer_appendf(out, " %u", object->layer);
		if (object->layers)
			(void)mica_buffer_appendf(out, "/%u", object->layers);
	}
	if (object->kind == MICA_OBJECT_VOLUME && object->volume) {
		bool anonymous =
			strlen(object->volume) == ID_DIGITS && strspn(object->volume, "0123456789abcdef") == ID_DIGITS;

		(void)mica_buffer_append_byte(out, ' ');
		(void)mica_utf8_append_escaped(out, object->volume, anonymous ? SHORT_ID : strlen(object->volume));
	}
}

void mica_label_errno(struct mica_buffer *out, int error)
{
	const char *name = mica_errno_name(error);

	if (name)
		(void)mica_buffer_append_string(out, name);
	else
		(void)mica_buffer_appendf(out, "E%u", error < 0 ? -(unsigned)error : (unsigned)error);
}

void mica_label_decision(struct mica_buffer *out, const struct mica_event *event)
{
	const struct mica_event_decision *decision = &event->decision;

	if (decision->operation)
		(void)mica_buffer_appendf(out, "%s: ", decision->operation);
	if (event->record.type == MICA_EVENT_AUDIT)
		(void)mica_buffer_append_string(out, "would get ");
	if (event->record.error)
		mica_label_errno(out, event->record.error);
	if (decision->policy)
		(void)mica_buffer_appendf(out, " by %s/%s", decision->policy, decision->rule ? decision->rule : "?");
	else if (decision->rule)
		(void)mica_buffer_appendf(out, " by %s", decision->rule);
	if (decision->where) {
		(void)mica_buffer_append_string(out, ", ");
		(void)mica_utf8_append_escaped(out, decision->where, strlen(decision->where));
	}
	if (decision->suppressed)
		(void)mica_buffer_appendf(out, " (%u more like it not shown)", decision->suppressed);
}
