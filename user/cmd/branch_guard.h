/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CMD_BRANCH_GUARD_H
#define MICA_CMD_BRANCH_GUARD_H

#include "store/store.h"

/** The guard of read-only branches, for a store: kernel/branch_guard.h. */
extern const struct mica_store_guard mica_cmd_branch_guard;

#endif
