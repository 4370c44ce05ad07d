/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as one JSON object a line. The names and their order are the contract of DESIGN.md, section 5, and of
 * mica-events(5): fields may be added, none renamed.
 */
#include <errno.h>

#include "stream/json_fields.h"
#include "stream/label.h"
#include "stream/mount_flags.h"
#include "stream/sink.h"

/* A line for a path of usual length; longer ones grow the buffer. */
#define USUAL_LINE_BYTES 1024

static void write_task(struct mica_json_writer *writer, const struct mica_event *event,
		       const struct mica_sink_context *context)
{
	const struct mica_record *record = &event->record;

	if (record->mnt_ns)
		mica_json_number(writer, "mnt_ns", record->mnt_ns);
	if (record->mnt_ns_id)
		mica_json_number(writer, "mnt_ns_id", record->mnt_ns_id);
	if (record->cgroup_id && context && context->cgroup_path)
		mica_json_string(writer, "cgroup", context->cgroup_path(record->cgroup_id, context->userdata));
	if (!record->pid)
		return;
	mica_json_key(writer, "process");
	mica_json_begin(writer, '{');
	mica_json_number(writer, "pid", record->pid);
	mica_json_number(writer, "tid", record->tid);
	mica_json_bytes(writer, "comm",
			(struct mica_bytes){ .data = record->comm, .size = strnlen(record->comm, MICA_COMM_BYTES) });
	mica_json_number(writer, "uid", record->uid);
	mica_json_end(writer, '}');
}

/*
 * As a string: overlayfs marks inode numbers in their highest bits (xino), jq rounds numbers over 2^53, and jansson
 * refuses the whole line for a number over 2^63 - 1.
 */
static void write_inode(struct mica_json_writer *writer, uint64_t inode)
{
	if (!inode)
		return;
	mica_json_key(writer, "inode");
	(void)mica_buffer_append_byte(writer->out, '"');
	mica_json_digits(writer->out, inode);
	(void)mica_buffer_append_byte(writer->out, '"');
}

static void write_paths(struct mica_json_writer *writer, const struct mica_event *event)
{
	__u32 flags = event->record.flags;

	mica_json_bytes(writer, "path", event->path);
	if (flags & MICA_RECORD_PATH_TRUNCATED)
		mica_json_true(writer, "path_truncated");
	if (flags & MICA_RECORD_PATH_RACED)
		mica_json_true(writer, "path_raced");
	mica_json_bytes(writer, "source", event->source);
	if (flags & MICA_RECORD_SOURCE_TRUNCATED)
		mica_json_true(writer, "source_truncated");
	mica_json_string(writer, "host_path", event->host_path);
	mica_json_string(writer, "container_path", event->container_path);
	if (flags & MICA_RECORD_DIRECTORY)
		mica_json_true(writer, "is_directory");
	write_inode(writer, event->record.inode);
}

static void write_copy_up(struct mica_json_writer *writer, const struct mica_record *record)
{
	mica_json_string(writer, "reason", mica_reason_name(record->copy_up.reason));
	/* Bytes are counted from the start of the copy-up: where that was not seen, they are not known either. */
	if (!(record->flags & MICA_RECORD_NO_DURATION))
		mica_json_number(writer, "bytes", record->copy_up.bytes);
	mica_json_number(writer, "size", record->copy_up.size);
	if (!(record->flags & MICA_RECORD_NO_DURATION))
		mica_json_number(writer, "duration_ns", record->copy_up.duration_ns);
	if (record->flags & MICA_RECORD_METADATA_ONLY)
		mica_json_true(writer, "metadata_only");
}

static void write_write(struct mica_json_writer *writer, const struct mica_record *record)
{
	const struct mica_write *write = &record->write;

	if (write->bytes)
		mica_json_number(writer, "bytes", write->bytes);
	if (write->bytes_requested)
		mica_json_number(writer, "bytes_requested", write->bytes_requested);
	if (write->dirty_pages)
		mica_json_number(writer, "dirty_pages", write->dirty_pages);
	if (write->calls)
		mica_json_number(writer, "calls", write->calls);
	mica_json_number(writer, "size", write->size);
	if (record->flags & MICA_RECORD_CLOSED)
		mica_json_true(writer, "closed");
}

static void write_mount(struct mica_json_writer *writer, const struct mica_record *record)
{
	const char *fstype = record->mount.fstype;
	uint64_t flags = record->mount.flags;
	char text[MICA_MOUNT_FLAG_TEXT];
	const char *word = mica_mount_flag_next(record->type, &flags, text);

	mica_json_bytes(writer, "type",
			(struct mica_bytes){ .data = fstype, .size = strnlen(fstype, MICA_FSTYPE_BYTES) });
	if (!word)
		return;
	mica_json_key(writer, "flags");
	mica_json_begin(writer, '[');
	for (; word; word = mica_mount_flag_next(record->type, &flags, text)) {
		if (writer->comma)
			(void)mica_buffer_append_byte(writer->out, ',');
		(void)mica_json_quote(writer->out, (struct mica_bytes){ .data = word, .size = strlen(word) });
		writer->comma = true;
	}
	mica_json_end(writer, ']');
}

/* What only this type of event has. */
static void write_body(struct mica_json_writer *writer, const struct mica_event *event)
{
	const struct mica_record *record = &event->record;

	switch (record->type) {
	case MICA_EVENT_COPY_UP:
		write_copy_up(writer, record);
		break;
	case MICA_EVENT_WRITE:
		write_write(writer, record);
		break;
	case MICA_EVENT_RENAME:
		if (record->flags & MICA_RECORD_EXCHANGE)
			mica_json_true(writer, "exchange");
		break;
	case MICA_EVENT_MOUNT:
	case MICA_EVENT_UMOUNT:
	case MICA_EVENT_MOVE_MOUNT:
	case MICA_EVENT_REMOUNT:
	case MICA_EVENT_MOUNT_SETATTR:
	case MICA_EVENT_OPEN_TREE:
		write_mount(writer, record);
		break;
	case MICA_EVENT_LOST:
		mica_json_number(writer, "count", event->lost_count);
		mica_json_string(writer, "cause", mica_lost_cause_name(event->lost_cause));
		mica_json_string(writer, "of", mica_event_type_name(event->lost_of));
		break;
	default:
		break;
	}
}

static void write_errno(struct mica_json_writer *writer, int error)
{
	mica_json_key(writer, "errno");
	if (error == 0) {
		(void)mica_buffer_append_byte(writer->out, '0');
		return;
	}
	(void)mica_buffer_append_byte(writer->out, '"');
	mica_label_errno(writer->out, error);
	(void)mica_buffer_append_byte(writer->out, '"');
}

int mica_sink_json(FILE *out, const struct mica_event *event, const struct mica_sink_context *context)
{
	_cleanup_buffer_ struct mica_buffer line = {};
	struct mica_json_writer writer = { .out = &line };
	const struct mica_record *record = &event->record;

	(void)mica_buffer_reserve(&line, USUAL_LINE_BYTES);
	mica_json_begin(&writer, '{');
	mica_json_number(&writer, "v", 1);
	mica_json_time(&writer, event->time_ns);
	mica_json_string(&writer, "event", mica_event_type_name(record->type));
	mica_json_container(&writer, event->container);
	write_task(&writer, event, context);
	mica_json_object(&writer, &event->object);
	write_paths(&writer, event);
	if (record->action)
		mica_json_number(&writer, "action", record->action);
	write_body(&writer, event);
	if (record->type != MICA_EVENT_LOST)
		write_errno(&writer, record->error);
	mica_json_end(&writer, '}');
	(void)mica_buffer_append_byte(&line, '\n');

	if (line.failed)
		return -ENOMEM;
	return fwrite(line.data, 1, line.size, out) == line.size ? 0 : -EIO;
}
