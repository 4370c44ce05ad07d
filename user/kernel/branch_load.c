// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "branch.skel.h"
#include "kernel/branch_guard_internal.h"
#include "kernel/features.h"
#include "kernel/libbpf_log.h"
#include "kernel/problem.h"

/** SLOTS_PER_CPU in bpf/branch/branch.bpf.h. */
#define SLOTS_PER_CPU 8
/** Pinned last: all is there, and of this version. */
#define COMPLETE MICA_PINS_COMPLETE(MICA_BRANCH_ABI)

static int check_basics(const struct mica_features *features, struct mica_problem *problem)
{
	static const enum mica_basic needed[] = { MICA_BASIC_PRIVILEGE,   MICA_BASIC_BTF,  MICA_BASIC_OVERLAY,
						  MICA_BASIC_RING_BUFFER, MICA_BASIC_LOOP, MICA_BASIC_LSM };

	return mica_problem_check_basics(features, needed, sizeof(needed) / sizeof(needed[0]), "", problem);
}

static int check_bpffs(struct mica_problem *problem)
{
	if (mica_pins_are_in_bpffs(MICA_BPFFS))
		return 0;
	(void)snprintf(problem->remedy, sizeof(problem->remedy), "mount -t bpf bpffs %s", MICA_BPFFS);
	return mica_problem_refuse(problem, -EOPNOTSUPP, "%s is no bpffs, in which the programs would be kept",
				   MICA_BPFFS);
}

static bool is_same_job(unsigned a, unsigned b)
{
	return b < mica_branch_hook_count && strcmp(mica_branch_hooks[a].job, mica_branch_hooks[b].job) == 0;
}

/** One program for each job; all that are not optional. */
static int choose(const struct mica_features *features, bool *chosen, struct mica_problem *problem)
{
	for (unsigned i = 0; i < mica_branch_hook_count; i++) {
		const struct mica_program *hook = &mica_branch_hooks[i];
		int r;

		/* Rows of a job follow each other. */
		if (i && chosen[i - 1] && is_same_job(i - 1, i))
			continue;
		r = mica_functions_check(features->functions, hook);
		chosen[i] = r == 0;
		if (r == 0 || (r == -ENOENT && hook->optional) || is_same_job(i, i + 1))
			continue;
		(void)snprintf(problem->remedy, sizeof(problem->remedy),
			       "run `mica doctor`, and report this kernel's version");
		return mica_problem_refuse(problem, -EOPNOTSUPP, "the hook %s %s in this kernel", hook->job,
					   r == -ENOENT ? "is not" : "looks different");
	}
	return 0;
}

static struct bpf_program *program_of(struct mica_branch_bpf *skeleton, const struct mica_program *hook)
{
	return bpf_object__find_program_by_name(skeleton->obj, hook->name);
}

static int load(struct mica_branch_bpf *skeleton, const bool *chosen, struct mica_problem *problem)
{
	int cpus = libbpf_num_possible_cpus(), r = 0;
	struct stat host;

	if (cpus < 0)
		return mica_problem_refuse(problem, cpus, "cannot count the processors: %s", mica_errno_name(cpus));
	if (stat("/proc/1/ns/mnt", &host) < 0)
		return mica_problem_refuse(problem, -errno, "cannot look at /proc/1/ns/mnt: %s",
					   mica_errno_name(errno));
	for (unsigned i = 0; r == 0 && i < mica_branch_hook_count; i++) {
		struct bpf_program *program = program_of(skeleton, &mica_branch_hooks[i]);

		r = program ? bpf_program__set_autoload(program, chosen[i]) : -ENOENT;
	}
	skeleton->rodata->host_mnt_ns = host.st_ino;
	if (r == 0)
		r = bpf_map__set_max_entries(skeleton->maps.slots, (__u32)cpus * SLOTS_PER_CPU);
	if (r == 0)
		r = mica_branch_bpf__load(skeleton);
	if (r == 0)
		return 0;
	(void)snprintf(problem->remedy, sizeof(problem->remedy), "MICA_DEBUG=1 shows the verifier's words");
	return mica_problem_refuse(problem, -EOPNOTSUPP, "the kernel refuses the programs of the guard: %s",
				   mica_errno_name(r));
}

static int pin(int fd, const char *prefix, const char *name)
{
	return mica_pin(fd, MICA_BRANCH_PINS, prefix, name);
}

/** Attaches a program; its link is pinned, and so stays when the process ends. */
static int attach(struct mica_branch_bpf *skeleton, const struct mica_program *hook, struct mica_problem *problem)
{
	struct bpf_link *link = bpf_program__attach_lsm(program_of(skeleton, hook));
	int r;

	if (!link)
		return mica_problem_refuse(problem, -EOPNOTSUPP, "cannot attach to the hook %s: %s", hook->job,
					   mica_errno_name(errno));
	r = pin(bpf_link__fd(link), MICA_PINS_LINK, hook->name);
	(void)bpf_link__destroy(link);
	return r < 0 ? mica_problem_refuse(problem, r, "cannot pin the hook %s in %s: %s", hook->job, MICA_BRANCH_PINS,
					   mica_errno_name(r))
		     : 0;
}

static int pin_rest(struct mica_branch_bpf *skeleton, uint64_t links, struct mica_problem *problem)
{
	uint32_t key = MICA_BRANCH_NUMBER_LINKS;
	int r = bpf_map_update_elem(bpf_map__fd(skeleton->maps.numbers), &key, &links, BPF_ANY) ? -errno : 0;

	if (r == 0)
		r = pin(bpf_map__fd(skeleton->maps.unions), "", "unions");
	if (r == 0)
		r = pin(bpf_map__fd(skeleton->maps.directories), "", "directories");
	if (r == 0)
		r = pin(bpf_map__fd(skeleton->maps.denials), "", "denials");
	if (r == 0)
		r = pin(bpf_map__fd(skeleton->maps.numbers), "", "numbers");
	if (r == 0)
		r = pin(bpf_program__fd(skeleton->progs.branch_request), "", "request");
	if (r == 0)
		r = pin(bpf_map__fd(skeleton->maps.unions), "", COMPLETE);
	return r < 0 ? mica_problem_refuse(problem, r, "cannot pin the guard in %s: %s", MICA_BRANCH_PINS,
					   mica_errno_name(r))
		     : 0;
}

static int attach_all(struct mica_branch_bpf *skeleton, const bool *chosen, struct mica_problem *problem)
{
	uint64_t links = 0;
	int r = 0;

	if (mkdir(MICA_BRANCH_PINS, 0700) < 0)
		return mica_problem_refuse(problem, -errno, "cannot make the directory %s: %s", MICA_BRANCH_PINS,
					   mica_errno_name(errno));
	for (unsigned i = 0; r == 0 && i < mica_branch_hook_count; i++) {
		if (!chosen[i])
			continue;
		r = attach(skeleton, &mica_branch_hooks[i], problem);
		links++;
	}
	if (r == 0)
		r = pin_rest(skeleton, links, problem);
	if (r < 0)
		(void)mica_branch_guard_unpin();
	return r;
}

int mica_branch_guard_load(struct mica_problem *problem)
{
	_cleanup_(mica_features_free) struct mica_features features = {};
	_cleanup_free_ bool *chosen = calloc(mica_branch_hook_count, sizeof(*chosen));
	struct mica_branch_bpf *skeleton;
	int r;

	mica_libbpf_log_begin();
	if (!chosen)
		return mica_problem_refuse(problem, -ENOMEM, "out of memory");
	r = mica_features_probe(&features);
	if (r < 0)
		return mica_problem_refuse(problem, r, "cannot look at the kernel: %s", mica_errno_name(r));
	r = check_basics(&features, problem);
	if (r == 0)
		r = check_bpffs(problem);
	if (r == 0)
		r = choose(&features, chosen, problem);
	if (r < 0)
		return r;
	skeleton = mica_branch_bpf__open();
	if (!skeleton)
		return mica_problem_refuse(problem, -errno, "cannot open the BPF object of the guard: %s",
					   mica_errno_name(errno));
	r = load(skeleton, chosen, problem);
	if (r == 0)
		r = attach_all(skeleton, chosen, problem);
	mica_branch_bpf__destroy(skeleton);
	return r;
}

int mica_branch_guard_unpin(void)
{
	return mica_pins_remove(MICA_BRANCH_PINS, COMPLETE);
}

int mica_branch_guard_get(const char *name)
{
	return mica_pin_get(MICA_BRANCH_PINS, "", name);
}

int mica_branch_guard_check(void)
{
	_cleanup_closedir_ DIR *entries = opendir(MICA_BRANCH_PINS);
	_cleanup_close_ int numbers = -EBADF;
	uint32_t key = MICA_BRANCH_NUMBER_LINKS;
	uint64_t links = 0, found = 0;
	struct dirent *entry;

	if (!entries)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (!mica_pin_exists(MICA_BRANCH_PINS, COMPLETE))
		return -EPROTO;
	numbers = mica_branch_guard_get("numbers");
	if (numbers < 0 || bpf_map_lookup_elem(numbers, &key, &links))
		return -EPROTO;
	while ((entry = readdir(entries)))
		found += strncmp(entry->d_name, MICA_PINS_LINK, strlen(MICA_PINS_LINK)) == 0;
	return found == links ? 0 : -EPROTO;
}
