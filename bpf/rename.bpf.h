/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Layer 0: was anything renamed? In one source of a linked object only: the symbol has no type.
 */
#ifndef MICA_RENAME_BPF_H
#define MICA_RENAME_BPF_H

#include "cast.bpf.h"

/** fs/dcache.c: taken for writing by every rename. Absent where kallsyms has no data symbols. */
extern const void rename_lock __ksym __weak;

/** Grows by two with each rename; odd: one is under way, or it cannot be known. */
static __always_inline u32 rename_sequence(void)
{
	u32 sequence = 1;

	if (!&rename_lock)
		return sequence;
	if (has_cast)
		return CAST_WORD(&rename_lock);
	bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}

#endif
