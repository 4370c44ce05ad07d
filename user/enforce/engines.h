/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines that are exempt from the rules on objects (layers in use, upper and work directories): the processes that
 * serve an engine's socket, or are in its service's cgroup. They are known to the kernel as tasks; no name of a program
 * counts. A process in a container is never exempt, whoever started it.
 */
#ifndef MICA_ENFORCE_ENGINES_H
#define MICA_ENFORCE_ENGINES_H

#include <stddef.h>

#include "kernel/enforcer.h"

/** Where engines are found. NULL-terminated lists. */
struct mica_engine_places {
	/** Unix sockets: whoever listens there, unless it is the init of the machine (socket activation). */
	const char *const *sockets;
	/** Directories of cgroup v2: the processes in them, not in those below. */
	const char *const *cgroups;
};

/** Docker, containerd, and Podman's service, where they usually are. */
extern const struct mica_engine_places mica_engine_usual_places;

/** Calls `visit` for each process of an engine, perhaps more than once, until it returns non-zero, which is returned.
 */
int mica_engines_each_process(const struct mica_engine_places *places, int (*visit)(int pid, void *userdata),
			      void *userdata);

/** Exempts them. *ret_count: processes. To be called again now and then: engines are restarted. 0 or a negative errno.
 */
int mica_engines_trust(struct mica_enforcer *enforcer, const struct mica_engine_places *places, size_t *ret_count);

/** Exempts a process that somebody declared, and what it starts. 0; -ESRCH: it is not there; or another errno. */
int mica_engines_trust_process(struct mica_enforcer *enforcer, int pid);

#endif
