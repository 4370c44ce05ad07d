/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>

#include "base/error.h"

static const struct mica_command trace = { .name = "trace", .summary = "show what changes" };
static const struct mica_command doctor = { .name = "doctor", .summary = "check" };
static const struct mica_command *const commands[] = { &trace, &doctor, NULL };

static const struct argp_option child_options[] = { { "verbose", 'v', NULL, 0, "", 0 }, {} };
static const struct argp child = { .options = child_options };
static const struct argp_child children[] = { { &child, 0, NULL, 0 }, {} };
static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "", 0 },
	{ "container", 'c', "NAME", 0, "", 0 },
	{ "name", 0, NULL, OPTION_ALIAS, NULL, 0 },
	{ "colour", 'C', "WHEN", OPTION_ARG_OPTIONAL, "", 0 },
	{ NULL, 0, NULL, 0, "A heading:", 2 },
	{ "for", 'f', "TIME", 0, "", 0 },
	{},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	(void)argument;
	if (key == 'j')
		*(bool *)state->input = true;
	return key > 0 && strchr("jcCfv", key) ? 0 : ARGP_ERR_UNKNOWN;
}

static const struct argp argp = { .options = options, .parser = parse, .children = children };

/* The unknown option of the command line and the suggestion, as "name:suggestion"; "" for none. */
static void assert_unknown(const char *expected, char *const *argv)
{
	struct mica_cmd_unknown_option unknown;
	char text[200] = "";
	int argc = 0;

	while (argv[argc])
		argc++;
	if (mica_cmd_find_unknown_option(&argp, argc, argv, &unknown))
		(void)snprintf(text, sizeof(text), "%.*s:%s", unknown.name_size, unknown.name,
			       unknown.suggestion ? unknown.suggestion : "");
	cr_assert_str_eq(text, expected);
}

#define ARGV(...) ((char *[]){ (char[]){ "mica trace" }, __VA_ARGS__, NULL })

Test(cmd, finds_unknown_options)
{
	assert_unknown("jsno:json", ARGV("--jsno"));
	assert_unknown("jsno:json", ARGV("--json", "word", "--jsno=1"));
	assert_unknown("verbsoe:verbose", ARGV("--verbsoe"));
	assert_unknown("hepl:help", ARGV("--hepl"));
	assert_unknown("nmae:name", ARGV("--nmae", "x"));
	assert_unknown("zzzzzz:", ARGV("--zzzzzz"));
}

Test(cmd, accepts_what_argp_accepts)
{
	assert_unknown("", ARGV("--json", "--container=x", "--container", "x", "-jc", "x", "--colour", "--for", "1m"));
	assert_unknown("", ARGV("--js", "--verb", "--help", "--usage", "--version"));
	assert_unknown("", ARGV("--", "--jsno"));
	assert_unknown("", ARGV("-", "word"));
}

Test(cmd, arguments_are_no_options)
{
	assert_unknown("", ARGV("--container", "--jsno"));
	assert_unknown("", ARGV("--name", "--jsno"));
	assert_unknown("", ARGV("--cont", "--jsno"));
	assert_unknown("", ARGV("-c", "--jsno"));
	assert_unknown("", ARGV("-jc", "--jsno"));
	assert_unknown("jsno:json", ARGV("-cx", "--jsno"));
	assert_unknown("jsno:json", ARGV("-C", "--jsno"));
	assert_unknown("jsno:json", ARGV("--container=x", "--jsno"));
}

Test(cmd, posix_order)
{
	assert_unknown("jsno:json", ARGV("word", "--jsno"));
	cr_assert_eq(setenv("POSIXLY_CORRECT", "1", 1), 0);
	assert_unknown("", ARGV("word", "--jsno"));
}

Test(cmd, parses)
{
	bool json = false;

	cr_assert_eq(mica_cmd_parse(&argp, 2, ARGV("--js"), &json), 0);
	cr_assert(json);
}

static void redirect(void)
{
	cr_redirect_stderr();
}

Test(cmd, unknown_option_exits, .exit_code = MICA_EXIT_USAGE)
{
	bool json = false;

	(void)mica_cmd_parse(&argp, 2, ARGV("--jsno"), &json);
}

Test(cmd, wrong_short_option_exits, .exit_code = MICA_EXIT_USAGE)
{
	bool json = false;

	(void)mica_cmd_parse(&argp, 2, ARGV("-x"), &json);
}

Test(cmd, finds_and_suggests_commands, .init = redirect)
{
	cr_assert_eq(mica_cmd_find(commands, "doctor"), &doctor);
	cr_assert_null(mica_cmd_find(commands, "doc"));
	cr_assert_str_eq(mica_cmd_suggest(commands, "trcae"), "trace");
	cr_assert_null(mica_cmd_suggest(commands, "policy"));
	cr_assert_eq(mica_cmd_unknown(commands, "trcae"), MICA_EXIT_USAGE);
	cr_assert_eq(mica_cmd_unknown(commands, "policy"), MICA_EXIT_USAGE);
	(void)fflush(stderr);
	cr_assert_stderr_eq_str("mica: no command 'trcae'; did you mean 'trace'?\n"
				"mica: no command 'policy'; 'mica help' lists them\n");
}
