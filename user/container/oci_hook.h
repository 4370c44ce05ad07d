/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an OCI runtime and its hooks tell each other (runtime-spec, config.md and runtime.md), and how it is called.
 * Pure.
 */
#ifndef MICA_CONTAINER_OCI_HOOK_H
#define MICA_CONTAINER_OCI_HOOK_H

#include <stddef.h>

#include "base/cleanup.h"

/** The state of a container, which a hook reads from its standard input. */
struct mica_oci_state {
	char *id;
	/** Absolute. */
	char *bundle;
	/** Its init, in the initial pid namespace; 0: it has none (any more). */
	int pid;
};

/** 0; -EBADMSG: not a state: `id` and `bundle` are missing, or not what they are to be; -ENOMEM. */
int mica_oci_parse_state(const char *data, size_t size, struct mica_oci_state *ret);
void mica_oci_state_free(struct mica_oci_state *state);
#define _cleanup_oci_state_ _cleanup_(mica_oci_state_free)

/**
 * A config.json with one more hook, before all others of `createRuntime`: it is run when the container's namespaces are
 * there and before its root is, and the runtime gives the container up when it fails. All else stays as it is. 0 and
 * *ret (caller frees); 1: the hook is there already; -EBADMSG: no configuration, or one whose numbers no `long long`
 * holds; -ENOMEM.
 */
int mica_oci_add_hook(const char *data, size_t size, const char *path, const char *const *arguments, char **ret);

/** What a runtime (crun, runc) is asked to do. Strings are those of argv. */
struct mica_oci_call {
	/** "create", "run", "start", …; NULL: none. */
	const char *verb;
	/** Of create and run; NULL: the working directory. */
	const char *bundle;
};

/** Reads a runtime's arguments, argv[0] its name. What is not known is taken for an option without a value. */
struct mica_oci_call mica_oci_parse_call(int argc, char *const *argv);

#endif
