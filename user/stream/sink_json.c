/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as one JSON object a line. The names and their order are the contract of DESIGN.md, section 5, and of
 * mica-events(5): fields may be added, none renamed.
 */
#include <errno.h>
#include <time.h>

#include "stream/json_writer.h"
#include "stream/label.h"
#include "stream/mount_flags.h"
#include "stream/sink.h"

#define NS_PER_S UINT64_C(1000000000)

/* A line for a path of usual length; longer ones grow the buffer. */
#define USUAL_LINE_BYTES 1024

/* Writes `count` decimal digits of the lowest ones of `value`. */
static void put_digits(char *text, unsigned count, unsigned value)
{
	while (count--) {
		text[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* RFC 3339 in UTC, always with nine digits, so that times of one length also sort as text. */
static void write_time(struct mica_json_writer *writer, uint64_t time_ns)
{
	char text[] = "\"0000-00-00T00:00:00.000000000Z\"";
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) /* 64 bits of nanoseconds end in the year 2554 */
		return;
	put_digits(text + 1, 4, (unsigned)tm.tm_year + 1900);
	put_digits(text + 6, 2, (unsigned)tm.tm_mon + 1);
	put_digits(text + 9, 2, (unsigned)tm.tm_mday);
	put_digits(text + 12, 2, (unsigned)tm.tm_hour);
	put_digits(text + 15, 2, (unsigned)tm.tm_min);
	put_digits(text + 18, 2, (unsigned)tm.tm_sec);
	put_digits(text + 21, 9, (unsigned)(time_ns % NS_PER_S));
	mica_json_key(writer, "time");
	(void)mica_buffer_append(writer->out, text, sizeof(text) - 1);
}

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

static void write_object(struct mica_json_writer *writer, const struct mica_object *object)
{
	const char *kind = mica_object_kind_name(object->kind);
	bool in_union = object->kind == MICA_OBJECT_LAYER || object->kind == MICA_OBJECT_UPPER;

	if (!kind)
		return;
	mica_json_key(writer, "object");
	mica_json_begin(writer, '{');
	mica_json_string(writer, "kind", kind);
	if (object->kind == MICA_OBJECT_LAYER && object->layer)
		mica_json_number(writer, "layer", object->layer);
	if (in_union && object->layers)
		mica_json_number(writer, "layers", object->layers);
	mica_json_string(writer, "digest", object->digest);
	mica_json_string(writer, "role", object->role);
	mica_json_string(writer, "directory", object->directory);
	mica_json_string(writer, "volume", object->volume);
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
	write_time(&writer, event->time_ns);
	mica_json_string(&writer, "event", mica_event_type_name(record->type));
	mica_json_container(&writer, event->container);
	write_task(&writer, event, context);
	write_object(&writer, &event->object);
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
