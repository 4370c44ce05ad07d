// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "cmd/policy.h"
#include "cmd/policy_answer.h"
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
	KEY_JSON,
};

/** An operation is denied. */
#define MICA_POLICY_EXIT_DENIED 1

struct options {
	struct mica_policy_question question;
	/** Bits of enum mica_operation. */
	uint32_t operations;
	unsigned objects;
	bool has_path;
	/** Some of --type, --source and --flags. */
	bool has_mount;
	bool json;
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
	{ NULL, 0, NULL, 0, "The answer:", 4 },
	{ "json", KEY_JSON, NULL, 0, "As JSON, an object a line", 4 },
	{ 0 },
};

#define DIGITS "0123456789"

/** The operations that know a type, source or flags. */
#define MOUNT_KEYS                                                                                  \
	(MICA_OPERATION_BIT(MICA_OPERATION_MOUNT) | MICA_OPERATION_BIT(MICA_OPERATION_MOVE_MOUNT) | \
	 MICA_OPERATION_BIT(MICA_OPERATION_REMOUNT))

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

static void take_object(struct options *test, enum mica_policy_object object, const char *argument,
			struct argp_state *state)
{
	bool is_number = object == MICA_POLICY_LAYER && strspn(argument, DIGITS) == strlen(argument);
	unsigned long number = is_number ? strtoul(argument, NULL, 10) : 0;

	test->objects++;
	test->question.object = object;
	if (!*argument)
		argp_error(state, "--%s is empty", mica_policy_object_name(object));
	else if (is_number && (number < 1 || number > MICA_POLICY_MAX_LAYER))
		argp_error(state, "the number of a layer is 1 (the topmost) to %d, not %s", MICA_POLICY_MAX_LAYER,
			   argument);
	else if (object == MICA_POLICY_UNION)
		test->question.path = argument;
	else if (is_number)
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
		take_object(test, (enum mica_policy_object)(key - KEY_UNION), argument, state);
		return 0;
	case KEY_PATH:
		test->question.path = argument;
		test->has_path = true;
		return 0;
	case KEY_FOREIGN:
		test->question.foreign = true;
		return 0;
	case KEY_TYPE:
		test->has_mount = true;
		test->question.mount_type = argument;
		return 0;
	case KEY_SOURCE:
		test->has_mount = true;
		test->question.mount_source = argument;
		return 0;
	case KEY_FLAGS:
		test->has_mount = true;
		parse_flags(argument, &test->question, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/** A path that the kernel could have: the tables know no other. */
static void check_path(const char *path, struct argp_state *state)
{
	size_t size = strlen(path);

	if (path[0] != '/')
		argp_error(state, "'%s': a path in an object begins with '/'", path);
	if (size > MICA_POLICY_PATH_BYTES)
		argp_error(state, "a path has at most %d bytes, this one %zu", MICA_POLICY_PATH_BYTES, size);
	for (const char *name = path + 1; *name || name > path + 1;) {
		size_t length = strcspn(name, "/");
		if (length == 0 || (length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.'))
			argp_error(state, "'%s': write the path without '.', '..', '//' and a '/' at its end", path);
		if (name[length] == '\0')
			return;
		name += length + 1;
	}
}

/** Which options say on what. */
static void check_object(const struct options *test, struct argp_state *state)
{
	const struct mica_policy_question *question = &test->question;
	bool in_union = !test->objects || question->object == MICA_POLICY_UNION;

	if (test->objects > 1)
		argp_error(state, "one of --union, --volume and --layer");
	if (!test->objects && (test->operations & ~MICA_OPERATIONS_CAPABILITY))
		argp_error(state, "--union, --volume or --layer says on what");
	if (!test->objects && question->foreign)
		argp_error(state, "--foreign goes with --union, --volume and --layer");
	if (test->has_path && in_union)
		argp_error(state, "--path goes with --volume and --layer; the path in a union is what --union says");
	if (!in_union && !(test->operations & ~MICA_OPERATIONS_CHANGE_LOWER))
		argp_error(state, "this happens in unions only, never in a %s",
			   mica_policy_object_name(question->object));
	if (question->path)
		check_path(question->path, state);
}

/** What argp cannot know: which options go together. */
static void check_options(const struct options *test, struct argp_state *state)
{
	const char *namespace = test->question.who.namespace;

	if (!test->count)
		argp_error(state, "which file?");
	if (!test->operations)
		argp_error(state, "--on says which operation");
	check_object(test, state);
	if (test->has_mount && !(test->operations & MOUNT_KEYS))
		argp_error(state, "--type, --source and --flags go with --on mount, move-mount and remount");
	if (namespace && (!*namespace || strspn(namespace, DIGITS) != strlen(namespace)))
		argp_error(state, "'%s' is not the number of a namespace", namespace);
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
	case KEY_JSON:
		test->json = true;
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

/** Asks for each operation. The exit status; what is wrong is said. */
static int ask_all(const struct mica_policy_compiled *compiled, struct options *test,
		   struct mica_policy_said said[static _MICA_OPERATION_MAX], size_t *ret_count)
{
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++) {
		if (!(test->operations & MICA_OPERATION_BIT(i)))
			continue;
		test->question.operation = i;
		said[*ret_count].operation = i;
		int r = mica_policy_decide(compiled, &test->question, &said[*ret_count].answer);
		if (r < 0) {
			mica_log_error_errno(r, "cannot decide %s", mica_operation_describe(i)->name);
			return MICA_EXIT_FAILURE;
		}
		++*ret_count;
	}
	return MICA_EXIT_OK;
}

/** Whether some policy is for the subject: 1, 0 or -ENOMEM. */
static int any_applies(const struct mica_policy_set *set, const struct mica_policy_who *who)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++)
		r = mica_policy_applies(set, i, who);
	return r;
}

/** The exit status. */
static int answer(const struct mica_policy_compiled *compiled, struct options *test)
{
	_cleanup_buffer_ struct mica_buffer out = {};
	struct mica_policy_said said[_MICA_OPERATION_MAX] = {};
	size_t count = 0;
	int status = ask_all(compiled, test, said, &count), r;

	if (status != MICA_EXIT_OK)
		return status;
	r = any_applies(compiled->set, &test->question.who);
	if (r >= 0)
		r = (test->json ? mica_policy_answers_append_json : mica_policy_answers_append_text)(&out, said, count,
												     r);
	if (r < 0) {
		mica_log_error_errno(r, "cannot say what was decided");
		return MICA_EXIT_FAILURE;
	}
	(void)fwrite(out.data, 1, out.size, stdout);
	for (size_t i = 0; i < count; i++)
		if (said[i].answer.verdict == MICA_VERDICT_DENY)
			return MICA_POLICY_EXIT_DENIED;
	return MICA_EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "FILE...",
		.doc = "Says what policies decide: for each operation the verdict, the errno, who decides, and where.\v"
		       "Exits with 1 if an operation is denied, and with 0 if all are allowed or audited.",
	};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct options test = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &test) != 0)
		return MICA_EXIT_USAGE;
	status = mica_policy_open((const char *const *)test.files, test.count, &set);
	if (status == MICA_EXIT_OK)
		status = mica_policy_open_compiled(&set, &compiled);
	if (status != MICA_EXIT_OK)
		return status;
	return answer(&compiled, &test);
}

const struct mica_command mica_policy_command_test = {
	.name = "test",
	.summary = "say what policies decide",
	.run = run,
};
