/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as one JSON object a line. The names and their order are the contract of DESIGN.md, section 5, and of
 * mica-events(5): fields may be added, none renamed.
 */
#include <assert.h>
#include <errno.h>

#include "stream/json_fields.h"
#include "stream/json_memory.h"
#include "stream/label.h"
#include "stream/mount_flags.h"
#include "stream/sink.h"

#define NS_PER_S UINT64_C(1000000000)

/* A line for a path of usual length; longer ones grow the buffer. */
#define USUAL_LINE_BYTES 1024
/* Lines are written when there are so many bytes of them. */
#define HELD_BYTES (64 << 10)

/* {"v":1,"time":"2026-11-24T20:00:00. */
static void set_second(struct mica_json_memory *memory, uint64_t second)
{
	static const char before[] = "{\"v\":1,\"time\":\"";

	static_assert(sizeof(before) + MICA_JSON_SECOND_BYTES <= sizeof(memory->begin), "room for all of it");
	memcpy(memory->begin, before, sizeof(before) - 1);
	mica_json_put_second(memory->begin + sizeof(before) - 1, second);
	memory->begin_size = sizeof(before) - 1 + MICA_JSON_SECOND_BYTES;
	memory->second = second;
}

/* Version and time: RFC 3339 in UTC, always with nine digits, so that times of one length also sort as text. */
static void begin_line(struct mica_json_writer *writer, struct mica_json_memory *memory, uint64_t time_ns)
{
	char *at = mica_json_room(writer->out, USUAL_LINE_BYTES);
	uint64_t second = time_ns / NS_PER_S;

	writer->comma = true;
	if (!memory->begin_size || second != memory->second)
		set_second(memory, second);
	if (!at)
		return;
	memcpy(at, memory->begin, sizeof(memory->begin));
	at += memory->begin_size;
	mica_json_put_nine(at, (uint32_t)(time_ns % NS_PER_S));
	at[9] = 'Z';
	at[10] = '"';
	writer->out->size += memory->begin_size + 11;
}

static void write_task(struct mica_json_writer *writer, const struct mica_record *record, const char *cgroup)
{
	if (record->mnt_ns)
		mica_json_number(writer, "mnt_ns", record->mnt_ns);
	if (record->mnt_ns_id)
		mica_json_number(writer, "mnt_ns_id", record->mnt_ns_id);
	mica_json_string(writer, "cgroup", cgroup);
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
	if (inode)
		mica_json_quoted_number(writer, "inode", inode);
}

static void write_paths(struct mica_json_writer *writer, const struct mica_event *event)
{
	__u32 flags = event->record.flags;

	mica_json_bytes(writer, "path", event->path);
	if (flags & MICA_RECORD_PATH_TRUNCATED)
		mica_json_true(writer, "path_truncated");
	if (flags & MICA_RECORD_PATH_RACED)
		mica_json_true(writer, "path_raced");
	if (flags & MICA_RECORD_PATH_AS_WRITTEN)
		mica_json_true(writer, "path_as_written");
	if (flags & MICA_RECORD_DETACHED)
		mica_json_true(writer, "path_detached");
	mica_json_bytes(writer, "source", event->source);
	if (flags & MICA_RECORD_SOURCE_AS_WRITTEN)
		mica_json_true(writer, "source_as_written");
	if (flags & MICA_RECORD_SOURCE_TRUNCATED && event->record.type != MICA_EVENT_FSCONFIG)
		mica_json_true(writer, "source_truncated");
	mica_json_string(writer, "host_path", event->host_path);
	mica_json_string(writer, "container_path", event->container_path);
	if (flags & MICA_RECORD_DIRECTORY)
		mica_json_true(writer, "is_directory");
	write_inode(writer, event->record.inode);
}

static void write_copy_up(struct mica_json_writer *writer, const struct mica_record *record)
{
	mica_json_word(writer, "reason", mica_reason_name(record->copy_up.reason));
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

/* Appends the words of the flags to the array under way. */
static void write_words(struct mica_json_writer *writer, struct mica_mount_flags_of of)
{
	char text[MICA_MOUNT_FLAG_TEXT];

	for (const char *word; (word = mica_mount_flag_next(of.kind, &of.flags, text));) {
		if (writer->comma)
			(void)mica_buffer_append_byte(writer->out, ',');
		(void)mica_json_quote(writer->out, (struct mica_bytes){ .data = word, .size = strlen(word) });
		writer->comma = true;
	}
}

static void write_flags(struct mica_json_writer *writer, const char *key, struct mica_mount_flags_of one,
			struct mica_mount_flags_of two)
{
	char text[MICA_MOUNT_FLAG_TEXT];
	struct mica_mount_flags_of rest[] = { one, two };

	if (!mica_mount_flag_next(one.kind, &rest[0].flags, text) &&
	    !mica_mount_flag_next(two.kind, &rest[1].flags, text))
		return;
	mica_json_key(writer, key);
	mica_json_begin(writer, '[');
	write_words(writer, one);
	write_words(writer, two);
	mica_json_end(writer, ']');
}

static void write_mount(struct mica_json_writer *writer, const struct mica_record *record)
{
	const struct mica_mount_words words = mica_mount_words(record);
	const struct mica_mount_flags_of none = {};
	const char *fstype = record->mount.fstype;

	if (!(record->flags & MICA_RECORD_MOUNT_ATTR))
		mica_json_bytes(writer, "type",
				(struct mica_bytes){ .data = fstype, .size = strnlen(fstype, MICA_FSTYPE_BYTES) });
	write_flags(writer, "flags", words.flags[0], words.flags[1]);
	write_flags(writer, "flags_cleared", words.cleared, none);
	write_flags(writer, "propagation", (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_MS, words.propagation },
		    none);
}

static void write_fsconfig(struct mica_json_writer *writer, const struct mica_event *event)
{
	const struct mica_mount *mount = &event->record.mount;
	char text[MICA_MOUNT_FLAG_TEXT];

	write_mount(writer, &event->record);
	mica_json_string(writer, "command", mica_fsconfig_command(mount->command, text));
	mica_json_bytes(writer, "key", event->key);
	mica_json_bytes(writer, "value", event->value);
	if (event->record.flags & MICA_RECORD_SOURCE_TRUNCATED)
		mica_json_true(writer, "value_truncated");
	if (mount->command == MICA_FSCONFIG_SET_BINARY)
		mica_json_number(writer, "size", mount->flags);
	else if (mount->command == MICA_FSCONFIG_SET_FD)
		mica_json_number(writer, "fd", mount->flags);
}

static void write_decision(struct mica_json_writer *writer, const struct mica_event_decision *decision)
{
	mica_json_string(writer, "operation", decision->operation);
	mica_json_string(writer, "policy", decision->policy);
	mica_json_string(writer, "rule", decision->rule);
	mica_json_string(writer, "where", decision->where);
	if (decision->suppressed)
		mica_json_number(writer, "suppressed", decision->suppressed);
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
	case MICA_EVENT_PIVOT_ROOT:
	case MICA_EVENT_FSOPEN:
	case MICA_EVENT_FSPICK:
	case MICA_EVENT_FSMOUNT:
		write_mount(writer, record);
		break;
	case MICA_EVENT_FSCONFIG:
		write_fsconfig(writer, event);
		break;
	case MICA_EVENT_DENY:
	case MICA_EVENT_AUDIT:
		write_decision(writer, &event->decision);
		break;
	case MICA_EVENT_LOST:
		mica_json_number(writer, "count", event->lost_count);
		mica_json_word(writer, "cause", mica_lost_cause_name(event->lost_cause));
		mica_json_word(writer, "of", mica_event_type_name(event->lost_of));
		break;
	default:
		break;
	}
}

static void write_errno(struct mica_json_writer *writer, int error)
{
	if (error == 0) {
		(void)mica_buffer_append(writer->out, ",\"errno\":0", 10);
		return;
	}
	mica_json_key(writer, "errno");
	(void)mica_buffer_append_byte(writer->out, '"');
	mica_label_errno(writer->out, error);
	(void)mica_buffer_append_byte(writer->out, '"');
}

#define TASK_WORDS 10

static void recall_task(struct mica_json_writer *writer, struct mica_json_memory *memory,
			const struct mica_event *event, const struct mica_sink_context *context)
{
	/* Not the key of a container of which nothing is known. */
	static const char nothing[1];
	static const struct mica_container none = { .id = nothing };
	const struct mica_container *container = event->container ? event->container : &none;
	const struct mica_record *record = &event->record;
	uint64_t key[TASK_WORDS] = { (uint64_t)record->mnt_ns << 32 | record->pid,
				     record->mnt_ns_id,
				     record->cgroup_id,
				     (uint64_t)record->tid << 32 | record->uid,
				     (uintptr_t)container->id,
				     (uintptr_t)container->name,
				     (uintptr_t)container->image,
				     (uintptr_t)container->engine };
	size_t start = writer->out->size;
	const char *cgroup = NULL;

	static_assert(sizeof(record->comm) == 2 * sizeof(key[0]), "two words of the key");
	memcpy(&key[8], record->comm, sizeof(record->comm));
	if (mica_json_recall(writer, &memory->tasks, key, TASK_WORDS))
		return;
	if (record->cgroup_id && context && context->cgroup_path)
		cgroup = context->cgroup_path(record->cgroup_id, context->userdata);
	mica_json_container(writer, event->container);
	write_task(writer, record, cgroup);
	/* A path that is not known may be known next time. */
	if (cgroup || !record->cgroup_id)
		mica_json_remember(writer, &memory->tasks, key, TASK_WORDS, start);
}

#define OBJECT_WORDS 6

static void recall_object(struct mica_json_writer *writer, struct mica_json_memory *memory,
			  const struct mica_object *object)
{
	const uint64_t key[OBJECT_WORDS] = { (uint64_t)object->layer << 32 | object->layers,
					     (uint64_t)object->kind,
					     (uintptr_t)object->digest,
					     (uintptr_t)object->role,
					     (uintptr_t)object->directory,
					     (uintptr_t)object->volume };
	size_t start = writer->out->size;

	if (object->kind == MICA_OBJECT_NONE || mica_json_recall(writer, &memory->objects, key, OBJECT_WORDS))
		return;
	mica_json_object(writer, object);
	mica_json_remember(writer, &memory->objects, key, OBJECT_WORDS, start);
}

/* Appends the line of an event. 0 or -ENOMEM: then nothing is appended. */
static int add_line(const struct mica_event *event, const struct mica_sink_context *context,
		    struct mica_json_memory *memory)
{
	const struct mica_record *record = &event->record;
	struct mica_buffer *lines = &memory->lines;
	struct mica_json_writer writer = { .out = lines };
	size_t start = lines->size;

	begin_line(&writer, memory, event->time_ns);
	mica_json_word(&writer, "event", mica_event_type_name(record->type));
	recall_task(&writer, memory, event, context);
	recall_object(&writer, memory, &event->object);
	write_paths(&writer, event);
	if (record->action)
		mica_json_number(&writer, "action", record->action);
	write_body(&writer, event);
	if (record->type != MICA_EVENT_LOST)
		write_errno(&writer, record->error);
	(void)mica_buffer_append(lines, "}\n", 2);

	if (lines->failed) {
		lines->size = start;
		lines->failed = false;
		return -ENOMEM;
	}
	memory->line_count++;
	return 0;
}

int mica_sink_json_flush(FILE *out, struct mica_json_memory *memory)
{
	size_t size = memory->lines.size;

	if ((size && fwrite(memory->lines.data, 1, size, out) != size) || fflush(out))
		return -EIO;
	mica_buffer_reset(&memory->lines);
	memory->line_count = 0;
	return 0;
}

int mica_sink_json(FILE *out, const struct mica_event *event, const struct mica_sink_context *context)
{
	int error;

	if (context && context->memory) {
		error = add_line(event, context, context->memory);
		return error || context->memory->lines.size < HELD_BYTES ? error
									 : mica_sink_json_flush(out, context->memory);
	}

	_cleanup_(mica_json_memory_free) struct mica_json_memory memory = {};
	error = add_line(event, context, &memory);
	return error ? error : mica_sink_json_flush(out, &memory);
}
