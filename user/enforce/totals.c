// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "enforce/decisions.h"
#include "stream/json_fields.h"

static int write_out(FILE *out, struct mica_buffer *line)
{
	int r = line->failed ? -ENOMEM : 0;

	if (r == 0 && fwrite(line->data, 1, line->size, out) != line->size)
		r = -EIO;
	mica_buffer_reset(line);
	return r;
}

static void add_text(struct mica_buffer *line, const struct mica_enforce_counter *counter,
		     const struct mica_event_decision *decision)
{
	(void)mica_buffer_appendf(line, "%10llu %10llu %10llu  ", (unsigned long long)counter->denied,
				  (unsigned long long)counter->audited, (unsigned long long)counter->suppressed);
	if (decision->policy)
		(void)mica_buffer_appendf(line, "%s/", decision->policy);
	(void)mica_buffer_append_string(line, decision->rule ? decision->rule : "?");
	if (decision->where) {
		(void)mica_buffer_append_string(line, "  ");
		(void)mica_utf8_append_escaped(line, decision->where, strlen(decision->where));
	}
	(void)mica_buffer_append_byte(line, '\n');
}

static void add_json(struct mica_buffer *line, const struct mica_enforce_counter *counter,
		     const struct mica_event_decision *decision, uint64_t time_ns)
{
	struct mica_json_writer writer = { .out = line };

	mica_json_begin(&writer, '{');
	mica_json_number(&writer, "v", 1);
	mica_json_time(&writer, time_ns);
	mica_json_word(&writer, "event", "totals");
	mica_json_string(&writer, "policy", decision->policy);
	mica_json_string(&writer, "rule", decision->rule);
	mica_json_string(&writer, "where", decision->where);
	mica_json_number(&writer, "denied", counter->denied);
	mica_json_number(&writer, "audited", counter->audited);
	mica_json_number(&writer, "suppressed", counter->suppressed);
	mica_json_end(&writer, '}');
	(void)mica_buffer_append_byte(line, '\n');
}

int mica_totals_print(FILE *out, struct mica_decisions *decisions, const struct mica_enforce_counter *counters,
		      const struct mica_totals_options *options)
{
	_cleanup_buffer_ struct mica_buffer line = {};
	int r = 0;

	if (!options->json)
		(void)mica_buffer_appendf(&line, "%10s %10s %10s  %s\n", "DENIED", "AUDITED", "NOT SHOWN",
					  "RULE  WHERE");
	for (uint32_t i = 0; r == 0 && i < decisions->force->image.counter_count; i++) {
		struct mica_event_decision decision;
		bool counted = counters[i].denied || counters[i].audited;

		/* What never happened of what is no rule's is nothing to tell. */
		if (!counted && (!options->all || i < _MICA_ENFORCE_COUNT_MAX))
			continue;
		mica_decisions_get(decisions, i, &decision);
		/* Parts that a policy has not. */
		if (!counted && !decision.where)
			continue;
		if (options->json)
			add_json(&line, &counters[i], &decision, options->time_ns);
		else
			add_text(&line, &counters[i], &decision);
		r = write_out(out, &line);
	}
	return r == 0 ? write_out(out, &line) : r;
}
