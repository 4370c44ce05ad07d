/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with policies that are well formed: what the kernel cannot do, and what never has an effect.
 */
#ifndef MICA_POLICY_CHECK_H
#define MICA_POLICY_CHECK_H

#include <stddef.h>

#include "policy/message.h"
#include "policy/policy.h"

/** Judges a set that parsing accepted. 0; -EINVAL: messages were added, by policy and place; -ENOMEM. */
int mica_policy_check(const struct mica_policy_set *set, struct mica_policy_messages *messages);

/**
 * Reads, parses and checks files as one set: all or nothing. 0 and *ret, which the caller frees; -EINVAL: messages were
 * added (a file that cannot be read is one of them), *ret is untouched; -ENOMEM.
 */
int mica_policy_load(const char *const *files, size_t count, struct mica_policy_set *ret,
		     struct mica_policy_messages *messages);

#endif
