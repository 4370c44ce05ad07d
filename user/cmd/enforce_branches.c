// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica enforce` also shows what the guard of read-only branches refuses: it has no process of its own.
 */
#include <errno.h>

#include "cmd/enforce_internal.h"

int mica_enforcing_look_at_branches(struct mica_enforcing *enforcing)
{
	int r = 0;

	if (enforcing->branches && !mica_branch_reader_is_current(enforcing->branches)) {
		r = mica_enforcing_read_branches(enforcing);
		mica_branch_reader_close(&enforcing->branches);
	}
	/* No guard, or somebody else reads: looked at again. */
	if (!enforcing->branches && mica_branch_reader_open(mica_enforcing_take, enforcing, &enforcing->branches) == 0)
		enforcing->branches_lost = mica_branch_reader_lost(enforcing->branches);
	return r;
}

int mica_enforcing_read_branches(struct mica_enforcing *enforcing)
{
	int r = enforcing->branches ? mica_branch_reader_read(enforcing->branches) : 0;

	return r < 0 ? r : 0;
}

uint64_t mica_enforcing_branches_lost(struct mica_enforcing *enforcing)
{
	uint64_t lost = enforcing->branches ? mica_branch_reader_lost(enforcing->branches) : 0;
	uint64_t before = enforcing->branches_lost;

	enforcing->branches_lost = lost;
	return lost > before ? lost - before : 0;
}

bool mica_enforcing_describe_branch(const struct mica_enforcing *enforcing, const struct mica_denial *denial,
				    char directory[static MICA_BRANCH_DIRECTORY_BYTES],
				    struct mica_event_decision *decision)
{
	/* No set of policies has this number. */
	if (denial->generation)
		return false;
	decision->rule = "ro branch";
	if (enforcing->branches && mica_branch_reader_directory(enforcing->branches, denial, directory) == 0)
		decision->where = directory;
	return true;
}
