/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The totals as a table for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/format.h"
#include "base/utf8.h"
#include "stream/statistics_internal.h"

enum column { CONTAINER, OBJECT, COPY_UPS, BYTES, P50, P99, WHITEOUTS, CREATED, DELETED, RENAMED, WRITTEN, COLUMNS };

static const char *const headings[COLUMNS] = { "CONTAINER", "OBJECT",  "COPY-UPS", "BYTES",   "p50",    "p99",
					       "WHITEOUTS", "CREATED", "DELETED",  "RENAMED", "WRITTEN" };

/* The table under way, filled in two walks: widths first. */
struct table {
	FILE *out;
	bool print;
	size_t widths[COLUMNS];
};

static const char *format_percentile(const struct row *row, unsigned percent, char text[static MICA_FORMAT_SIZE])
{
	uint64_t ns;

	if (!mica_statistics_percentile(row, percent, &ns))
		return "-";
	return mica_format_duration(ns, text);
}

static const char *format_cell(const struct row *row, enum column column, char text[static MICA_FORMAT_SIZE])
{
	const uint64_t numbers[COLUMNS] = {
		[COPY_UPS] = row->copy_ups, [WHITEOUTS] = row->whiteouts, [CREATED] = row->creates,
		[DELETED] = row->deletes,   [RENAMED] = row->renames,
	};

	switch (column) {
	case CONTAINER:
		return row->container_label;
	case OBJECT:
		return row->object_label;
	case BYTES:
		return row->copy_ups ? mica_format_bytes(row->bytes, text) : "-";
	case P50:
	case P99:
		return format_percentile(row, column == P50 ? 50 : 99, text);
	case WRITTEN:
		return row->writes || row->bytes_written || row->bytes_requested
			       ? mica_format_bytes(row->bytes_written + row->bytes_requested, text)
			       : "-";
	default:
		(void)snprintf(text, MICA_FORMAT_SIZE, "%" PRIu64, numbers[column]);
		return text;
	}
}

static void put_cell(struct table *table, enum column column, const char *text)
{
	size_t width = mica_utf8_columns(text, strlen(text));
	bool is_text = column == CONTAINER || column == OBJECT;

	if (!table->print) {
		if (width > table->widths[column])
			table->widths[column] = width;
		return;
	}
	int padding = (int)(table->widths[column] - width);
	(void)fprintf(table->out, "%s%*s%s%*s", column ? "  " : "", is_text ? 0 : padding, "", text,
		      is_text ? padding : 0, "");
	if (column + 1 == COLUMNS)
		(void)fputc('\n', table->out);
}

static void put_row(const void *node, VISIT visit, void *closure)
{
	const struct row *row = mica_statistics_row(node, visit);

	if (!row)
		return;
	for (unsigned column = 0; column < COLUMNS; column++) {
		char text[MICA_FORMAT_SIZE];
		put_cell(closure, column, format_cell(row, column, text));
	}
}

static void print_table(const struct mica_statistics *statistics, FILE *out)
{
	struct table table = { .out = out };

	for (int pass = 0; pass < 2; pass++) {
		table.print = pass == 1;
		for (unsigned column = 0; column < COLUMNS; column++)
			put_cell(&table, column, headings[column]);
		twalk_r(statistics->rows, put_row, &table);
	}
	(void)fputs("p50, p99: duration of a copy-up, rounded up to a power of two of nanoseconds\n"
		    "WRITTEN: as the kernel returned, for volumes as asked for\n",
		    out);
}

static void print_lost(const struct mica_statistics *statistics, FILE *out)
{
	static const char *const meanings[_MICA_LOST_MAX] = {
		[MICA_LOST_RING_FULL] = "the ring buffer was full: mica or what reads its output is too slow",
		[MICA_LOST_NO_SCRATCH] = "no scratch memory left on the CPU",
		[MICA_LOST_NO_STATE] = "no room to note an operation under way",
		[MICA_LOST_SKIPPED] = "the kernel skipped the tracing program (at most so many)",
		[MICA_LOST_UNREADABLE] = "the record could not be read",
		[MICA_LOST_DETAIL] = "not lost, but the reason, duration, bytes or action may be missing",
	};

	(void)fprintf(out, "lost: %" PRIu64 "\n", statistics->lost);
	for (unsigned cause = 0; cause < _MICA_LOST_MAX; cause++) {
		for (unsigned of = 0; of < _MICA_EVENT_MAX; of++) {
			const char *name = mica_event_type_name(of);
			uint64_t count = statistics->lost_by[cause][of];
			if (count)
				(void)fprintf(out, "  %" PRIu64 " %s%s%s: %s\n", count, name ? name : "",
					      name ? ", " : "", mica_lost_cause_name(cause), meanings[cause]);
		}
	}
}

int mica_statistics_print(const struct mica_statistics *statistics, FILE *out)
{
	if (statistics->rows)
		print_table(statistics, out);
	(void)fprintf(out, "events: %" PRIu64 "\n", statistics->events);
	print_lost(statistics, out);
	return ferror(out) ? -EIO : 0;
}

static void print_share(FILE *out, uint64_t part, uint64_t whole)
{
	(void)fprintf(out, "%.1f %%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

int mica_statistics_print_cost(const struct mica_statistics_cost *cost, FILE *out)
{
	char text[MICA_FORMAT_SIZE];

	(void)fprintf(out, "mica itself: %s of CPU time ", mica_format_duration(cost->cpu_ns, text));
	(void)fprintf(out, "in %s (", mica_format_duration(cost->elapsed_ns, text));
	print_share(out, cost->cpu_ns, cost->elapsed_ns);
	(void)fprintf(out, "), at most %s of memory\n", mica_format_bytes(cost->memory_bytes, text));
	(void)fprintf(out, "ring buffer: at most %s ", mica_format_bytes(cost->ring_peak_bytes, text));
	(void)fprintf(out, "of %s full (", mica_format_bytes(cost->ring_bytes, text));
	print_share(out, cost->ring_peak_bytes, cost->ring_bytes);
	(void)fputs(")\n", out);
	return ferror(out) ? -EIO : 0;
}
