// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What stands in for the evaluator: if it should be gone, no subject does anything that a policy cares about.
 */
#include "ask.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__noinline long verdict_answer(u32 number)
{
	struct scratch *slot = bpf_map_lookup_elem(&slots, &number);

	if (!slot)
		return -EACCES;
	count_fixed(slot->question.set, MICA_ENFORCE_COUNT_BROKEN);
	return slot->question.subject ? -EACCES : 0;
}
