// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What the path walk needs from the kernel by name. A symbol without a type can stand in one object only: libbpf's
 * linker cannot merge two.
 */
#include "path.bpf.h"

/**
 * fs/dcache.c: taken for writing by every rename; the kernel's own d_path reads it the same way. Absent where kallsyms
 * has no data symbols: paths are then taken as they were read.
 */
extern const void rename_lock __ksym __weak;

u32 rename_sequence(void)
{
	u32 sequence = 0;

	if (&rename_lock)
		bpf_probe_read_kernel(&sequence, sizeof(sequence), &rename_lock);
	return sequence;
}
