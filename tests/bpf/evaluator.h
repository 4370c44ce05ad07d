/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What tests/bpf/evaluator.c and its program tell each other.
 */
#ifndef MICA_TESTS_BPF_EVALUATOR_H
#define MICA_TESTS_BPF_EVALUATOR_H

/** What is asked of a file that the task has open, and the answer. */
struct evaluator_case {
	__u64 subject;
	/** Whose the union is that the file lies in. */
	__u64 owner;
	/** -1: about no file. */
	__s32 fd;
	__u32 operations;
	/** The union's, volume's or layer's: for `know`. */
	__u32 kind;
	__u32 number;
	__u64 mount_flags;
	__u32 has_type;
	__u32 has_source;
	char type[32];
	char source[32];
	__s64 answer;
	__u32 verdict;
	__u32 error;
	__u32 counter;
	__u32 path_known;
};

#endif
