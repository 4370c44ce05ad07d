// SPDX-License-Identifier: BSD-2-Clause
#include "store/reconcile.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/store.h"

struct options {
	const char *root;
	const char *const *names;
	bool dry_run, json;
	/** Something could not be put right. */
	bool left;
};

enum {
	KEY_DRY_RUN = 0x800,
	KEY_JSON,
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->root;
		return 0;
	case KEY_DRY_RUN:
		options->dry_run = true;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->names = (const char *const *)state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *outcome(const struct options *options, const struct mica_reconcile_report *report)
{
	if (report->done)
		return "done";
	return report->step == MICA_STEP_WAIT ? "waiting" : options->dry_run ? "planned" : "failed";
}

/* A path is bytes: what is no UTF-8 in it is shown escaped. */
static json_t *text_of(const char *bytes)
{
	_cleanup_buffer_ struct mica_buffer text = {};

	if (mica_utf8_valid(bytes, strlen(bytes)))
		return json_string(bytes);
	(void)mica_utf8_append_escaped(&text, bytes, strlen(bytes));
	return mica_buffer_string(&text) ? json_string(text.data) : NULL;
}

static void print_json(const struct options *options, const struct mica_reconcile_report *report)
{
	json_t *object = json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "kind", mica_kept_kind_name(report->kept->kind),
				   "name", text_of(report->kept->name), "target", text_of(report->kept->target),
				   "drift", mica_drift_name(report->drift), "step", mica_step_name(report->step),
				   "outcome", outcome(options, report));

	if (object && *report->words)
		(void)json_object_set_new(object, "reason", text_of(report->words));
	if (object)
		(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	(void)fflush(stdout);
	json_decref(object);
}

static void print(const struct mica_reconcile_report *report, void *userdata)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	struct options *options = userdata;

	options->left |= !report->done && !options->dry_run;
	if (options->json) {
		print_json(options, report);
		return;
	}
	(void)mica_buffer_appendf(&text, "%-8s  %-8s  %-6s  %-9s  ", outcome(options, report),
				  mica_step_name(report->step), mica_kept_kind_name(report->kept->kind),
				  mica_drift_name(report->drift));
	(void)mica_utf8_append_escaped(&text, report->kept->name, strlen(report->kept->name));
	if (*report->words) {
		(void)mica_buffer_append_string(&text, "  ");
		(void)mica_utf8_append_escaped(&text, report->words, strlen(report->words));
	}
	if (mica_buffer_string(&text))
		(void)puts(text.data);
}

static int run(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "dry-run", KEY_DRY_RUN, NULL, 0, "Only print what would be done", 0 },
		{ "json", KEY_JSON, NULL, 0, "One JSON object a line", 0 },
		{ 0 },
	};
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table,
		.parser = parse_option,
		.args_doc = "[NAME...]",
		.doc = "Brings back the unions, layers and volumes that should be mounted and are not; those named, or "
		       "all.",
		.children = children,
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct mica_reconcile_counts counts;
	struct options options = {};
	int status, r;

	if (mica_cmd_parse(&argp, argc, argv, &options))
		return MICA_EXIT_USAGE;
	status = mica_cmd_store_open(options.root, &store);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_reconcile(store,
			   &(struct mica_reconcile_options){ .dry_run = options.dry_run, .names = options.names },
			   print, &options, &counts);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot reconcile");
	if (!options.json)
		(void)printf("%zu in place, %zu not%s", counts.kept, counts.drifted, options.dry_run ? "\n" : "");
	if (!options.json && !options.dry_run)
		(void)printf(", %zu put right\n", counts.restored);
	return options.left ? MICA_EXIT_FAILURE : MICA_EXIT_OK;
}

const struct mica_command mica_command_reconcile = {
	.name = "reconcile",
	.summary = "bring back what should be mounted",
	.run = run,
};
