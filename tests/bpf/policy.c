// SPDX-License-Identifier: BSD-2-Clause
/*
 * The policy's matcher in the kernel, through BPF_PROG_TEST_RUN, gives what it gives in user space.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mica/policy_match.h"
#include "policy.skel.h"
#include "policy/automaton.h"

/** Globs of every shape: entries, chains, runs that are skipped, classes, and rows. */
static const char *const globs[] = {
	"/a/b/c",         "/a/**",   "/**/library-of-things.so", "/a/*b/[!a-c]*", "/usr/**",
	"/usr/lib/?*.so", "/x*y**z", "/usr/lib/exact-name"
};
#define GLOBS (sizeof(globs) / sizeof(globs[0]))

static const char *const names[] = { "a",  "b",  "ab", "c", "d.so", "usr", "lib", "exact-name", "library-of-things.so",
				     "xy", "xyz" };

static struct mica_policy_match user;

static void append_random(char *path, size_t size)
{
	for (int left = 1 + rand() % 6; left; left--) {
		const char *name = names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))];

		if (strlen(path) + strlen(name) + 2 > size)
			return;
		(void)strncat(path, "/", size - strlen(path) - 1);
		(void)strncat(path, name, size - strlen(path) - 1);
	}
}

static struct policy_bpf *load(const struct mica_tables *tables, uint32_t root)
{
	struct policy_bpf *skeleton = policy_bpf__open();

	cr_assert_not_null(skeleton);
	bpf_map__set_max_entries(skeleton->maps.tables, tables->chunk_count);
	skeleton->bss->root = root;
	cr_assert_eq(policy_bpf__load(skeleton), 0, "the kernel refuses the program");
	for (uint32_t i = 0; i < tables->chunk_count; i++)
		cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skeleton->maps.tables), &i, &tables->chunks[i], BPF_ANY),
			     0);
	return skeleton;
}

Test(bpf_policy, decides_as_user_space_does)
{
	_cleanup_tables_ struct mica_tables tables = {};
	struct mica_automaton_rule rules[GLOBS];
	struct mica_automaton_limit limit;
	struct policy_bpf *skeleton;
	unsigned decided = 0;
	uint32_t root, zero = 0;

	for (size_t i = 0; i < GLOBS; i++)
		rules[i] = (struct mica_automaton_rule){
			.path = globs[i], .number = i + 1, .operations = i % 2 ? 1 : 3, .verdict = i % 3
		};
	cr_assert_eq(mica_automaton_build(&tables, rules, GLOBS, &root, &limit), 0);
	skeleton = load(&tables, root);
	srand(1);
	for (int i = 0; i < 20000; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options);
		char path[200] = "";

		append_random(path, sizeof(path));
		user.chunks = tables.chunks;
		user.chunk_count = tables.chunk_count;
		user.path_bytes = strlen(path);
		user.operations = 1U << rand() % 2;
		memcpy(user.path, path, sizeof(path));
		/* The kernel's struct ends before what only user space has. */
		cr_assert_eq(bpf_map_update_elem(bpf_map__fd(skeleton->maps.matches), &zero, &user, BPF_ANY), 0);
		cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.match_one), &options), 0);
		uint32_t expected = mica_policy_match(&user, root);

		cr_assert_eq(options.retval, expected, "%s: %x, not %x", path, options.retval, expected);
		decided += expected != 0;
	}
	cr_assert_gt(decided, 5000U);
	policy_bpf__destroy(skeleton);
}
