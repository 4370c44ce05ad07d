/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/suggest.h"

/* Bounds of what a verb may have; asserted by never reaching them (the tests parse every verb's --help). */
#define MAX_OPTIONS 128
#define MAX_COMMANDS 64

/* Options that argp adds to all (argp_default_options in glibc's argp/argp-parse.c); --version only when
 * argp_program_version is set, which user/main.c does. */
static const struct argp_option argp_own_options[] = {
	{ "help", '?', NULL, 0, NULL, 0 },
	{ "usage", 1, NULL, 0, NULL, 0 },
	{ "program-name", 2, "NAME", OPTION_HIDDEN, NULL, 0 },
	{ "HANG", 3, "SECS", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0 },
	{ "version", 'V', NULL, 0, NULL, 0 },
};

const struct mica_command *mica_cmd_find(const struct mica_command *const *commands, const char *name)
{
	for (; *commands; commands++)
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	return NULL;
}

const char *mica_cmd_suggest(const struct mica_command *const *commands, const char *name)
{
	const char *names[MAX_COMMANDS + 1] = {};

	for (size_t i = 0; commands[i] && i < MAX_COMMANDS; i++)
		names[i] = commands[i]->name;
	return mica_suggest(name, names);
}

int mica_cmd_unknown(const struct mica_command *const *commands, const char *name)
{
	const char *suggestion = mica_cmd_suggest(commands, name);

	if (suggestion)
		mica_log_error("no command '%s'; did you mean '%s'?", name, suggestion);
	else
		mica_log_error("no command '%s'; 'mica help' lists them", name);
	return MICA_EXIT_USAGE;
}

void mica_cmd_print_list(const struct mica_command *const *commands, FILE *out)
{
	(void)fputs("mica shows the layers and volumes of container file systems.\n\n"
		    "Usage: mica [--verbose] COMMAND [OPTION...]\n"
		    "       mica help COMMAND\n"
		    "       mica --version\n\n"
		    "Commands:\n",
		    out);
	for (; *commands; commands++)
		(void)fprintf(out, "  %-10s  %s\n", (*commands)->name, (*commands)->summary);
}

/* The options of an argp and of all below it, in a flat list. */
struct option_list {
	const struct argp_option *options[MAX_OPTIONS];
	/** The option that has the flags and the argument: itself, or the one that it is an alias of. */
	const struct argp_option *real[MAX_OPTIONS];
	size_t count;
};

static void add_option(struct option_list *list, const struct argp_option *option, const struct argp_option *real)
{
	if (list->count == MAX_OPTIONS)
		return;
	list->options[list->count] = option;
	list->real[list->count++] = real;
}

static bool is_last_option(const struct argp_option *option)
{
	return !option->key && !option->name && !option->doc && !option->group;
}

static void collect_options(struct option_list *list, const struct argp *argp)
{
	const struct argp_option *real = NULL;

	for (const struct argp_option *option = argp->options; option && !is_last_option(option); option++) {
		if (!(option->flags & OPTION_ALIAS) || !real)
			real = option;
		if (!(option->flags & OPTION_DOC))
			add_option(list, option, real);
	}
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		collect_options(list, child->argp);
}

static bool needs_argument(const struct argp_option *real)
{
	return real->arg && !(real->flags & OPTION_ARG_OPTIONAL);
}

/* The real option of a long name, or of an abbreviation; of several that fit any, for argp says what is ambiguous. */
static const struct argp_option *find_long(const struct option_list *list, const char *name, size_t size)
{
	const struct argp_option *abbreviated = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const char *known = list->options[i]->name;
		if (!known || strncmp(known, name, size) != 0)
			continue;
		if (known[size] == '\0')
			return list->real[i];
		abbreviated = list->real[i];
	}
	return abbreviated;
}

/* True if the argument is a run of short options ("-xo") whose last takes the next argument. */
static bool short_takes_next(const struct option_list *list, const char *argument)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		for (size_t i = 0; i < list->count; i++)
			if (list->options[i]->key == *letter && list->real[i]->arg)
				return needs_argument(list->real[i]) && letter[1] == '\0';
	}
	return false;
}

static const char *suggest_option(const struct option_list *list, const char *name, size_t size)
{
	const char *names[MAX_OPTIONS + 1] = {};
	char word[64]; /* mica_suggest compares no longer ones */
	size_t count = 0;

	if (size >= sizeof(word))
		return NULL;
	memcpy(word, name, size);
	word[size] = '\0';
	for (size_t i = 0; i < list->count; i++)
		if (list->options[i]->name && !(list->options[i]->flags & OPTION_HIDDEN))
			names[count++] = list->options[i]->name;
	return mica_suggest(word, names);
}

static bool find_unknown(const struct argp *argp, int argc, char *const *argv, bool stops_at_word,
			 struct mica_cmd_unknown_option *ret)
{
	struct option_list list = {};

	collect_options(&list, argp);
	for (size_t i = 0; i < sizeof(argp_own_options) / sizeof(argp_own_options[0]); i++)
		add_option(&list, &argp_own_options[i], &argp_own_options[i]);

	for (int i = 1; i < argc; i++) {
		const char *argument = argv[i];
		if (argument[0] != '-' || argument[1] == '\0') {
			if (stops_at_word)
				return false;
			continue;
		}
		if (argument[1] != '-') {
			i += short_takes_next(&list, argument);
			continue;
		}
		const char *name = argument + 2;
		size_t size = strcspn(name, "=");
		if (*name == '\0')
			return false; /* "--" */
		const struct argp_option *known = find_long(&list, name, size);
		if (!known) {
			*ret = (struct mica_cmd_unknown_option){ .name = name,
								 .name_size = (int)size,
								 .suggestion = suggest_option(&list, name, size) };
			return true;
		}
		i += needs_argument(known) && name[size] != '=';
	}
	return false;
}

bool mica_cmd_find_unknown_option(const struct argp *argp, int argc, char *const *argv,
				  struct mica_cmd_unknown_option *ret)
{
	/* Then the first word that is no option ends them, for getopt as for us. */
	return find_unknown(argp, argc, argv, getenv("POSIXLY_CORRECT"), ret);
}

static int parse(const struct argp *argp, int argc, char **argv, bool stops_at_word, int wrong_usage, void *input)
{
	struct mica_cmd_unknown_option unknown;

	argp_err_exit_status = wrong_usage;
	if (find_unknown(argp, argc, argv, stops_at_word || getenv("POSIXLY_CORRECT"), &unknown)) {
		if (unknown.suggestion)
			(void)fprintf(stderr, "%s: no option '--%.*s'; did you mean '--%s'?\n", argv[0],
				      unknown.name_size, unknown.name, unknown.suggestion);
		else
			(void)fprintf(stderr, "%s: no option '--%.*s'; '%s --help' lists them\n", argv[0],
				      unknown.name_size, unknown.name, argv[0]);
		exit(wrong_usage);
	}
	return argp_parse(argp, argc, argv, stops_at_word ? ARGP_IN_ORDER : 0, NULL, input);
}

int mica_cmd_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	return parse(argp, argc, argv, false, MICA_EXIT_USAGE, input);
}

int mica_cmd_parse_to_word(const struct argp *argp, int argc, char **argv, int wrong_usage, void *input)
{
	return parse(argp, argc, argv, true, wrong_usage, input);
}
