/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How `mica policy test` says what was decided. Pure.
 */
#ifndef MICA_CMD_POLICY_ANSWER_H
#define MICA_CMD_POLICY_ANSWER_H

#include "base/buffer.h"
#include "policy/decide.h"

/** What was decided for one operation. */
struct mica_policy_said {
	enum mica_operation operation;
	struct mica_policy_answer answer;
};

/**
 * Appends a line for each operation: itself, the verdict and errno, the voice, its name, its place. `applies`: some
 * policy of the set is for the subject; it tells "nobody decides" from "nobody was asked". 0 or -ENOMEM.
 */
int mica_policy_answers_append_text(struct mica_buffer *out, const struct mica_policy_said *said, size_t count,
				    bool applies);

/** The same as JSON, an object a line, as mica-policy(8) has it. 0 or -ENOMEM. */
int mica_policy_answers_append_json(struct mica_buffer *out, const struct mica_policy_said *said, size_t count,
				    bool applies);

#endif
