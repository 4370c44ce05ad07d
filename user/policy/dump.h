/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_POLICY_DUMP_H
#define MICA_POLICY_DUMP_H

#include "base/buffer.h"
#include "policy/compile.h"

/**
 * Appends compiled policies as text, the same for the same set on every machine: rules by precedence, then for each
 * object its automaton: entries by their bytes, states numbered as they are met. 0 or -ENOMEM.
 */
int mica_policy_dump(const struct mica_policy_compiled *compiled, struct mica_buffer *buffer);

#endif
