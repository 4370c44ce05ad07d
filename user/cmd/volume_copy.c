// SPDX-License-Identifier: BSD-2-Clause
/*
 * The verbs that take a volume's files elsewhere, and back.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/store.h"
#include "cmd/volume.h"
#include "store/volume.h"
#include "store/volume_archive.h"

extern char **environ;

enum {
	KEY_DEVICES = 0x800,
	KEY_MAX_SIZE,
	KEY_DELETE,
	KEY_FROM,
};

struct options {
	const char *root;
	const char *words[2];
	size_t count, least, most;
	const char *output, *from;
	bool delete;
	struct mica_import_options import;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *copy = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &copy->root;
		return 0;
	case 'o':
		copy->output = argument;
		return 0;
	case KEY_DEVICES:
		copy->import.devices = true;
		return 0;
	case KEY_MAX_SIZE:
		if (mica_format_parse_bytes(argument, &copy->import.max_bytes) < 0 || !copy->import.max_bytes)
			argp_error(state, "--max-size wants a size, as 10G, not '%s'", argument);
		return 0;
	case KEY_DELETE:
		copy->delete = true;
		return 0;
	case KEY_FROM:
		copy->from = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (copy->count == copy->most)
			argp_error(state, "too many arguments");
		copy->words[copy->count++] = argument;
		return 0;
	case ARGP_KEY_END:
		if (copy->count < copy->least)
			argp_error(state, copy->count ? "and what else?" : "which volume?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const struct argp_option *table, const char *words, const char *doc, int argc, char **argv,
		      struct options *copy, struct mica_store **ret)
{
	static const struct argp_child children[] = { { &mica_cmd_store_argp, 0, NULL, 0 }, { 0 } };
	const struct argp argp = {
		.options = table, .parser = parse_option, .args_doc = words, .doc = doc, .children = children
	};

	if (mica_cmd_parse(&argp, argc, argv, copy))
		return MICA_EXIT_USAGE;
	return mica_cmd_store_open(copy->root, ret);
}

/* To a file: under another name until it is whole and on the disk. */
static int backup_to_file(struct mica_store *store, const char *name, const char *path)
{
	_cleanup_free_ char *temporary = NULL;
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (asprintf(&temporary, "%s.part", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = mica_volume_backup(store, name, fd);
	if (r == 0 && (fsync(fd) < 0 || rename(temporary, path) < 0))
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r;
}

static int run_backup(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Where to, instead of standard output", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options copy = { .least = 1, .most = 1 };
	int status =
		open_store(options, "NAME", "Writes a volume's files as a tar archive.", argc, argv, &copy, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (!copy.output && isatty(STDOUT_FILENO)) {
		mica_log_error("an archive is nothing for a terminal; say --output FILE, or redirect it");
		return MICA_EXIT_USAGE;
	}
	r = copy.output ? backup_to_file(store, copy.words[0], copy.output)
			: mica_volume_backup(store, copy.words[0], STDOUT_FILENO);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot back up the volume '%s'", copy.words[0]) : MICA_EXIT_OK;
}

static int run_restore(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "devices", KEY_DEVICES, NULL, 0, "Make device nodes too", 0 },
		{ "max-size", KEY_MAX_SIZE, "SIZE", 0, "Refuse an archive whose files are larger in all", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options copy = { .least = 2, .most = 2 };
	struct mica_import_counts counts;
	_cleanup_close_ int fd = -EBADF;
	int status = open_store(options, "NAME FILE|-",
				"Fills an empty volume from a tar archive; one that is not there is made.", argc, argv,
				&copy, &store);
	int r;

	if (status == MICA_EXIT_OK)
		status = mica_cmd_open_input(copy.words[1], &fd);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_volume_restore(store, copy.words[0], fd, &copy.import, &counts);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot restore the volume '%s'", copy.words[0]);
	if (counts.devices)
		mica_log_warning("%" PRIu64 " device nodes were left out (--devices makes them)", counts.devices);
	return MICA_EXIT_OK;
}

static int take_directory(const struct mica_volume *volume, void *userdata)
{
	return asprintf((char **)userdata, "%s/", volume->directory) < 0 ? -ENOMEM : 0;
}

/* rsync(1) does it: what is the same is not sent again, owners, links, holes and attributes arrive. */
static int run_rsync(const struct options *copy, char *directory)
{
	char *argv[16] = { (char *)"rsync",    (char *)"--archive", (char *)"--hard-links", (char *)"--acls",
			   (char *)"--xattrs", (char *)"--sparse",  (char *)"--numeric-ids" };
	char *other = (char *)(copy->from ? copy->from : copy->words[1]);
	size_t count = 7;
	int status = 0;
	pid_t pid;
	int r;

	if (copy->delete)
		argv[count++] = (char *)"--delete";
	argv[count++] = (char *)"--";
	argv[count++] = copy->from ? other : directory;
	argv[count] = copy->from ? directory : other;
	r = -posix_spawnp(&pid, "rsync", NULL, NULL, argv, environ);
	if (r == -ENOENT) {
		mica_log_error("there is no rsync here; install it (on both hosts)");
		return MICA_EXIT_UNSUPPORTED;
	}
	if (r < 0) {
		mica_log_error_errno(r, "cannot run rsync");
		return MICA_EXIT_FAILURE;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		mica_log_error("rsync failed with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		return MICA_EXIT_FAILURE;
	}
	return MICA_EXIT_OK;
}

static int run_sync(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "from", KEY_FROM, "SOURCE", 0, "The other way: from there into the volume", 0 },
		{ "delete", KEY_DELETE, NULL, 0, "Remove at the destination what is not at the source", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_free_ char *directory = NULL;
	struct options copy = { .least = 1, .most = 2 };
	int status = open_store(options, "NAME DESTINATION\n--from SOURCE NAME",
				"Brings a volume's files to another host or directory by rsync, which sends what "
				"differs. DESTINATION and SOURCE are rsync's: DIR/, or [USER@]HOST:DIR/.",
				argc, argv, &copy, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	if (copy.count != (copy.from ? 1 : 2)) {
		mica_log_error("say a volume and one place: a destination, or --from a source");
		return MICA_EXIT_USAGE;
	}
	r = mica_volume_mount(store, copy.words[0]);
	if (r == 0)
		r = mica_volume_inspect(store, copy.words[0], take_directory, &directory);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot mount the volume '%s'", copy.words[0]);
	return run_rsync(&copy, directory);
}

const struct mica_command mica_command_volume_backup = {
	.name = "backup",
	.summary = "write its files as an archive",
	.run = run_backup,
};
const struct mica_command mica_command_volume_restore = {
	.name = "restore",
	.summary = "fill it from an archive",
	.run = run_restore,
};
const struct mica_command mica_command_volume_sync = {
	.name = "sync",
	.summary = "bring its files to another host by rsync",
	.run = run_sync,
};
