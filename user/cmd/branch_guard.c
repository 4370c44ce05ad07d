// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/branch_guard.h"

#include <stdio.h>

#include "kernel/branch_guard.h"

static int cover(int union_fd, size_t count, const char *const *directories, char *reason, size_t size)
{
	struct mica_problem problem;
	int r = mica_branch_guard_cover(union_fd, (uint32_t)count, directories, &problem);

	if (r < 0)
		(void)snprintf(reason, size, "%s%s%s", problem.what, *problem.remedy ? "; " : "", problem.remedy);
	return r;
}

static int look(int union_fd, uint64_t *ret_number, uint64_t *ret_refused)
{
	struct mica_branch_call found;
	int r = mica_branch_guard_look(union_fd, &found);

	if (r == 0) {
		*ret_number = found.number;
		*ret_refused = found.refused;
	}
	return r;
}

static void release(uint64_t number)
{
	(void)mica_branch_guard_release(number);
}

const struct mica_store_guard mica_cmd_branch_guard = { .cover = cover, .look = look, .release = release };
