/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with a policy: lines "FILE:LINE:COLUMN: what" for the one who wrote it.
 */
#ifndef MICA_POLICY_MESSAGE_H
#define MICA_POLICY_MESSAGE_H

#include <stddef.h>

#include "base/buffer.h"
#include "policy/policy.h"

/** Messages that are kept; of further ones only the number is. */
#define MICA_POLICY_MAX_MESSAGES 20
/** Bytes of the policy's own words that one message repeats. */
#define MICA_POLICY_QUOTE_BYTES 64

/** Initialise with {}. */
struct mica_policy_messages {
	/** Lines, each with its newline. Safe on a terminal. */
	struct mica_buffer text;
	/** Also those that are not in `text`. */
	size_t count;
};

#define _cleanup_policy_messages_ _cleanup_(mica_policy_messages_free)

/**
 * Adds a message. place.line 0: it concerns the whole file. The words of the policy must have gone through
 * mica_policy_quote; a failure to allocate shows in messages->text.failed.
 */
__attribute__((format(printf, 4, 5))) void mica_policy_message(struct mica_policy_messages *messages, const char *file,
							       struct mica_policy_place place, const char *format, ...);

/** A word of a policy, or the start of a long one, in single quotes and safe on a terminal. */
struct mica_policy_quoted {
	char text[MICA_POLICY_QUOTE_BYTES * 6 + 8];
};
struct mica_policy_quoted mica_policy_quote(const char *text, size_t size);

/** "; did you mean 'deny'?", or "" for NULL. */
struct mica_policy_hint {
	char text[96];
};
struct mica_policy_hint mica_policy_hint(const char *word);

/** All lines, and one that tells how many are not shown, if so. NULL: -ENOMEM. Valid until the next call. */
const char *mica_policy_messages_text(struct mica_policy_messages *messages);

void mica_policy_messages_free(struct mica_policy_messages *messages);

#endif
