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

struct bench_path {
	u32 bytes;
	u32 operations;
	char text[248];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct bench_path);
} bench_paths SEC(".maps");

/** Paths that there are, and the one that is next. */
__u32 bench_count = 1;
__u32 bench_next = 0;
/** Paths that a rule decided, and the rules' sum, so that the result is used, and can be checked. */
__u64 bench_decided = 0;
__u64 bench_sum = 0;

/** Brings the next path to where a walk would leave it. */
static __always_inline struct mica_policy_match *next_path(void)
{
	u32 zero = 0, number = bench_next;
	struct mica_policy_match *match = bpf_map_lookup_elem(&matches, &zero);
	struct bench_path *path;

	bench_next = number + 1 < bench_count ? number + 1 : 0;
	path = bpf_map_lookup_elem(&bench_paths, &number);
	if (!match || !path)
		return NULL;
	match->path_bytes = path->bytes;
	match->operations = path->operations;
	bpf_probe_read_kernel(match->path, path->bytes & 255, path->text);
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
