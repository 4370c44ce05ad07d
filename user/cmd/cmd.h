/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verbs of `mica`. To add one:
 *   1. user/cmd/VERB.c: its options (argp), its run function, and one const struct mica_command;
 *   2. its declaration below, and a line in the table in user/cmd/commands.c;
 *   3. user/man/mica-VERB.8, and a test in tests/e2e/.
 */
#ifndef MICA_CMD_CMD_H
#define MICA_CMD_CMD_H

#include <argp.h>
#include <stdbool.h>

struct mica_command {
	const char *name;
	/** What it does, in a few words, for the list of commands. */
	const char *summary;
	/** argv[0] is "mica NAME", for messages and usage. Returns the exit status, enum mica_exit. */
	int (*run)(int argc, char **argv);
};

extern const struct mica_command mica_command_trace;
extern const struct mica_command mica_command_holders;
extern const struct mica_command mica_command_doctor;
extern const struct mica_command mica_command_policy;
extern const struct mica_command mica_command_enforce;
extern const struct mica_command mica_command_status;
extern const struct mica_command mica_command_oci_hook;
extern const struct mica_command mica_command_oci_runtime;
extern const struct mica_command mica_command_layer;
extern const struct mica_command mica_command_image;
extern const struct mica_command mica_command_check;
extern const struct mica_command mica_command_union;
extern const struct mica_command mica_command_volume;
extern const struct mica_command mica_command_run;
extern const struct mica_command mica_command_create;
extern const struct mica_command mica_command_start;
extern const struct mica_command mica_command_stop;
extern const struct mica_command mica_command_rm;
extern const struct mica_command mica_command_ps;
extern const struct mica_command mica_command_exec;
extern const struct mica_command mica_command_cp;
extern const struct mica_command mica_command_commit;
extern const struct mica_command mica_command_export;
extern const struct mica_command mica_command_layers;
extern const struct mica_command mica_command_diff;
extern const struct mica_command mica_command_blame;
extern const struct mica_command mica_command_reconcile;
extern const struct mica_command mica_command_daemon;
extern const struct mica_command mica_command_help;
extern const struct mica_command mica_command_version;

/** All of them, NULL-terminated, in the order of the list that the user sees. */
extern const struct mica_command *const mica_commands[];

/** The command with this name; NULL: none. */
const struct mica_command *mica_cmd_find(const struct mica_command *const *commands, const char *name);

/** The command's name that `name` was probably meant to be; NULL: none is near. */
const char *mica_cmd_suggest(const struct mica_command *const *commands, const char *name);

/** Says on stderr that there is no such command, with a suggestion. Returns MICA_EXIT_USAGE. */
int mica_cmd_unknown(const struct mica_command *const *commands, const char *name);

/** Prints usage and the list of commands. */
void mica_cmd_print_list(const struct mica_command *const *commands, FILE *out);

/** A verb that has verbs of its own below it (`mica layer create`). */
struct mica_command_group {
	/** "mica layer". */
	const char *name;
	/** What it is about, a sentence. */
	const char *summary;
	/** The last line of the usage: where more is told. */
	const char *more;
	/** NULL-terminated. */
	const struct mica_command *const *verbs;
};

/** Runs the verb that argv[1] names, with its title in argv[0], or says what there is. Returns the exit status. */
int mica_cmd_run_group(const struct mica_command_group *group, int argc, char **argv);

/**
 * argp_parse for the verbs: a long option that does not exist is answered with the nearest one, and the process exits
 * with MICA_EXIT_USAGE. So it does on all wrong usage, and after --help with MICA_EXIT_OK. Returns 0, or the errno that
 * the parser function returned (positive, as argp has it).
 */
int mica_cmd_parse(const struct argp *argp, int argc, char **argv, void *input);
/** The same, for verbs that take a command with options of its own: the parser gets the words in order, and takes what
 *  is left for itself (state->next = state->argc) when it has seen enough. `wrong_usage`: the exit status of that. */
int mica_cmd_parse_to_word(const struct argp *argp, int argc, char **argv, int wrong_usage, void *input);

/** What is wrong with a command line's long options. Strings are those of argv and of the options. */
struct mica_cmd_unknown_option {
	/** Without dashes; `name_size` bytes of an argument, which may go on with =VALUE. */
	const char *name;
	int name_size;
	/** NULL: none is near. */
	const char *suggestion;
};

/** Looks for the first long option that `argp` and its children do not have. Pure, but for POSIXLY_CORRECT. */
bool mica_cmd_find_unknown_option(const struct argp *argp, int argc, char *const *argv,
				  struct mica_cmd_unknown_option *ret);

#endif
