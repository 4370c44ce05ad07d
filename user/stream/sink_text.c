/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event as one line for people: time, container, process, event, object, path, details. What is bounded in length
 * comes first, so that a long path moves nothing but the details behind it.
 */
#include <errno.h>
#include <time.h>

#include "base/format.h"
#include "base/utf8.h"
#include "stream/label.h"
#include "stream/mount_flags.h"
#include "stream/sink.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

#define DIM "2"
#define RED "31"
#define GREEN "32"
#define YELLOW "33"
#define BLUE "34"
#define MAGENTA "35"
#define CYAN "36"
#define BOLD_RED "1;31"

/* Columns of the fields, gaps not included. Longer text is not cut but moves the rest of its line. */
struct layout {
	unsigned container, process, event, object, path;
};

#define TIME_COLUMNS 12
#define GAP 2

/* A line under way. `cell` holds one field until its width is known. */
struct line {
	struct mica_buffer out, cell;
	bool colour;
	/** Columns written, and the column where the next field starts unless it is already passed. So a field that is
	 * too long for its columns moves its neighbours only, and no line ends in blanks. */
	size_t used, start;
};

static void line_free(struct line *line)
{
	mica_buffer_free(&line->out);
	mica_buffer_free(&line->cell);
}

static struct layout choose_layout(unsigned width)
{
	struct layout layout = { .container = 13, .process = 14, .event = 8, .object = 11, .path = 24 };
	const unsigned details = 30; /* "4.0 KiB in 212 µs, open-write" */

	if (width == 0 || width >= 140)
		layout = (struct layout){ .container = 14, .process = 16, .event = 13, .object = 18, .path = 40 };

	unsigned used =
		TIME_COLUMNS + layout.container + layout.process + layout.event + layout.object + 6 * GAP + details;
	if (width > used + layout.path)
		layout.path = width - used < 64 ? width - used : 64;
	return layout;
}

static void append_blanks(struct mica_buffer *out, size_t count)
{
	if (count == 0 || mica_buffer_reserve(out, count) < 0)
		return;
	memset(out->data + out->size, ' ', count);
	out->size += count;
}

/* Ends the cell: writes it in `colour` (NULL: none); it has `columns`, and a gap behind. */
static void put_cell(struct line *line, const char *colour, size_t columns)
{
	struct mica_buffer *out = &line->out, *cell = &line->cell;
	bool coloured = line->colour && colour && cell->size;

	if (cell->size) {
		size_t least = line->used ? line->used + GAP : 0;
		size_t start = line->start > least ? line->start : least;
		append_blanks(out, start - line->used);
		line->used = start + mica_utf8_columns(cell->data, cell->size);
	}
	line->start += columns + GAP;
	if (coloured)
		(void)mica_buffer_appendf(out, "\033[%sm", colour);
	(void)mica_buffer_append(out, cell->data, cell->size);
	if (coloured)
		(void)mica_buffer_append_string(out, "\033[0m");
	if (cell->failed)
		out->failed = true;
	mica_buffer_reset(cell);
}

static void put_text(struct line *line, const char *text)
{
	(void)mica_utf8_append_escaped(&line->cell, text, strlen(text));
}

static const char *event_colour(enum mica_event_type type)
{
	switch (type) {
	case MICA_EVENT_COPY_UP:
		return YELLOW;
	case MICA_EVENT_WHITEOUT:
	case MICA_EVENT_OPAQUE:
	case MICA_EVENT_DELETE:
		return RED;
	case MICA_EVENT_REDIRECT:
	case MICA_EVENT_RENAME:
	case MICA_EVENT_LINK:
		return CYAN;
	case MICA_EVENT_CREATE:
	case MICA_EVENT_WRITE:
		return GREEN;
	case MICA_EVENT_UNION_UP:
	case MICA_EVENT_UNION_DOWN:
	case MICA_EVENT_NAMESPACE_CREATED:
	case MICA_EVENT_NAMESPACE_GONE:
		return MAGENTA;
	case MICA_EVENT_DENY:
	case MICA_EVENT_AUDIT:
	case MICA_EVENT_LOST:
		return BOLD_RED;
	default:
		return BLUE; /* mounts */
	}
}

static void put_time(struct line *line, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm = {};

	(void)localtime_r(&seconds, &tm);
	(void)mica_buffer_appendf(&line->cell, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min, tm.tm_sec,
				  (unsigned)(time_ns % NS_PER_S / NS_PER_MS));
	put_cell(line, DIM, TIME_COLUMNS);
}

static void put_container(struct line *line, const struct mica_event *event, unsigned columns)
{
	mica_label_container(&line->cell, event);
	put_cell(line, event->container ? NULL : DIM, columns);
}

static void put_process(struct line *line, const struct mica_record *record, unsigned columns)
{
	if (record->pid) {
		(void)mica_utf8_append_escaped(&line->cell, record->comm, strnlen(record->comm, MICA_COMM_BYTES));
		(void)mica_buffer_appendf(&line->cell, "[%u]", record->pid);
	} else {
		put_text(line, "-");
	}
	put_cell(line, NULL, columns);
}

/* A whiteout and an opaque mark live in the upper; that they hide a layer is said in the details. */
static bool is_marker(const struct mica_event *event)
{
	return (event->record.type == MICA_EVENT_WHITEOUT || event->record.type == MICA_EVENT_OPAQUE) &&
	       event->object.kind == MICA_OBJECT_LAYER;
}

/* The end of a path, as many components as fit into `bytes`, one at least; the path itself if it fits. */
static const char *path_end(const char *path, size_t bytes)
{
	size_t length = strlen(path);
	const char *end = path;

	while (length - (size_t)(end - path) > bytes) {
		const char *next = strchr(end + 1, '/');
		if (!next)
			break;
		end = next;
	}
	return end;
}

/* A bind mount is called by its directory on the host: the end of it must do in a column. */
static void put_bind_mount(struct line *line, const char *directory, unsigned columns)
{
	const unsigned label = 8; /* columns of "volume …" */
	size_t room = columns > label ? columns - label : 0;
	const char *end = path_end(directory, room);

	put_text(line, end == directory ? "volume " : "volume …");
	put_text(line, end);
}

static void put_object(struct line *line, const struct mica_event *event, unsigned columns)
{
	const struct mica_object *object = &event->object;

	if (is_marker(event))
		put_text(line, "upper");
	else if (object->kind == MICA_OBJECT_VOLUME && object->volume && object->volume[0] == '/')
		put_bind_mount(line, object->volume, columns);
	else
		mica_label_object(&line->cell, object);
	put_cell(line, event->object.kind == MICA_OBJECT_NONE ? DIM : NULL, columns);
}

static void append_path(struct mica_buffer *out, struct mica_bytes path, bool truncated, bool directory)
{
	if (truncated)
		(void)mica_buffer_append_string(out, "…/");
	(void)mica_utf8_append_escaped(out, path.data, path.size);
	if (directory && path.size > 1)
		(void)mica_buffer_append_byte(out, '/');
}

static bool is(struct mica_bytes path, const char *other)
{
	return other && path.size == strlen(other) && memcmp(path.data, other, path.size) == 0;
}

/* What is mounted is the volume that the object names already, or a directory over itself. */
static bool says_nothing(const struct mica_event *event)
{
	enum mica_event_type type = event->record.type;

	return type == MICA_EVENT_MOUNT &&
	       (is(event->source, event->host_path) ||
		(event->object.kind == MICA_OBJECT_VOLUME && is(event->source, event->object.directory)));
}

static void put_path(struct line *line, const struct mica_event *event, unsigned columns)
{
	__u32 flags = event->record.flags;
	bool directory = flags & MICA_RECORD_DIRECTORY;

	if (event->source.size && !says_nothing(event)) {
		append_path(&line->cell, event->source, flags & MICA_RECORD_SOURCE_TRUNCATED,
			    directory && (flags & MICA_RECORD_SOURCE_IS_PATH));
		(void)mica_buffer_append_string(&line->cell, flags & MICA_RECORD_EXCHANGE ? " ↔ " : " → ");
	}
	append_path(&line->cell, event->path, flags & MICA_RECORD_PATH_TRUNCATED, directory);
	put_cell(line, NULL, columns);
}

/* Starts a further detail in the cell. */
static void append_comma(struct line *line)
{
	if (line->cell.size)
		(void)mica_buffer_append_string(&line->cell, ", ");
}

static void append_copy_up(struct line *line, const struct mica_record *record)
{
	struct mica_buffer *out = &line->cell;
	const struct mica_copy_up *copy_up = &record->copy_up;
	const char *reason = mica_reason_name(copy_up->reason);
	char bytes[MICA_FORMAT_SIZE], size[MICA_FORMAT_SIZE], duration[MICA_FORMAT_SIZE];

	(void)mica_format_bytes(copy_up->bytes, bytes);
	(void)mica_format_bytes(copy_up->size, size);
	if (record->flags & MICA_RECORD_METADATA_ONLY)
		(void)mica_buffer_append_string(out, "metadata");
	else if (record->flags & MICA_RECORD_DIRECTORY)
		(void)mica_buffer_append_string(out, "directory");
	else if (copy_up->bytes < copy_up->size) /* the rest are holes, or was cloned */
		(void)mica_buffer_appendf(out, "%s of %s", bytes, size);
	else
		(void)mica_buffer_append_string(out, bytes);
	if (!(record->flags & MICA_RECORD_NO_DURATION))
		(void)mica_buffer_appendf(out, " in %s", mica_format_duration(copy_up->duration_ns, duration));
	if (reason)
		(void)mica_buffer_appendf(out, ", %s", reason);
}

static void append_write(struct line *line, const struct mica_record *record)
{
	const struct mica_write *write = &record->write;
	char text[MICA_FORMAT_SIZE];

	if (write->bytes)
		(void)mica_buffer_append_string(&line->cell, mica_format_bytes(write->bytes, text));
	if (write->bytes_requested) {
		append_comma(line);
		(void)mica_buffer_appendf(&line->cell, "%s requested", mica_format_bytes(write->bytes_requested, text));
	}
	if (write->calls)
		(void)mica_buffer_appendf(&line->cell, " in %u call%s", write->calls, write->calls == 1 ? "" : "s");
	if (write->dirty_pages) {
		append_comma(line);
		(void)mica_buffer_appendf(&line->cell, "%u page%s dirtied", write->dirty_pages,
					  write->dirty_pages == 1 ? "" : "s");
	}
	if (record->flags & MICA_RECORD_CLOSED) {
		append_comma(line);
		(void)mica_buffer_append_string(&line->cell, "closed");
	}
}

static void append_words(struct line *line, struct mica_mount_flags_of of, const char **separator)
{
	char text[MICA_MOUNT_FLAG_TEXT];

	for (const char *word; (word = mica_mount_flag_next(of.kind, &of.flags, text)); *separator = ",")
		(void)mica_buffer_appendf(&line->cell, "%s%s", *separator, word);
}

static void append_mount(struct line *line, const struct mica_record *record)
{
	const struct mica_mount_words words = mica_mount_words(record);
	bool attr = record->flags & MICA_RECORD_MOUNT_ATTR;
	size_t type_size = attr ? 0 : strnlen(record->mount.fstype, MICA_FSTYPE_BYTES);
	const char *separator = type_size ? " " : "", *then;

	(void)mica_utf8_append_escaped(&line->cell, record->mount.fstype, type_size);
	append_words(line, words.flags[0], &separator);
	append_words(line, words.flags[1], &separator);
	then = line->cell.size ? ", not " : "not ";
	append_words(line, words.cleared, &then);
	/* mount(2) has it among its flags. */
	if (attr) {
		then = line->cell.size ? ", " : "";
		append_words(line, (struct mica_mount_flags_of){ MICA_MOUNT_FLAGS_MS, words.propagation }, &then);
	}
}

static void append_fsconfig(struct line *line, const struct mica_event *event)
{
	const struct mica_mount *mount = &event->record.mount;
	char text[MICA_MOUNT_FLAG_TEXT];

	append_mount(line, &event->record);
	(void)mica_buffer_appendf(&line->cell, "%s%s", line->cell.size ? " " : "",
				  mica_fsconfig_command(mount->command, text));
	if (event->key.size) {
		(void)mica_buffer_append_byte(&line->cell, ' ');
		(void)mica_utf8_append_escaped(&line->cell, event->key.data, event->key.size);
	}
	if (event->value.size) {
		(void)mica_buffer_append_byte(&line->cell, '=');
		(void)mica_utf8_append_escaped(&line->cell, event->value.data, event->value.size);
	}
}

static void append_lost(struct line *line, const struct mica_event *event)
{
	const char *cause = mica_lost_cause_name(event->lost_cause);
	const char *of = mica_event_type_name(event->lost_of);

	(void)mica_buffer_appendf(&line->cell, "%llu %s%sevent%s ", (unsigned long long)event->lost_count, of ? of : "",
				  of ? " " : "", event->lost_count == 1 ? "" : "s");
	if (event->lost_cause == MICA_LOST_DETAIL)
		(void)mica_buffer_append_string(&line->cell, "may lack detail");
	else
		(void)mica_buffer_appendf(&line->cell, "lost: %s", cause ? cause : "?");
}

static void append_body(struct line *line, const struct mica_event *event)
{
	switch (event->record.type) {
	case MICA_EVENT_COPY_UP:
		append_copy_up(line, &event->record);
		break;
	case MICA_EVENT_WRITE:
		append_write(line, &event->record);
		break;
	case MICA_EVENT_WHITEOUT:
	case MICA_EVENT_OPAQUE:
		if (is_marker(event)) {
			(void)mica_buffer_append_string(&line->cell, "hides ");
			mica_label_object(&line->cell, &event->object);
		}
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
		append_mount(line, &event->record);
		break;
	case MICA_EVENT_FSCONFIG:
		append_fsconfig(line, event);
		break;
	case MICA_EVENT_UNION_UP:
		if (event->object.layers)
			(void)mica_buffer_appendf(&line->cell, "%u layer%s", event->object.layers,
						  event->object.layers == 1 ? "" : "s");
		break;
	case MICA_EVENT_DENY:
	case MICA_EVENT_AUDIT:
		mica_label_decision(&line->cell, event);
		break;
	case MICA_EVENT_LOST:
		append_lost(line, event);
		break;
	default:
		break;
	}
}

static void put_details(struct line *line, const struct mica_event *event)
{
	const struct mica_record *record = &event->record;
	const char *colour = record->type == MICA_EVENT_LOST ? BOLD_RED : DIM;

	append_body(line, event);
	if (event->container_path) {
		append_comma(line);
		put_text(line, "at ");
		put_text(line, event->container_path);
	}
	if (record->flags & MICA_RECORD_DETACHED) {
		append_comma(line);
		put_text(line, "detached");
	}
	if (record->flags & MICA_RECORD_PATH_AS_WRITTEN) {
		append_comma(line);
		put_text(line, "path as written");
	}
	if (record->flags & MICA_RECORD_PATH_RACED) {
		append_comma(line);
		put_text(line, "path changed meanwhile");
	}
	if (record->error && record->type != MICA_EVENT_DENY && record->type != MICA_EVENT_AUDIT) {
		append_comma(line);
		(void)mica_buffer_append_string(&line->cell, "failed: ");
		mica_label_errno(&line->cell, record->error);
		colour = RED;
	}
	put_cell(line, colour, 0);
}

static int finish(struct line *line, FILE *out)
{
	(void)mica_buffer_append_byte(&line->out, '\n');
	if (line->out.failed)
		return -ENOMEM;
	return fwrite(line->out.data, 1, line->out.size, out) == line->out.size ? 0 : -EIO;
}

int mica_sink_text(FILE *out, const struct mica_event *event, const struct mica_text_options *options)
{
	_cleanup_(line_free) struct line line = { .colour = options->colour };
	struct layout layout = choose_layout(options->width);
	const char *name = mica_event_type_name(event->record.type);

	put_time(&line, event->time_ns);
	put_container(&line, event, layout.container);
	put_process(&line, &event->record, layout.process);
	put_text(&line, name ? name : "?");
	put_cell(&line, event_colour(event->record.type), layout.event);
	put_object(&line, event, layout.object);
	put_path(&line, event, layout.path);
	put_details(&line, event);
	return finish(&line, out);
}

int mica_sink_text_heading(FILE *out, const struct mica_text_options *options)
{
	_cleanup_(line_free) struct line line = { .colour = options->colour };
	struct layout layout = choose_layout(options->width);
	const struct {
		const char *name;
		unsigned columns;
	} fields[] = {
		{ "TIME", TIME_COLUMNS },  { "CONTAINER", layout.container }, { "PROCESS", layout.process },
		{ "EVENT", layout.event }, { "OBJECT", layout.object },       { "PATH", layout.path },
		{ "DETAILS", 0 },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		put_text(&line, fields[i].name);
		put_cell(&line, DIM, fields[i].columns);
	}
	return finish(&line, out);
}
