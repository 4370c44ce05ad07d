// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cmd/policy.h"
#include "policy/decide.h"
#include "policy/mount_words.h"

enum {
	KEY_ID = 256,
	KEY_CGROUP,
	KEY_ENGINE,
	KEY_IMAGE,
	KEY_ON,
	KEY_UNION,
	KEY_VOLUME,
	KEY_LAYER,
	KEY_PATH,
	KEY_FOREIGN,
	KEY_TYPE,
	KEY_SOURCE,
	KEY_FLAGS,
};

struct options {
	struct mica_policy_question question;
	/** Bits of enum mica_operation. */
	uint32_t operations;
	unsigned objects;
	bool has_path;
	char **files;
	size_t count;
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Who asks:", 1 },
	{ "container", 'c', "NAME", 0, "Container of this name", 1 },
	{ "id", KEY_ID, "ID", 0, "With this id", 1 },
	{ "image", KEY_IMAGE, "IMAGE", 0, "Of this image", 1 },
	{ "cgroup", KEY_CGROUP, "PATH", 0, "In this cgroup", 1 },
	{ "namespace", 'n', "NUMBER", 0, "In this mount namespace", 1 },
	{ "engine", KEY_ENGINE, "ENGINE", 0, "Of this engine", 1 },
	{ NULL, 0, NULL, 0, "For what:", 2 },
	{ "on", KEY_ON, "OPERATION", 0, "Operation or group; may be repeated", 2 },
	{ "union", KEY_UNION, "PATH", 0, "On this path in a union", 2 },
	{ "volume", KEY_VOLUME, "NAME", 0, "On a volume", 2 },
	{ "layer", KEY_LAYER, "DIGEST|NUMBER", 0, "On a file in a layer's directory", 2 },
	{ "path", KEY_PATH, "PATH", 0, "Path in the volume or layer (default /)", 2 },
	{ "foreign", KEY_FOREIGN, NULL, 0, "The object is not the container's own", 2 },
	{ NULL, 0, NULL, 0, "Of a mount:", 3 },
	{ "type", KEY_TYPE, "TYPE", 0, "Type of the file system", 3 },
	{ "source", KEY_SOURCE, "SOURCE", 0, "What is mounted", 3 },
	{ "flags", KEY_FLAGS, "WORD,...", 0, "Flags, in the words of mica-policy(5)", 3 },
	{ 0 },
};

static void parse_flags(const char *argument, struct mica_policy_question *question, struct argp_state *state)
{
	_cleanup_free_ char *copy = strdup(argument);
	char *rest = NULL;

	if (!copy)
		argp_failure(state, MICA_EXIT_FAILURE, ENOMEM, "--flags");
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		const struct mica_mount_word *known = mica_mount_word_find(word);
		const char *near = known ? NULL : mica_mount_word_suggest(word);
		if (!known)
			argp_error(state, "there is no mount flag '%s'%s%s%s", word, near ? "; did you mean '" : "",
				   near ? near : "", near ? "'?" : "");
		else if (known->clear)
			question->mount_flags &= ~known->flag;
		else
			question->mount_flags |= known->flag;
	}
}

static uint32_t parse_operation(const char *argument, struct argp_state *state)
{
	uint32_t operations = mica_operation_find(argument);
	const char *near = operations ? NULL : mica_operation_suggest(argument);

	if (!operations)
		argp_error(state, "there is no operation '%s'%s%s%s", argument, near ? "; did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
	return operations;
}

static void take_object(struct options *test, enum mica_policy_object object, const char *argument)
{
	char *end;
	unsigned long number = strtoul(argument, &end, 10);

	test->objects++;
	test->question.object = object;
	if (object == MICA_POLICY_UNION)
		test->question.path = argument;
	else if (object == MICA_POLICY_LAYER && *argument && !*end && number >= 1 && number <= MICA_POLICY_MAX_LAYER)
		test->question.layer = (unsigned)number;
	else
		test->question.object_name = argument;
}

static error_t parse_object(int key, char *argument, struct options *test, struct argp_state *state)
{
	switch (key) {
	case KEY_ON:
		test->operations |= parse_operation(argument, state);
		return 0;
	case KEY_UNION:
	case KEY_VOLUME:
	case KEY_LAYER:
		take_object(test, (enum mica_policy_object)(key - KEY_UNION), argument);
		return 0;
	case KEY_PATH:
		test->question.path = argument;
		test->has_path = true;
		return 0;
	case KEY_FOREIGN:
		test->question.foreign = true;
		return 0;
	case KEY_TYPE:
		test->question.mount_type = argument;
		return 0;
	case KEY_SOURCE:
		test->question.mount_source = argument;
		return 0;
	case KEY_FLAGS:
		parse_flags(argument, &test->question, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/** What argp cannot know: which options go together. */
static void check_options(const struct options *test, struct argp_state *state)
{
	const struct mica_policy_question *question = &test->question;

	if (!test->count)
		argp_error(state, "which file?");
	if (!test->operations)
		argp_error(state, "--on says which operation");
	if (test->objects > 1)
		argp_error(state, "one of --union, --volume and --layer");
	if (!test->objects && (test->operations & ~MICA_OPERATIONS_CAPABILITY))
		argp_error(state, "--union, --volume or --layer says on what");
	if (test->has_path && question->object == MICA_POLICY_UNION)
		argp_error(state, "--path goes with --volume and --layer");
	if (question->path && question->path[0] != '/')
		argp_error(state, "'%s': a path in an object begins with '/'", question->path);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *test = state->input;
	struct mica_policy_who *who = &test->question.who;

	switch (key) {
	case 'c':
		who->container = argument;
		return 0;
	case KEY_ID:
		who->id = argument;
		return 0;
	case KEY_IMAGE:
		who->image = argument;
		return 0;
	case KEY_CGROUP:
		who->cgroup = argument;
		return 0;
	case 'n':
		who->namespace = argument;
		return 0;
	case KEY_ENGINE:
		who->engine = argument;
		return 0;
	case ARGP_KEY_ARGS:
		test->files = state->argv + state->next;
		test->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		check_options(test, state);
		return 0;
	default:
		return parse_object(key, argument, test, state);
	}
}

static void append_voice(struct mica_buffer *out, const struct mica_policy_answer *answer)
{
	static const char *const isolation[] = { "unions", "volumes", "layers" };
	const struct mica_policy *policy = answer->policy;

	if (!policy) {
		(void)mica_buffer_append_string(out, "no policy has an opinion");
		return;
	}
	(void)mica_buffer_appendf(out, "%s/", policy->name);
	if (answer->voice == MICA_POLICY_VOICE_RULE)
		(void)mica_buffer_append_string(out, policy->rules[answer->index].name);
	else if (answer->voice == MICA_POLICY_VOICE_ISOLATION)
		(void)mica_buffer_appendf(out, "isolation.%s", isolation[answer->index]);
	else
		(void)mica_buffer_append_string(out, mica_policy_voice_name(answer->voice));
	(void)mica_buffer_append_string(out, "  ");
	(void)mica_utf8_append_escaped(out, policy->file, strlen(policy->file));
	(void)mica_buffer_appendf(out, ":%u", answer->place.line);
}

/** Asks for each operation, a line for each. */
static int answer_all(const struct mica_policy_compiled *compiled, struct options *test, struct mica_buffer *out)
{
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++) {
		struct mica_policy_answer answer = {};
		if (!(test->operations & MICA_OPERATION_BIT(i)))
			continue;
		test->question.operation = i;
		int r = mica_policy_decide(compiled, &test->question, &answer);
		if (r < 0)
			return r;
		(void)mica_buffer_appendf(out, "%s  %s%s%s  ", mica_operation_describe(i)->name,
					  mica_verdict_name(answer.verdict), answer.error ? " " : "",
					  answer.error ? mica_errno_name(answer.error) : "");
		append_voice(out, &answer);
		(void)mica_buffer_append_byte(out, '\n');
	}
	return out->failed ? -ENOMEM : 0;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "FILE...",
		.doc = "Says what policies decide: for each operation the verdict, and whose word it is.",
	};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_buffer_ struct mica_buffer out = {};
	struct options test = {};
	int status, r;

	if (mica_cmd_parse(&argp, argc, argv, &test) != 0)
		return MICA_EXIT_USAGE;
	status = mica_policy_open((const char *const *)test.files, test.count, &set);
	if (status == MICA_EXIT_OK)
		status = mica_policy_open_compiled(&set, &compiled);
	if (status != MICA_EXIT_OK)
		return status;
	r = answer_all(&compiled, &test, &out);
	if (r < 0) {
		mica_log_error_errno(r, "cannot decide");
		return r == -ENAMETOOLONG ? MICA_EXIT_USAGE : MICA_EXIT_FAILURE;
	}
	(void)fwrite(out.data, 1, out.size, stdout);
	return MICA_EXIT_OK;
}

const struct mica_command mica_policy_command_test = {
	.name = "test",
	.summary = "say what policies decide",
	.run = run,
};
