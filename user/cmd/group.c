// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"

static void print_usage(const struct mica_command_group *group, FILE *out)
{
	(void)fprintf(out, "Usage: %s VERB ...\n\n%s Verbs:\n", group->name, group->summary);
	for (size_t i = 0; group->verbs[i]; i++)
		(void)fprintf(out, "  %-9s %s\n", group->verbs[i]->name, group->verbs[i]->summary);
	(void)fprintf(out, "\n%s\n", group->more);
}

int mica_cmd_run_group(const struct mica_command_group *group, int argc, char **argv)
{
	_cleanup_buffer_ struct mica_buffer title = {};
	const struct mica_command *verb;

	if (argc < 2) {
		print_usage(group, stderr);
		return MICA_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0) {
		print_usage(group, stdout);
		return MICA_EXIT_OK;
	}
	verb = mica_cmd_find(group->verbs, argv[1]);
	if (!verb) {
		const char *near = mica_cmd_suggest(group->verbs, argv[1]);
		mica_log_error("there is no '%s %s'%s%s%s", group->name, argv[1], near ? "; did you mean '" : "",
			       near ? near : "", near ? "'?" : "");
		return MICA_EXIT_USAGE;
	}
	(void)mica_buffer_appendf(&title, "%s %s", group->name, verb->name);
	if (!mica_buffer_string(&title)) {
		mica_log_error("out of memory");
		return MICA_EXIT_FAILURE;
	}
	argv[1] = title.data;
	return verb->run(argc - 1, argv + 1);
}
