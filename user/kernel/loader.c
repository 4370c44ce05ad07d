// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/features.h"
#include "kernel/libbpf_log.h"
#include "kernel/problem.h"
#include "mica.skel.h"

/** Scratch slots of one CPU: SCRATCH_SLOTS in bpf/maps.bpf.h. */
#define SCRATCH_SLOTS 8

struct attached {
	const struct mica_program *row;
	struct bpf_link *link;
	int program;
	/** Runs that the kernel skipped, as last read. */
	uint64_t skipped;
};

struct mica_kernel {
	struct mica_kernel_options options;
	struct mica_bpf *skeleton;
	struct ring_buffer *ring;
	struct attached *attached;
	unsigned attached_count;
	bool detached;
	/** Part of the programs whose skipped runs are read next. */
	unsigned skipped_part;
	/** What the last look for dead writers found. */
	uint64_t shared_writers_made;
	size_t shared_writers_left;
};

#define LOSS_ENTRIES (_MICA_EVENT_MAX * _MICA_LOST_MAX)
/** A system call a program: only a part of them is read each time. */
#define SKIPPED_PARTS 5

/** What no program can do without. */
static int check_basics(const struct mica_features *features, struct mica_problem *problem)
{
	const struct mica_feature *feature;

	for (unsigned i = 0; i < _MICA_BASIC_MAX; i++) {
		feature = &features->basic[i];
		if (feature->state != MICA_FEATURE_MISSING)
			continue;
		(void)snprintf(problem->remedy, sizeof(problem->remedy), "%s", feature->remedy);
		return mica_problem_refuse(problem, i == MICA_BASIC_PRIVILEGE ? -EPERM : -EOPNOTSUPP, "%s",
					   feature->detail);
	}
	return 0;
}

static bool is_chosen(const struct mica_kernel *kernel, const struct mica_program *row)
{
	for (unsigned i = 0; i < kernel->attached_count; i++)
		if (strcmp(kernel->attached[i].row->job, row->job) == 0)
			return true;
	return false;
}

/** Picks one program for each job that the wanted events need. */
static int choose_programs(struct mica_kernel *kernel, const struct mica_features *features, uint64_t events,
			   struct mica_problem *problem)
{
	char detail[160];

	kernel->attached = calloc(mica_program_count, sizeof(*kernel->attached));
	if (!kernel->attached)
		return -ENOMEM;
	for (unsigned i = 0; i < mica_program_count; i++) {
		const struct mica_program *row = &mica_programs[i], *best;

		if (!(row->events & events) || is_chosen(kernel, row))
			continue;
		best = mica_features_choose(features, row->job, detail, sizeof(detail));
		if (best) {
			kernel->attached[kernel->attached_count++] = (struct attached){ .row = best, .program = -1 };
		} else if (!row->optional) {
			(void)snprintf(problem->remedy, sizeof(problem->remedy),
				       "run `mica doctor`, and report this kernel's version");
			return mica_problem_refuse(problem, -EOPNOTSUPP, "this kernel has no hook for %s: %s", row->job,
						   detail);
		}
	}
	return 0;
}

/** Only the chosen programs are loaded. */
static int switch_programs(struct mica_kernel *kernel)
{
	struct bpf_program *program;
	int error;

	bpf_object__for_each_program (program, kernel->skeleton->obj) {
		bool chosen = false;

		for (unsigned i = 0; i < kernel->attached_count && !chosen; i++)
			chosen = strcmp(kernel->attached[i].row->name, bpf_program__name(program)) == 0;
		/* Run by us, not by a hook. */
		if (strcmp(bpf_program__name(program), "report_writes") == 0)
			chosen = kernel->options.events >> MICA_EVENT_WRITE & 1;
		error = bpf_program__set_autoload(program, chosen);
		if (error)
			return error;
	}
	return 0;
}

static int configure(struct mica_kernel *kernel)
{
	const struct mica_kernel_options *options = &kernel->options;
	struct mica_bpf *skeleton = kernel->skeleton;
	int cpus = libbpf_num_possible_cpus();
	struct stat host;
	int error;

	if (cpus < 0)
		return cpus;
	if (stat("/proc/1/ns/mnt", &host) < 0)
		return -errno;
	skeleton->rodata->host_mnt_ns = host.st_ino;
	skeleton->rodata->self_tgid = getpid();
	skeleton->rodata->event_mask = options->events;
	skeleton->rodata->min_copy_up_bytes = options->min_copy_up_bytes;
	skeleton->rodata->min_copy_up_ns = options->min_copy_up_ns;
	skeleton->rodata->no_union_files = options->no_union_files;
	/* Announce when an eighth is full: the reader has the rest of it to get up. */
	skeleton->rodata->wakeup_bytes = options->ring_bytes / 8;
	error = bpf_map__set_max_entries(skeleton->maps.events, options->ring_bytes);
	if (!error)
		error = bpf_map__set_max_entries(skeleton->maps.scratches, cpus * SCRATCH_SLOTS);
	return error;
}

static int attach_programs(struct mica_kernel *kernel, struct mica_problem *problem)
{
	for (unsigned i = 0; i < kernel->attached_count; i++) {
		struct attached *attached = &kernel->attached[i];
		struct bpf_program *program =
			bpf_object__find_program_by_name(kernel->skeleton->obj, attached->row->name);

		if (!program)
			return mica_problem_refuse(problem, -ENOENT, "the program %s is not in the BPF object",
						   attached->row->name);
		attached->program = bpf_program__fd(program);
		attached->link = bpf_program__attach(program);
		if (!attached->link)
			return mica_problem_refuse(problem, -errno, "cannot attach to %s: %s", attached->row->function,
						   mica_errno_name(errno));
	}
	return 0;
}

static int take_sample(void *context, void *data, size_t size)
{
	struct mica_kernel *kernel = context;

	return kernel->options.take(data, size, kernel->options.userdata);
}

static int load(struct mica_kernel *kernel, struct mica_problem *problem)
{
	int error;

	kernel->skeleton = mica_bpf__open();
	if (!kernel->skeleton)
		return mica_problem_refuse(problem, -errno, "cannot open the BPF object: %s", mica_errno_name(errno));
	error = switch_programs(kernel);
	if (!error)
		error = configure(kernel);
	if (error)
		return mica_problem_refuse(problem, error, "cannot set up the BPF object: %s", mica_errno_name(error));
	error = mica_bpf__load(kernel->skeleton);
	if (error) {
		(void)snprintf(problem->remedy, sizeof(problem->remedy), "MICA_DEBUG=1 shows the verifier's words");
		return mica_problem_refuse(problem, error, "the kernel refuses the BPF programs: %s",
					   mica_errno_name(error));
	}
	kernel->ring = ring_buffer__new(bpf_map__fd(kernel->skeleton->maps.events), take_sample, kernel, NULL);
	if (!kernel->ring)
		return mica_problem_refuse(problem, -errno, "cannot map the ring buffer: %s", mica_errno_name(errno));
	return attach_programs(kernel, problem);
}

int mica_kernel_open(const struct mica_kernel_options *options, struct mica_kernel **ret,
		     struct mica_problem *ret_problem)
{
	_cleanup_(mica_features_free) struct mica_features features = {};
	_cleanup_(mica_kernel_close) struct mica_kernel *kernel = calloc(1, sizeof(*kernel));
	int error;

	memset(ret_problem, 0, sizeof(*ret_problem));
	mica_libbpf_log_begin();
	if (!kernel)
		return mica_problem_refuse(ret_problem, -ENOMEM, "out of memory");
	kernel->options = *options;
	error = mica_features_probe(&features);
	if (!error)
		error = check_basics(&features, ret_problem);
	if (!error)
		error = choose_programs(kernel, &features, options->events, ret_problem);
	if (!error)
		error = load(kernel, ret_problem);
	if (error)
		return error;
	*ret = TAKE_PTR(kernel);
	return 0;
}

void mica_kernel_detach(struct mica_kernel *kernel)
{
	for (unsigned i = 0; i < kernel->attached_count; i++) {
		(void)bpf_link__destroy(kernel->attached[i].link);
		kernel->attached[i].link = NULL;
	}
	kernel->detached = true;
}

void mica_kernel_close(struct mica_kernel **address)
{
	struct mica_kernel *kernel = TAKE_PTR(*address);

	if (!kernel)
		return;
	mica_kernel_detach(kernel);
	ring_buffer__free(kernel->ring);
	mica_bpf__destroy(kernel->skeleton);
	free(kernel->attached);
	free(kernel);
}

int mica_kernel_fd(const struct mica_kernel *kernel)
{
	return ring_buffer__epoll_fd(kernel->ring);
}

uint64_t mica_kernel_woken_ns(const struct mica_kernel *kernel)
{
	return kernel->skeleton->bss->last_wakeup_ns;
}

int mica_kernel_read(struct mica_kernel *kernel)
{
	return ring_buffer__consume(kernel->ring);
}

uint64_t mica_kernel_ring_peak(const struct mica_kernel *kernel)
{
	return kernel->skeleton->bss->ring_peak;
}

/** Runs that the kernel skipped since the program was loaded: bpf_prog_info.recursion_misses, since Linux 5.12. */
static uint64_t skipped_runs(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.recursion_misses;
}

/** Adds up the counters of all CPUs. */
static int read_losses(const struct mica_kernel *kernel, struct mica_losses *losses)
{
	int cpus = libbpf_num_possible_cpus(), map = bpf_map__fd(kernel->skeleton->maps.losses);
	__u32 keys[LOSS_ENTRIES], count = LOSS_ENTRIES, next;
	_cleanup_free_ uint64_t *values = NULL;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus * LOSS_ENTRIES, sizeof(*values));
	if (!values)
		return -ENOMEM;
	/* ENOENT: that was the end. */
	if (bpf_map_lookup_batch(map, NULL, &next, keys, values, &count, NULL) && errno != ENOENT)
		return -errno;
	for (unsigned i = 0; i < count; i++)
		for (int cpu = 0; cpu < cpus; cpu++)
			losses->count[keys[i] / _MICA_LOST_MAX][keys[i] % _MICA_LOST_MAX] +=
				values[(size_t)i * (unsigned)cpus + (unsigned)cpu];
	return count == LOSS_ENTRIES ? 0 : -EIO;
}

int mica_kernel_losses(struct mica_kernel *kernel, struct mica_losses *ret)
{
	struct mica_losses losses = {};
	int error = read_losses(kernel, &losses);

	if (error)
		return error;
	for (unsigned i = 0; i < kernel->attached_count; i++) {
		struct attached *attached = &kernel->attached[i];
		enum mica_lost_cause cause = attached->row->makes ? MICA_LOST_SKIPPED : MICA_LOST_DETAIL;

		if (kernel->detached || i % SKIPPED_PARTS == kernel->skipped_part)
			attached->skipped = skipped_runs(attached->program);
		losses.count[attached->row->makes][cause] += attached->skipped;
	}
	/* A task that ended before its next operation, or one that was in a removal when the programs went. */
	if (kernel->detached)
		losses.count[MICA_EVENT_WHITEOUT][MICA_LOST_SKIPPED] += kernel->skeleton->bss->whiteouts_pending;
	kernel->skipped_part = (kernel->skipped_part + 1) % SKIPPED_PARTS;
	*ret = losses;
	return 0;
}

int mica_kernel_select_namespace(struct mica_kernel *kernel, uint64_t mnt_ns_id, enum mica_selection selection)
{
	int map = bpf_map__fd(kernel->skeleton->maps.subjects);
	__u32 flags = selection;

	if (selection == MICA_SELECTION_UNKNOWN)
		return bpf_map_delete_elem(map, &mnt_ns_id) && errno != ENOENT ? -errno : 0;
	return bpf_map_update_elem(map, &mnt_ns_id, &flags, BPF_ANY) ? -errno : 0;
}

/** As `struct union_entry` in bpf/maps.bpf.h. */
struct union_entry {
	__u64 id;
	__u32 flags;
	__u32 layers;
	__u64 sb;
};

int mica_kernel_select_union(struct mica_kernel *kernel, uint64_t union_id, enum mica_selection selection)
{
	int map = bpf_map__fd(kernel->skeleton->maps.unions);
	__u64 key, next;

	for (int more = !bpf_map_get_next_key(map, NULL, &key); more; key = next) {
		struct union_entry entry;

		more = !bpf_map_get_next_key(map, &key, &next);
		if (bpf_map_lookup_elem(map, &key, &entry) || entry.id != union_id)
			continue;
		entry.flags = selection;
		return bpf_map_update_elem(map, &key, &entry, BPF_EXIST) ? -errno : 0;
	}
	return -ENOENT;
}

/** As `struct written_key` in bpf/maps.bpf.h. */
struct written_key {
	__u64 file;
	__u32 tgid;
	__u32 shared;
};

/**
 * Forgets the processes that are dead, so that a file that many write to one after the other (a shell's output) does
 * not fill the table. A dead process writes no more: what it wrote was reported before this.
 */
static void forget_dead_writers(struct mica_kernel *kernel)
{
	int map = bpf_map__fd(kernel->skeleton->maps.shared_writes);
	uint64_t made = kernel->skeleton->bss->shared_writers;
	struct written_key key, next;
	size_t left = 0;

	/* Looking through an empty table is not for nothing. */
	if (made == kernel->shared_writers_made && !kernel->shared_writers_left)
		return;
	for (int more = !bpf_map_get_next_key(map, NULL, &key); more; key = next) {
		more = !bpf_map_get_next_key(map, &key, &next);
		if (kill(key.tgid, 0) < 0 && errno == ESRCH)
			(void)bpf_map_delete_elem(map, &key);
		else
			left++;
	}
	kernel->shared_writers_made = made;
	kernel->shared_writers_left = left;
}

int mica_kernel_report_writes(struct mica_kernel *kernel)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int error;

	if (!(kernel->options.events >> MICA_EVENT_WRITE & 1))
		return 0;
	error = bpf_prog_test_run_opts(bpf_program__fd(kernel->skeleton->progs.report_writes), &options);
	if (!error)
		forget_dead_writers(kernel);
	return error;
}
