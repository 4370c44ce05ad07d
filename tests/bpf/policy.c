// SPDX-License-Identifier: BSD-2-Clause
/*
 * The policy's matcher in the kernel, through BPF_PROG_TEST_RUN, gives what it gives in user space.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mica/policy_match.h"
#include "policy.skel.h"
#include "policy/automaton.h"
#include "tests/unit/policy/reference.h"

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

/* ---- the random cases of tests/unit/policy/random.c ---- */

/** Cases of one run of the program, one set of tables. */
#define BATCH 250
/** As many as there can be. */
#define CHUNKS MICA_POLICY_MAX_CHUNKS

struct policy_case {
	uint32_t root;
	uint32_t operations;
	uint32_t outcome;
	uint32_t bytes;
	char text[128];
};

/** The program, and its maps as memory. */
struct kernel {
	struct policy_bpf *skeleton;
	struct mica_policy_chunk *chunks;
	struct policy_case *cases;
};

static void *map_memory(const struct bpf_map *map, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	cr_assert_neq(memory, MAP_FAILED);
	return memory;
}

static struct kernel open_kernel(void)
{
	struct kernel kernel = { .skeleton = policy_bpf__open() };

	cr_assert_not_null(kernel.skeleton);
	bpf_map__set_max_entries(kernel.skeleton->maps.tables, CHUNKS);
	bpf_map__set_max_entries(kernel.skeleton->maps.cases, BATCH);
	cr_assert_eq(policy_bpf__load(kernel.skeleton), 0, "the kernel refuses the program");
	kernel.chunks = map_memory(kernel.skeleton->maps.tables, CHUNKS * sizeof(*kernel.chunks));
	kernel.cases = map_memory(kernel.skeleton->maps.cases, BATCH * sizeof(*kernel.cases));
	kernel.skeleton->bss->case_count = BATCH;
	return kernel;
}

static void close_kernel(struct kernel *kernel)
{
	munmap(kernel->chunks, CHUNKS * sizeof(*kernel->chunks));
	munmap(kernel->cases, BATCH * sizeof(*kernel->cases));
	policy_bpf__destroy(kernel->skeleton);
}

static void set_case(struct policy_case *one, uint32_t root, uint32_t operations, const char *path)
{
	one->root = root;
	one->operations = operations;
	one->outcome = 1;
	one->bytes = strlen(path);
	(void)strncpy(one->text, path, sizeof(one->text) - 1);
}

/** Runs the cases on both sides. The number of those that a rule decided. */
static unsigned compare(struct kernel *kernel, const struct mica_tables *tables)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	unsigned decided = 0;

	cr_assert_leq(tables->chunk_count, (uint32_t)CHUNKS);
	memcpy(kernel->chunks, tables->chunks, tables->chunk_count * sizeof(*tables->chunks));
	cr_assert_eq(bpf_prog_test_run_opts(bpf_program__fd(kernel->skeleton->progs.match_all), &options), 0);
	user.chunks = tables->chunks;
	user.chunk_count = tables->chunk_count;
	for (unsigned i = 0; i < BATCH; i++) {
		struct policy_case *one = &kernel->cases[i];

		user.path_bytes = one->bytes;
		user.operations = one->operations;
		memcpy(user.path, one->text, sizeof(one->text));
		uint32_t expected = mica_policy_match(&user, one->root);

		cr_assert_eq(one->outcome, expected, "%s: %x, not %x", one->text, one->outcome, expected);
		decided += expected != 0;
	}
	return decided;
}

Test(bpf_policy, random_globs_decide_as_in_user_space)
{
	struct lottery lottery = { lottery_seed(3) };
	unsigned cases = lottery_cases(1000000), decided = 0;
	struct kernel kernel = open_kernel();

	for (unsigned i = 0; i < cases; i += BATCH) {
		_cleanup_tables_ struct mica_tables tables = {};
		struct mica_automaton_rule rules[24];
		struct mica_automaton_limit limit;
		size_t count = 1 + draw(&lottery, 24);
		char globs_drawn[24][96], path[64];
		uint32_t root;

		draw_rules(&lottery, rules, globs_drawn, count, 3);
		cr_assert_eq(mica_automaton_build(&tables, rules, count, &root, &limit), 0);
		for (unsigned j = 0; j < BATCH; j++) {
			draw_path(&lottery, path, sizeof(path));
			set_case(&kernel.cases[j], root, 1U << draw(&lottery, 3), path);
		}
		decided += compare(&kernel, &tables);
	}
	cr_assert_gt(decided, cases / 10, "the cases prove little: %u decided", decided);
	close_kernel(&kernel);
}

/** A random automaton of a compiled set; 0: that policy has no rules. */
static uint32_t draw_root(struct lottery *lottery, const struct mica_policy_compiled *compiled)
{
	const struct mica_policy_compiled_policy *policy = &compiled->policies[draw(lottery, compiled->set->count)];

	return policy->group_count ? policy->groups[draw(lottery, policy->group_count)].root : 0;
}

Test(bpf_policy, random_policies_decide_as_in_user_space)
{
	struct lottery lottery = { lottery_seed(5) };
	unsigned cases = lottery_cases(1000000), decided = 0;
	struct kernel kernel = open_kernel();
	static struct drawn_set drawn;

	for (unsigned i = 0; i < cases; i += BATCH) {
		_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
		struct mica_policy_refusal refusal;

		do
			draw_set(&lottery, &drawn);
		while (!drawn.set.rule_count);
		cr_assert_eq(mica_policy_compile(&drawn.set, &compiled, &refusal), 0);
		for (unsigned j = 0; j < BATCH; j++) {
			struct mica_policy_question question;
			char path[64];
			uint32_t root;

			draw_question(&lottery, path, sizeof(path), &question);
			do
				root = draw_root(&lottery, &compiled);
			while (!root);
			set_case(&kernel.cases[j], root, MICA_OPERATION_BIT(question.operation), path);
		}
		decided += compare(&kernel, &compiled.tables);
	}
	cr_assert_gt(decided, cases / 20, "the cases prove little: %u decided", decided);
	close_kernel(&kernel);
}
