// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica oci-hook`: a createRuntime hook. It returns when the container that is being made has its policies; what fails
 * makes the runtime give the container up, so that none runs without.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/enforce.h"
#include "container/oci_hook.h"

#define STATE_BYTES ((size_t)1 << 20)

struct search {
	const char *id;
	const struct mica_container *found;
};

static int compare_id(const struct mica_container *container, void *userdata)
{
	struct search *search = userdata;

	if (strcmp(container->id, search->id) != 0)
		return 0;
	search->found = container;
	return 1;
}

/** Number of the subject that begins in a process' mount namespace. 0 or a negative errno. */
static int find_number(struct mica_enforcer *enforcer, int pid, uint64_t *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : mica_enforcer_namespace(enforcer, fd, ret);
}

/** Tells the kernel. 0; 1: nothing is in force; or a negative errno, with the problem. */
static int prepare(const struct mica_oci_state *state, struct mica_problem *problem)
{
	_cleanup_(mica_held_close) struct mica_held held = { .pins = MICA_ENFORCER_PINS };
	_cleanup_close_ int directory_fd = mica_keep_open(mica_cmd_keep_directory());
	_cleanup_close_ int lock_fd = directory_fd < 0 ? directory_fd : mica_keep_lock(directory_fd);
	_cleanup_(mica_identity_free) struct mica_identity *identity = NULL;
	_cleanup_(mica_subjects_free) struct mica_subjects subjects = { .directory_fd = directory_fd };
	_cleanup_force_ struct mica_force *force = NULL;
	struct search search = { .id = state->id };
	struct mica_enforce_header header;
	uint64_t number = 0;
	int r = lock_fd < 0 ? lock_fd : mica_held_adopt(&held, problem);

	if (r == 0)
		r = mica_enforcer_header(held.enforcer, &header);
	if (r == -ENOENT)
		return 1;
	if (r == 0)
		r = mica_keep_read(directory_fd, header.digest, &force);
	if (r == 0)
		r = mica_identity_new(NULL, &identity);
	if (r == 0)
		r = mica_identity_each_container(identity, compare_id, &search);
	if (r >= 0)
		r = find_number(held.enforcer, state->pid, &number);
	if (r < 0)
		return r;
	subjects.enforcer = held.enforcer;
	subjects.force = force;
	subjects.identity = identity;
	return mica_subjects_prepare(&subjects, number, state->pid, search.found);
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.args_doc = "",
		.doc = "Gives a container that is being made its policies, before its first program runs. For OCI "
		       "runtimes, as a createRuntime hook: reads the container's state from standard input.\v"
		       "Where no policies are pinned it does nothing. What fails makes the runtime give the container "
		       "up.",
	};
	_cleanup_oci_state_ struct mica_oci_state state = {};
	_cleanup_free_ char *text = NULL;
	struct mica_problem problem = {};
	size_t size;
	int r;

	if (mica_cmd_parse(&argp, argc, argv, NULL) != 0)
		return MICA_EXIT_USAGE;
	r = mica_file_read("/proc/self/fd/0", STATE_BYTES, &text, &size);
	if (r == 0)
		r = mica_oci_parse_state(text, size, &state);
	if (r < 0) {
		mica_log_error_errno(r, "standard input has no state of a container");
		return MICA_EXIT_USAGE;
	}
	if (!state.pid) {
		mica_log_error("container '%s' has no process: this is a hook for createRuntime", state.id);
		return MICA_EXIT_USAGE;
	}
	r = prepare(&state, &problem);
	if (r >= 0)
		return MICA_EXIT_OK;
	mica_log_error("container '%s' cannot be given its policies: %s%s%s", state.id,
		       *problem.what ? problem.what : strerror(-r), *problem.remedy ? "; " : "", problem.remedy);
	return MICA_EXIT_FAILURE;
}

const struct mica_command mica_command_oci_hook = {
	.name = "oci-hook",
	.summary = "give a container that is being made its policies (for runtimes)",
	.run = run,
};
