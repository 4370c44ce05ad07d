// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What stands in for the evaluator. Only whoever may remove the hooks can remove it; then there is no policy any more
 * to refuse anything by, which `mica status` says. The kernel lets go of programs one by one, in no order: hooks that
 * are there a moment longer must not refuse all that containers do.
 */
#include "ask.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

__noinline long verdict_answer(u32 number)
{
	struct scratch *slot = bpf_map_lookup_elem(&slots, &number);

	if (slot)
		count_fixed(slot->question.set, MICA_ENFORCE_COUNT_BROKEN);
	return 0;
}
