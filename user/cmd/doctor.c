// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "kernel/kernel.h"

struct doctor {
	bool json;
	json_t *features;
	unsigned trace_missing;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "As one JSON object", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct doctor *doctor = state->input;

	(void)argument;
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	doctor->json = true;
	return 0;
}

static const char *state_name(enum mica_feature_state state)
{
	static const char *const names[] = { "ok", "degraded", "missing" };

	return names[state];
}

static int print_feature(const struct mica_feature *feature)
{
	(void)printf("%-9s %-24s %-8s %s\n", state_name(feature->state), feature->name, feature->needed_by,
		     feature->detail);
	if (*feature->remedy)
		(void)printf("%43s → %s\n", "", feature->remedy);
	return 0;
}

static int add_feature(struct doctor *doctor, const struct mica_feature *feature)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", feature->name, "state", state_name(feature->state),
				   "needed_by", feature->needed_by, "detail", feature->detail);

	if (!object)
		return -ENOMEM;
	if (*feature->remedy && json_object_set_new(object, "remedy", json_string(feature->remedy))) {
		json_decref(object);
		return -ENOMEM;
	}
	return json_array_append_new(doctor->features, object) ? -ENOMEM : 0;
}

static int visit(const struct mica_feature *feature, void *userdata)
{
	struct doctor *doctor = userdata;

	if (feature->state == MICA_FEATURE_MISSING)
		doctor->trace_missing++;
	return doctor->json ? add_feature(doctor, feature) : print_feature(feature);
}

static int print_verdict(const struct doctor *doctor)
{
	if (!doctor->json) {
		(void)printf("\ntrace:   %s\n", doctor->trace_missing ? "not possible here" : "possible");
		return 0;
	}
	json_t *object = json_pack("{s:b, s:O}", "trace", !doctor->trace_missing, "features", doctor->features);

	if (!object)
		return -ENOMEM;
	if (json_dumpf(object, stdout, JSON_INDENT(2)) || putchar('\n') == EOF) {
		json_decref(object);
		return -EIO;
	}
	json_decref(object);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Lists what this kernel can do for mica, found out by trying, and what to do about what is "
		       "missing.\v"
		       "Exit status: 0 when mica can trace here, 3 when not.",
	};
	struct doctor doctor = {};
	int error = mica_cmd_parse(&argp, argc, argv, &doctor);

	doctor.features = json_array();
	if (!error && !doctor.features)
		error = -ENOMEM;
	if (!error)
		error = mica_kernel_probe(visit, &doctor);
	if (!error)
		error = print_verdict(&doctor);
	json_decref(doctor.features);
	if (error) {
		mica_log_error_errno(error, "cannot probe the kernel");
		return MICA_EXIT_FAILURE;
	}
	return doctor.trace_missing ? MICA_EXIT_UNSUPPORTED : MICA_EXIT_OK;
}

const struct mica_command mica_command_doctor = {
	.name = "doctor",
	.summary = "list what this kernel can do, and what to do about the rest",
	.run = run,
};
