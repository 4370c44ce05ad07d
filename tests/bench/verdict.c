/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a verdict costs on this processor: the policy's matcher by BPF_PROG_TEST_RUN, for policies of several sizes.
 *
 *   verdict SEED ROUNDS RULES...
 *
 * Prints "RULES BYTES EMPTY_NS VERDICT_NS" for each size and round, in turns: the mean of all paths of a program that
 * only brings the path there, and of one that asks, too. Before that, each answer is compared with user space's.
 * Paths and rules are drawn from the file lists of the Debian packages of this machine: README.md says how.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mica/policy_match.h"
#include "policy.skel.h"
#include "policy/compile.h"

#define LISTS "/var/lib/dpkg/info/*.list"
/** Paths that are asked; half of them match. */
#define PATHS 10000
/** How often each is asked in a round, so that what the rounds before left in the caches matters little. */
#define TIMES 10
#define PATTERNS 10
#define MOST_SIZES 8
#define OPERATION MICA_OPERATION_WRITE

/** Bytes of the longest path that is taken, and of all in the program's map, as in tests/bpf/policy.bpf.c. */
#define PATH_BYTES 247
#define BENCH_BYTES (4 << 20)

struct strings {
	char **items;
	size_t count;
};

/** A directory and the ending of names in it, as a glob, and how many paths match it. */
struct pattern {
	char *glob;
	size_t directory_bytes;
	const char *ending;
	size_t count;
};

struct policy {
	size_t rules;
	struct mica_policy_compiled compiled;
	struct policy_bpf *skeleton;
};

static uint64_t state;

/** splitmix64; below `end`. */
static size_t draw(size_t end)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % end;
}

static void *take(void *memory)
{
	if (!memory)
		err(1, "memory");
	return memory;
}

static void add(struct strings *strings, char *text)
{
	if ((strings->count & (strings->count + 1)) == 0)
		strings->items = take(realloc(strings->items, (2 * strings->count + 2) * sizeof(char *)));
	strings->items[strings->count++] = text;
}

static void shuffle(struct strings *strings)
{
	for (size_t i = strings->count; i > 1; i--) {
		size_t other = draw(i);
		char *kept = strings->items[i - 1];

		strings->items[i - 1] = strings->items[other];
		strings->items[other] = kept;
	}
}

static int by_text(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void read_list(const char *name, struct strings *ret)
{
	FILE *file = fopen(name, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t bytes;

	if (!file)
		err(1, "%s", name);
	while ((bytes = getline(&line, &size, file)) > 0) {
		if (line[bytes - 1] == '\n')
			line[--bytes] = '\0';
		if (line[0] == '/' && bytes > 2 && bytes <= PATH_BYTES)
			add(ret, take(strdup(line)));
	}
	free(line);
	(void)fclose(file);
}

/** All different paths of the lists that are no directories of others. */
static struct strings read_lists(void)
{
	struct strings all = {}, files = {};
	glob_t found;

	if (glob(LISTS, 0, NULL, &found) != 0)
		errx(1, "no file lists in " LISTS ": this is no Debian");
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_list(found.gl_pathv[i], &all);
	globfree(&found);
	qsort(all.items, all.count, sizeof(char *), by_text);
	for (size_t i = 0; i < all.count; i++) {
		size_t bytes = strlen(all.items[i]), next = i + 1;

		while (next < all.count && strcmp(all.items[next], all.items[i]) == 0)
			next++;
		/* What lies below a directory need not be the very next ("/a.b" is before "/a/b"), but mostly is. */
		if (next == i + 1 && (next == all.count || strncmp(all.items[next], all.items[i], bytes) != 0))
			add(&files, all.items[i]);
		i = next - 1;
	}
	return files;
}

/** The path as a glob that matches only it. */
static char *literal(const char *path)
{
	char *glob_text = take(malloc(2 * strlen(path) + 1)), *to = glob_text;

	for (; *path; path++) {
		if (strchr("*?[]{}\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	*to = '\0';
	return glob_text;
}

static bool matches(const struct pattern *pattern, const char *path)
{
	size_t bytes = strlen(path), ending = strlen(pattern->ending);

	return strncmp(path, pattern->glob, pattern->directory_bytes) == 0 && path[pattern->directory_bytes] == '/' &&
	       bytes > ending && strcmp(path + bytes - ending, pattern->ending) == 0;
}

static int by_count(const void *left, const void *right)
{
	const struct pattern *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->glob, b->glob);
}

/** The ten pairs of a directory of the third level and an ending that the most paths have: "DIRECTORY/ ** / *ENDING".
 */
static struct pattern *find_patterns(const struct strings *files)
{
	struct pattern *patterns = take(calloc(files->count, sizeof(*patterns)));
	size_t count = 0;

	/* Sorted: the paths of a directory follow each other. */
	for (size_t i = 0, begin = 0; i < files->count; i++) {
		const char *path = files->items[i], *end = path, *ending = strrchr(path, '.');
		size_t known;

		for (int level = 0; end && level < 3; level++)
			end = strchr(end + 1, '/');
		if (!end || !ending || ending < strrchr(path, '/') || strpbrk(path, "*?[]{}\\"))
			continue;
		if (count && (strncmp(patterns[count - 1].glob, path, (size_t)(end - path)) != 0 ||
			      patterns[count - 1].directory_bytes != (size_t)(end - path)))
			begin = count;
		for (known = begin; known < count && strcmp(patterns[known].ending, ending) != 0; known++)
			;
		if (known == count) {
			size_t bytes = (size_t)(end - path);

			patterns[count] = (struct pattern){ .directory_bytes = bytes, .ending = ending };
			if (asprintf(&patterns[count++].glob, "%.*s/**/*%s", (int)bytes, path, ending) < 0)
				err(1, "memory");
		}
		patterns[known].count++;
	}
	qsort(patterns, count, sizeof(*patterns), by_count);
	if (count < PATTERNS)
		errx(1, "too few packages are installed");
	return patterns;
}

/** Cuts what is asked out of the files: half match a pattern, half none. What is left stays. */
static struct strings draw_asked(struct strings *files, const struct pattern *patterns)
{
	struct strings asked[2] = {}, rest = {}, all = {};

	shuffle(files);
	for (size_t i = 0; i < files->count; i++) {
		bool match = false;

		for (size_t p = 0; p < PATTERNS; p++)
			match |= matches(&patterns[p], files->items[i]);
		add(asked[match].count < PATHS / 2 ? &asked[match] : &rest, files->items[i]);
	}
	if (asked[0].count + asked[1].count < PATHS)
		errx(1, "the packages of this machine have too few files: %zu match, %zu do not", asked[1].count,
		     asked[0].count);
	/* Those that match first: they are the first to become rules. */
	for (size_t i = 0; i < PATHS; i++)
		add(&all, i < PATHS / 2 ? asked[1].items[i] : asked[0].items[i - PATHS / 2]);
	*files = rest;
	return all;
}

/** Rule n as a glob: the patterns, the asked paths that match, other files, and names beside them. */
static char *rule_glob(size_t n, const struct pattern *patterns, const struct strings *asked,
		       const struct strings *files)
{
	char *beside, *glob_text;

	if (n < PATTERNS)
		return patterns[n].glob;
	n -= PATTERNS;
	if (n < PATHS / 2)
		return literal(asked->items[n]);
	n -= PATHS / 2;
	if (n < files->count)
		return literal(files->items[n]);
	if (asprintf(&beside, "%s.%zu", files->items[n % files->count], n / files->count) < 0)
		err(1, "memory");
	glob_text = literal(beside);
	free(beside);
	return glob_text;
}

static void compile(struct policy *policy, const struct pattern *patterns, const struct strings *asked,
		    const struct strings *files)
{
	struct mica_policy *tree = take(calloc(1, sizeof(*tree)));
	struct mica_policy_set *set = take(calloc(1, sizeof(*set)));
	struct mica_policy_refusal refusal = {};
	int r;

	tree->name = "bench";
	tree->rules = take(calloc(policy->rules, sizeof(*tree->rules)));
	tree->rule_count = policy->rules;
	for (size_t i = 0; i < policy->rules; i++)
		tree->rules[i] = (struct mica_policy_rule){ .name = "rule",
							    .operations = MICA_OPERATIONS_MODIFY,
							    .verdict = MICA_VERDICT_DENY,
							    .path.text = rule_glob(i, patterns, asked, files) };
	*set = (struct mica_policy_set){ .policies = tree, .count = 1, .rule_count = policy->rules };
	r = mica_policy_compile(set, &policy->compiled, &refusal);
	if (r < 0)
		errx(1, "%zu rules: %s (%s)", policy->rules, strerror(-r),
		     refusal.limit.what ? refusal.limit.what : "");
}

/** The paths behind each other, each with its length in front. */
static void write_paths(struct policy_bpf *skeleton, const struct strings *asked)
{
	int fd = bpf_map__fd(skeleton->maps.bench_paths);
	char *text = mmap(NULL, BENCH_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	size_t at = 0;

	if (text == MAP_FAILED)
		err(1, "paths");
	for (size_t i = 0; i < PATHS; i++) {
		size_t bytes = strlen(asked->items[i]);

		text[at++] = (char)bytes;
		memcpy(text + at, asked->items[i], bytes);
		at += bytes;
	}
	munmap(text, BENCH_BYTES);
	skeleton->data->bench_bytes = at;
	skeleton->bss->bench_operations = MICA_OPERATION_BIT(OPERATION);
}

static void load(struct policy *policy, const struct strings *asked)
{
	const struct mica_tables *tables = &policy->compiled.tables;
	struct policy_bpf *skeleton = take(policy_bpf__open());

	policy->skeleton = skeleton;
	bpf_map__set_max_entries(skeleton->maps.tables, tables->chunk_count);
	skeleton->bss->root = policy->compiled.policies[0].groups[0].root;
	if (policy_bpf__load(skeleton) != 0)
		errx(1, "the kernel refuses the program (are you root?)");
	for (uint32_t i = 0; i < tables->chunk_count; i++)
		if (bpf_map_update_elem(bpf_map__fd(skeleton->maps.tables), &i, &tables->chunks[i], BPF_ANY) != 0)
			err(1, "tables");
	write_paths(skeleton, asked);
}

/** Mean nanoseconds of a run, over all paths some times. */
static uint32_t run(const struct bpf_program *program, int times)
{
	static char packet[64];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = PATHS * times);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &options) != 0)
		err(1, "BPF_PROG_TEST_RUN");
	return options.duration;
}

/** The kernel's answers to all paths are those of user space, and half of them are a rule's. */
static void prove(const struct policy *policy, const struct strings *asked)
{
	static struct mica_policy_match match;
	struct policy_bpf__bss *kernel = policy->skeleton->bss;
	uint64_t sum = 0, decided = 0;

	match.chunks = policy->compiled.tables.chunks;
	match.chunk_count = policy->compiled.tables.chunk_count;
	for (size_t i = 0; i < PATHS; i++) {
		uint32_t outcome;

		match.path_bytes = strlen(asked->items[i]);
		match.operations = MICA_OPERATION_BIT(OPERATION);
		memcpy(match.path, asked->items[i], match.path_bytes);
		outcome = mica_policy_match(&match, kernel->root);
		decided += outcome != 0;
		sum += MICA_POLICY_OUTCOME_RULE(outcome);
	}
	kernel->bench_sum = kernel->bench_decided = 0;
	(void)run(policy->skeleton->progs.bench_verdict, 1);
	if (decided != PATHS / 2 || kernel->bench_decided != decided || kernel->bench_sum != sum)
		errx(1, "%zu rules: %llu paths decided in the kernel, %llu in user space, not %d (rules %llu, %llu)",
		     policy->rules, (unsigned long long)kernel->bench_decided, (unsigned long long)decided, PATHS / 2,
		     (unsigned long long)kernel->bench_sum, (unsigned long long)sum);
}

int main(int argc, char **argv)
{
	struct policy policies[MOST_SIZES] = {};
	size_t sizes = argc > 3 ? (size_t)argc - 3 : 0;

	if (!sizes || sizes > MOST_SIZES)
		errx(2, "usage: verdict SEED ROUNDS RULES...");
	state = strtoull(argv[1], NULL, 0);
	struct strings files = read_lists();
	struct pattern *patterns = find_patterns(&files);
	struct strings asked = draw_asked(&files, patterns);
	for (size_t i = 0; i < sizes; i++) {
		policies[i].rules = strtoul(argv[i + 3], NULL, 0);
		if (policies[i].rules < PATTERNS)
			errx(2, "at least %d rules", PATTERNS);
		compile(&policies[i], patterns, &asked, &files);
	}
	shuffle(&asked);
	for (size_t i = 0; i < sizes; i++) {
		load(&policies[i], &asked);
		prove(&policies[i], &asked);
	}
	for (long round = strtol(argv[2], NULL, 0); round > 0; round--)
		for (size_t i = 0; i < sizes; i++) {
			uint32_t empty = run(policies[i].skeleton->progs.bench_empty, TIMES);
			uint32_t verdict = run(policies[i].skeleton->progs.bench_verdict, TIMES);

			printf("%zu %zu %u %u\n", policies[i].rules,
			       (size_t)policies[i].compiled.tables.used * sizeof(uint64_t), empty, verdict);
		}
	return 0;
}
