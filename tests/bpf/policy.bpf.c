// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The policy's matcher on its own: for tests/bpf/policy.c, which compares it with user space, and for the benchmark
 * (tests/bench/verdict.c). A raw tracepoint program loads also where tracing programs are refused.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "mica/policy.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/** Compiled policies. The number of entries is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct mica_policy_chunk);
} tables SEC(".maps");

#define MICA_POLICY_TABLES tables
#include "mica/policy_match.h"

/** Where the match stands, and the path. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct mica_policy_match);
} matches SEC(".maps");

/** The automaton that is asked. */
__u32 root = 0;

static __always_inline u32 match_path(struct mica_policy_match *match)
{
	return mica_policy_match(match, root);
}

/** Matches the path that user space wrote; the outcome is the return value. */
SEC("raw_tp/sys_enter")
int match_one(void *ctx)
{
	u32 zero = 0;
	struct mica_policy_match *match = bpf_map_lookup_elem(&matches, &zero);

	return match ? match_path(match) : 0;
}

/* ---- many cases in one run ---- */

struct policy_case {
	u32 root;
	u32 operations;
	u32 outcome;
	/** At most 127, so that what is read does not depend on it. */
	u32 bytes;
	char text[128];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct policy_case);
} cases SEC(".maps");

__u32 case_count = 0;

static long case_step(u32 number, void *data)
{
	struct mica_policy_match *match = *(struct mica_policy_match **)data;
	struct policy_case *one = bpf_map_lookup_elem(&cases, &number);

	if (!one)
		return 1;
	match->path_bytes = one->bytes & 127;
	match->operations = one->operations;
	__builtin_memcpy(match->path, one->text, sizeof(one->text));
	one->outcome = mica_policy_match(match, one->root);
	return 0;
}

SEC("raw_tp/sys_enter")
int match_all(void *ctx)
{
	u32 zero = 0;
	struct mica_policy_match *match = bpf_map_lookup_elem(&matches, &zero);

	if (match)
		bpf_loop(case_count, case_step, &match, 0);
	return 0;
}

/* ---- for the benchmark ---- */

/** Paths behind each other, so that they take no more of the cache than they must: bytes in front of each. */
#define BENCH_BYTES (4 << 20)
struct bench_text {
	char bytes[BENCH_BYTES + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct bench_text);
} bench_paths SEC(".maps");

/** Bytes of them all; where the next begins. */
__u32 bench_bytes = 1;
__u32 bench_next = 0;
/** The operation that is asked for, as a bit. */
__u32 bench_operations = 0;
/** Paths that a rule decided, and the rules' sum, so that the result is used, and can be checked. */
__u64 bench_decided = 0;
__u64 bench_sum = 0;

/** Brings the next path to where a walk would leave it. */
static __always_inline struct mica_policy_match *next_path(void)
{
	u32 zero = 0, at = bench_next & (BENCH_BYTES - 1), bytes;
	struct mica_policy_match *match = bpf_map_lookup_elem(&matches, &zero);
	struct bench_text *text = bpf_map_lookup_elem(&bench_paths, &zero);

	if (!match || !text)
		return NULL;
	bytes = (u8)text->bytes[at];
	bench_next = at + 1 + bytes < bench_bytes ? at + 1 + bytes : 0;
	match->path_bytes = bytes;
	match->operations = bench_operations;
	bpf_probe_read_kernel(match->path, bytes & 255, text->bytes + at + 1);
	return match;
}

/** What brings the path there costs by itself. */
SEC("tc")
int bench_empty(struct __sk_buff *skb)
{
	struct mica_policy_match *match = next_path();

	if (match)
		bench_sum += match->path_bytes;
	return 0;
}

SEC("tc")
int bench_verdict(struct __sk_buff *skb)
{
	struct mica_policy_match *match = next_path();
	u32 outcome;

	if (!match)
		return 0;
	outcome = match_path(match);
	bench_decided += outcome != 0;
	bench_sum += MICA_POLICY_OUTCOME_RULE(outcome);
	return 0;
}
