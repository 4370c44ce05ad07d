/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file, parsed and, if it is one, checked.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/check.h"
#include "policy/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};

	int r = mica_policy_parse(&set, "fuzz.yaml", (const char *)data, size, &messages);
	/* What is refused is explained, and the other way round. */
	if ((r == -EINVAL) != (messages.count > 0))
		abort();
	if (r == 0)
		(void)mica_policy_check(&set, &messages);
	(void)mica_policy_messages_text(&messages);
	return 0;
}
