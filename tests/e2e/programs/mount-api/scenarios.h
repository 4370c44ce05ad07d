/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MOUNT_API_SCENARIOS_H
#define MOUNT_API_SCENARIOS_H

/* On the host: what concerns a union, and what does not. */
void host_contexts(void);
void host_trees(void);
void host_mounts(void);

/* In a namespace of its own. */
void contexts(void);
void trees(void);
void mounts(void);
void new_root(void);
void no_privilege(void);
void calls_32(void);
void namespaces(void);

#endif
