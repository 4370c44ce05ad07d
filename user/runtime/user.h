/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_RUNTIME_USER_H
#define MICA_RUNTIME_USER_H

#include <stddef.h>
#include <sys/types.h>

struct mica_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[256];
	size_t group_count;
	/** "" where the container's /etc/passwd does not know it. */
	char home[256];
};

/**
 * Finds "USER[:GROUP]", names or numbers, in /etc/passwd and /etc/group below a root directory, which nothing leads out
 * of. "" is root. 0; -ENOENT: no such user or group, the words are in `reason`.
 */
int mica_user_find(int root_fd, const char *text, struct mica_user *ret, char *reason, size_t reason_size);

#endif
