/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The totals as JSON, one object a line. The names are the contract of mica-trace(8): fields may be added, none
 * renamed.
 */
#include <errno.h>

#include "stream/json_fields.h"
#include "stream/statistics_internal.h"

struct output {
	FILE *out;
	uint64_t time_ns;
	/** The line under way. */
	struct mica_buffer line;
	struct mica_json_writer writer;
	/** 0, -ENOMEM or -EIO: what comes after is left out. */
	int error;
};

static struct mica_json_writer *begin_line(struct output *output, const char *what)
{
	struct mica_json_writer *writer = &output->writer;

	mica_buffer_reset(&output->line);
	*writer = (struct mica_json_writer){ .out = &output->line };
	mica_json_begin(writer, '{');
	mica_json_number(writer, "v", 1);
	mica_json_time(writer, output->time_ns);
	mica_json_string(writer, "statistics", what);
	return writer;
}

static void end_line(struct output *output)
{
	mica_json_end(&output->writer, '}');
	(void)mica_buffer_append_byte(&output->line, '\n');
	if (output->line.failed)
		output->error = -ENOMEM;
	else if (fwrite(output->line.data, 1, output->line.size, output->out) != output->line.size)
		output->error = -EIO;
}

static void write_whose(struct mica_json_writer *writer, const struct row *row)
{
	const struct mica_container container = {
		.id = row->key.id, .name = row->key.name, .image = row->image, .engine = row->engine
	};

	if (row->key.rank == MICA_RANK_CONTAINER)
		mica_json_container(writer, &container);
	else if (row->key.rank == MICA_RANK_HOST)
		mica_json_true(writer, "host");
	else if (row->key.mnt_ns)
		mica_json_number(writer, "mnt_ns", row->key.mnt_ns);
}

static void write_row(const void *node, VISIT visit, void *closure)
{
	const struct row *row = mica_statistics_row(node, visit);
	struct output *output = closure;
	struct mica_json_writer *writer;
	uint64_t ns;

	if (!row || output->error)
		return;
	writer = begin_line(output, "row");
	write_whose(writer, row);
	mica_json_object(writer, &row->key.object);
	mica_json_number(writer, "copy_ups", row->copy_ups);
	mica_json_number(writer, "bytes", row->bytes);
	if (mica_statistics_percentile(row, 50, &ns))
		mica_json_number(writer, "p50_ns", ns);
	if (mica_statistics_percentile(row, 99, &ns))
		mica_json_number(writer, "p99_ns", ns);
	mica_json_number(writer, "whiteouts", row->whiteouts);
	mica_json_number(writer, "creates", row->creates);
	mica_json_number(writer, "deletes", row->deletes);
	mica_json_number(writer, "renames", row->renames);
	mica_json_number(writer, "writes", row->writes);
	mica_json_number(writer, "bytes_written", row->bytes_written);
	mica_json_number(writer, "bytes_requested", row->bytes_requested);
	end_line(output);
}

static void write_lost(struct mica_json_writer *writer, const struct mica_statistics *statistics)
{
	mica_json_number(writer, "lost", statistics->lost);
	mica_json_key(writer, "lost_by");
	mica_json_begin(writer, '[');
	for (unsigned cause = 0; cause < _MICA_LOST_MAX; cause++) {
		for (unsigned of = 0; of < _MICA_EVENT_MAX; of++) {
			if (!statistics->lost_by[cause][of])
				continue;
			if (writer->comma)
				(void)mica_buffer_append_byte(writer->out, ',');
			mica_json_begin(writer, '{');
			mica_json_number(writer, "count", statistics->lost_by[cause][of]);
			mica_json_string(writer, "cause", mica_lost_cause_name(cause));
			mica_json_string(writer, "of", mica_event_type_name(of));
			mica_json_end(writer, '}');
		}
	}
	mica_json_end(writer, ']');
}

static void write_total(struct output *output, const struct mica_statistics *statistics,
			const struct mica_statistics_cost *cost)
{
	struct mica_json_writer *writer = begin_line(output, "total");

	mica_json_number(writer, "events", statistics->events);
	write_lost(writer, statistics);
	mica_json_number(writer, "elapsed_ns", cost->elapsed_ns);
	mica_json_number(writer, "cpu_ns", cost->cpu_ns);
	mica_json_number(writer, "memory_bytes", cost->memory_bytes);
	mica_json_number(writer, "ring_bytes", cost->ring_bytes);
	mica_json_number(writer, "ring_peak_bytes", cost->ring_peak_bytes);
	end_line(output);
}

int mica_statistics_print_json(const struct mica_statistics *statistics, const struct mica_statistics_cost *cost,
			       uint64_t time_ns, FILE *out)
{
	struct output output = { .out = out, .time_ns = time_ns };

	twalk_r(statistics->rows, write_row, &output);
	if (!output.error)
		write_total(&output, statistics, cost);
	mica_buffer_free(&output.line);
	return output.error;
}
