// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/enforcer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "enforce.skel.h"
#include "kernel/enforcer_hooks.h"
#include "kernel/enforcer_internal.h"
#include "kernel/features.h"
#include "kernel/libbpf_log.h"
#include "verdict.skel.h"

/** SLOTS_PER_CPU in bpf/enforce/maps.bpf.h. */
#define SLOTS_PER_CPU 8
#define RING_BYTES (1U << 20)

/** Of the function that the evaluator takes the place of. */
#define ANSWER "verdict_answer"

const char *const mica_enforcer_map_names[_MICA_MAP_MAX] = {
	[MICA_MAP_ACTIVE] = "active",     [MICA_MAP_HEADERS] = "headers", [MICA_MAP_TABLES] = "tables",
	[MICA_MAP_VOICES] = "voices",     [MICA_MAP_MOUNTS] = "mounts",   [MICA_MAP_COUNTERS] = "counters",
	[MICA_MAP_SUBJECTS] = "subjects", [MICA_MAP_VIEWS] = "views",     [MICA_MAP_DENIALS] = "denials",
	[MICA_MAP_NUMBERS] = "numbers",   [MICA_MAP_ORDERS] = "orders",   [MICA_MAP_LABELS] = "labels",
};

/** Is the hook needed for what the enforcer is opened for? */
static bool is_needed(const struct mica_enforcer *enforcer, const struct mica_enforcer_hook *hook)
{
	return hook->always || hook->operations & enforcer->options.operations ||
	       hook->guards & enforcer->options.guards;
}

static int check_basics(const struct mica_features *features, struct mica_problem *problem)
{
	static const enum mica_basic needed[] = { MICA_BASIC_PRIVILEGE, MICA_BASIC_BTF,          MICA_BASIC_OVERLAY,
						  MICA_BASIC_LOOP,      MICA_BASIC_TASK_STORAGE, MICA_BASIC_LSM };

	return mica_problem_check_basics(features, needed, sizeof(needed) / sizeof(needed[0]),
					 "policies cannot be enforced here: ", problem);
}

/** Marks the programs to load; one for each job that is needed. *ret_count: of them. */
static int choose_hooks(struct mica_enforcer *enforcer, const struct mica_features *features, bool *chosen,
			struct mica_problem *problem)
{
	for (unsigned i = 0; i < mica_enforcer_hook_count; i++) {
		const struct mica_enforcer_hook *hook = &mica_enforcer_hooks[i];
		int r = -ENOENT;

		if (!is_needed(enforcer, hook))
			continue;
		/* Rows of a job follow each other. */
		if (i && chosen[i - 1] && strcmp(mica_enforcer_hooks[i - 1].program.job, hook->program.job) == 0)
			continue;
		r = mica_functions_check(features->functions, &hook->program);
		if (r == 0) {
			chosen[i] = true;
			enforcer->link_count++;
			continue;
		}
		if ((r == -ENOENT && hook->program.optional) ||
		    (i + 1 < mica_enforcer_hook_count &&
		     strcmp(mica_enforcer_hooks[i + 1].program.job, hook->program.job) == 0))
			continue;
		(void)snprintf(problem->remedy, sizeof(problem->remedy),
			       "run `mica doctor`, and report this kernel's version");
		return mica_problem_refuse(problem, -EOPNOTSUPP, "the hook %s %s in this kernel: nothing is enforced",
					   hook->program.job, r == -ENOENT ? "is not" : "looks different");
	}
	return 0;
}

/** Since 6.2: plain loads, bpf/cast.bpf.h. */
static bool has_cast(const struct mica_features *features)
{
	return mica_functions_id(features->functions, "bpf_rdonly_cast") > 0;
}

static int configure(struct mica_enforcer *enforcer, const struct mica_features *features, const bool *chosen)
{
	int cpus = libbpf_num_possible_cpus(), r = 0;
	struct mica_enforce_bpf *hooks = enforcer->hooks;
	struct stat host;

	if (cpus < 0)
		return cpus;
	if (stat("/proc/1/ns/mnt", &host) < 0)
		return -errno;
	for (unsigned i = 0; r == 0 && i < mica_enforcer_hook_count; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(hooks->obj, mica_enforcer_hooks[i].program.name);

		r = program ? bpf_program__set_autoload(program, chosen[i]) : -ENOENT;
	}
	hooks->rodata->host_mnt_ns = host.st_ino;
	hooks->rodata->has_cast = has_cast(features);
	if (r == 0)
		r = bpf_map__set_max_entries(hooks->maps.slots, (__u32)cpus * SLOTS_PER_CPU);
	if (r == 0)
		r = bpf_map__set_max_entries(hooks->maps.denials, enforcer->options.ring_bytes
									  ? (__u32)enforcer->options.ring_bytes
									  : RING_BYTES);
	return r;
}

static int load_hooks(struct mica_enforcer *enforcer, const struct mica_features *features, const bool *chosen,
		      struct mica_problem *problem)
{
	int r;

	enforcer->hooks = mica_enforce_bpf__open();
	if (!enforcer->hooks)
		return mica_problem_refuse(problem, -errno, "cannot open the BPF object of the hooks: %s",
					   mica_errno_name(errno));
	r = configure(enforcer, features, chosen);
	if (r < 0)
		return mica_problem_refuse(problem, r, "cannot set up the BPF object of the hooks: %s",
					   mica_errno_name(r));
	r = mica_enforce_bpf__load(enforcer->hooks);
	if (r < 0) {
		(void)snprintf(problem->remedy, sizeof(problem->remedy), "MICA_DEBUG=1 shows the verifier's words");
		return mica_problem_refuse(problem, r, "the kernel refuses the programs of the hooks: %s",
					   mica_errno_name(r));
	}
	for (int i = 0; i < _MICA_MAP_MAX; i++) {
		enforcer->maps[i] = bpf_object__find_map_fd_by_name(enforcer->hooks->obj, mica_enforcer_map_names[i]);
		if (enforcer->maps[i] < 0)
			return mica_problem_refuse(problem, enforcer->maps[i], "the map %s is not in the BPF object",
						   mica_enforcer_map_names[i]);
	}
	enforcer->request = bpf_program__fd(enforcer->hooks->progs.object_request);
	return 0;
}

/** The evaluator works with the hooks' maps. */
static int share_maps(struct mica_enforcer *enforcer)
{
	struct bpf_map *map, *hooks_map;
	int r = 0;

	bpf_object__for_each_map(map, enforcer->verdict->obj)
	{
		/* Its own constants and variables. */
		if (bpf_map__is_internal(map))
			continue;
		hooks_map = bpf_object__find_map_by_name(enforcer->hooks->obj, bpf_map__name(map));
		r = hooks_map ? bpf_map__reuse_fd(map, bpf_map__fd(hooks_map)) : -ENOENT;
		if (r < 0)
			return r;
	}
	return 0;
}

static struct bpf_program *program_of(const struct mica_enforcer *enforcer, const struct mica_enforcer_hook *hook)
{
	return bpf_object__find_program_by_name(enforcer->hooks->obj, hook->program.name);
}

static int load_verdict(struct mica_enforcer *enforcer, const struct mica_features *features, const bool *chosen,
			struct mica_problem *problem)
{
	int r, target = -ENOENT;

	for (unsigned i = 0; target < 0 && i < mica_enforcer_hook_count; i++)
		if (chosen[i] && mica_enforcer_hooks[i].asks)
			target = bpf_program__fd(program_of(enforcer, &mica_enforcer_hooks[i]));
	/* A set that decides nothing. */
	if (target == -ENOENT)
		return 0;
	enforcer->verdict = mica_verdict_bpf__open();
	if (!enforcer->verdict)
		return mica_problem_refuse(problem, -errno, "cannot open the BPF object of the evaluator: %s",
					   mica_errno_name(errno));
	enforcer->verdict->rodata->has_cast = has_cast(features);
	r = share_maps(enforcer);
	if (r == 0)
		r = bpf_program__set_attach_target(enforcer->verdict->progs.evaluate, target, ANSWER);
	if (r == 0)
		r = mica_verdict_bpf__load(enforcer->verdict);
	if (r < 0) {
		(void)snprintf(problem->remedy, sizeof(problem->remedy), "MICA_DEBUG=1 shows the verifier's words");
		return mica_problem_refuse(problem, r, "the kernel refuses the evaluator: %s", mica_errno_name(r));
	}
	return 0;
}

/** Appends a link. 0 or a negative errno. */
static int keep_link(struct mica_enforcer *enforcer, struct bpf_link *link, const struct mica_enforcer_hook *hook,
		     const char *kind)
{
	struct mica_enforcer_link *kept = &enforcer->links[enforcer->link_count];

	if (!link)
		return -errno;
	*kept = (struct mica_enforcer_link){ .function = hook->program.job, .link = link, .fd = bpf_link__fd(link) };
	(void)snprintf(kept->name, sizeof(kept->name), "%s_%s", kind, hook->program.name);
	enforcer->link_count++;
	return 0;
}

static int attach(struct mica_enforcer *enforcer, const bool *chosen, struct mica_problem *problem)
{
	enforcer->links = calloc(2 * (size_t)mica_enforcer_hook_count, sizeof(*enforcer->links));
	enforcer->link_count = 0;
	if (!enforcer->links)
		return mica_problem_refuse(problem, -ENOMEM, "out of memory");
	/* The evaluator first: no hook ever answers without it. */
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < mica_enforcer_hook_count; i++) {
			const struct mica_enforcer_hook *hook = &mica_enforcer_hooks[i];
			struct bpf_program *program = program_of(enforcer, hook);
			struct bpf_link *link;
			int r;

			if (!chosen[i] || (pass == 0 && !hook->asks))
				continue;
			link = pass ? bpf_program__attach_lsm(program)
				    : bpf_program__attach_freplace(enforcer->verdict->progs.evaluate,
								   bpf_program__fd(program), ANSWER);
			r = keep_link(enforcer, link, hook, pass ? "hook" : "verdict");
			if (r < 0)
				return mica_problem_refuse(problem, r,
							   "cannot attach to the hook %s%s: %s; nothing is enforced",
							   hook->program.job, pass ? "" : " (its evaluator)",
							   mica_errno_name(r));
		}
	}
	enforcer->iterator.link = bpf_program__attach_iter(enforcer->hooks->progs.visit_tasks, NULL);
	if (!enforcer->iterator.link)
		return mica_problem_refuse(problem, -errno, "cannot attach the iterator of tasks: %s",
					   mica_errno_name(errno));
	enforcer->iterator.fd = bpf_link__fd(enforcer->iterator.link);
	return 0;
}

/** What is not said by 0: no set, and what it can decide. */
static int begin(struct mica_enforcer *enforcer)
{
	uint32_t zero = 0, none = MICA_ENFORCE_SETS;
	int r = bpf_map_update_elem(enforcer->maps[MICA_MAP_ACTIVE], &zero, &none, BPF_ANY) ? -errno : 0;

	if (r == 0)
		r = mica_enforcer_number_set(enforcer, MICA_NUMBER_OPERATIONS, enforcer->options.operations);
	if (r == 0)
		r = mica_enforcer_number_set(enforcer, MICA_NUMBER_GUARDS, enforcer->options.guards);
	return r;
}

static int bring_up(struct mica_enforcer *enforcer, const struct mica_features *features, struct mica_problem *problem)
{
	_cleanup_free_ bool *chosen = calloc(mica_enforcer_hook_count, sizeof(*chosen));
	int r;

	if (!chosen)
		return mica_problem_refuse(problem, -ENOMEM, "out of memory");
	r = check_basics(features, problem);
	if (r == 0)
		r = choose_hooks(enforcer, features, chosen, problem);
	if (r == 0)
		r = load_hooks(enforcer, features, chosen, problem);
	if (r == 0)
		r = load_verdict(enforcer, features, chosen, problem);
	if (r < 0)
		return r;
	r = begin(enforcer);
	if (r == 0)
		r = mica_enforcer_listen(enforcer);
	if (r == 0)
		r = attach(enforcer, chosen, problem);
	else
		return mica_problem_refuse(problem, r, "cannot set up the maps of enforcement: %s", mica_errno_name(r));
	if (r < 0)
		return r;
	r = mica_enforcer_trust_self(enforcer);
	return r < 0 ? mica_problem_refuse(problem, r, "cannot label this process: %s", mica_errno_name(r)) : 0;
}

int mica_enforcer_open(const struct mica_enforcer_options *options, struct mica_enforcer **ret,
		       struct mica_problem *ret_problem)
{
	_cleanup_(mica_features_free) struct mica_features features = {};
	_cleanup_(mica_enforcer_close) struct mica_enforcer *enforcer = calloc(1, sizeof(*enforcer));
	int r;

	*ret_problem = (struct mica_problem){};
	mica_libbpf_log_begin();
	if (!enforcer)
		return mica_problem_refuse(ret_problem, -ENOMEM, "out of memory");
	enforcer->options = *options;
	r = mica_features_probe(&features);
	if (r < 0)
		return mica_problem_refuse(ret_problem, r, "cannot look at the kernel: %s", mica_errno_name(r));
	r = bring_up(enforcer, &features, ret_problem);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(enforcer);
	return 0;
}

static void close_adopted(struct mica_enforcer *enforcer)
{
	for (int i = 0; i < _MICA_MAP_MAX; i++)
		if (enforcer->maps[i] > 0)
			(void)close(enforcer->maps[i]);
	for (unsigned i = 0; i < enforcer->link_count; i++)
		(void)close(enforcer->links[i].fd);
	if (enforcer->request > 0)
		(void)close(enforcer->request);
	if (enforcer->iterator.fd > 0)
		(void)close(enforcer->iterator.fd);
}

void mica_enforcer_close(struct mica_enforcer **address)
{
	struct mica_enforcer *enforcer = TAKE_PTR(*address);

	if (!enforcer)
		return;
	ring_buffer__free(enforcer->ring);
	mica_enforcer_drop_provisional(enforcer);
	/* Hooks go before the evaluator that they ask. */
	for (unsigned i = enforcer->links ? enforcer->link_count : 0; i-- > 0;)
		(void)bpf_link__destroy(enforcer->links[i].link);
	(void)bpf_link__destroy(enforcer->iterator.link);
	if (!enforcer->hooks)
		close_adopted(enforcer);
	mica_verdict_bpf__destroy(enforcer->verdict);
	mica_enforce_bpf__destroy(enforcer->hooks);
	free(enforcer->links);
	free(enforcer->directory);
	free(enforcer);
}
