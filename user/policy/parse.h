/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From YAML to the tree of a policy. Only what a file says by itself is judged here: keys, types, words, globs;
 * policy/check.h judges what the parts mean together.
 */
#ifndef MICA_POLICY_PARSE_H
#define MICA_POLICY_PARSE_H

#include <stddef.h>

#include "policy/message.h"
#include "policy/policy.h"

/**
 * Adds the policies of one file, one for each YAML document, to a set. `file` is for messages, and is copied. 0;
 * -EINVAL: messages were added that say what is wrong; -ENOMEM. After a failure the set can only be freed, or given to
 * further calls for their messages.
 */
int mica_policy_parse(struct mica_policy_set *set, const char *file, const char *text, size_t size,
		      struct mica_policy_messages *messages);

#endif
