// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

static void set(struct mica_feature *feature, const char *name, const char *needed_by)
{
	*feature = (struct mica_feature){ .name = name, .needed_by = needed_by, .state = MICA_FEATURE_OK };
}

__attribute__((format(printf, 2, 3))) static void detail(struct mica_feature *feature, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(feature->detail, sizeof(feature->detail), format, arguments);
	va_end(arguments);
}

static void lacks(struct mica_feature *feature, enum mica_feature_state state, const char *remedy)
{
	feature->state = state;
	(void)snprintf(feature->remedy, sizeof(feature->remedy), "%s", remedy);
}

static void probe_privilege(struct mica_feature *feature)
{
	set(feature, "privilege", "trace");
	if (mica_have_capability(CAP_SYS_ADMIN)) {
		detail(feature, "CAP_SYS_ADMIN");
		return;
	}
	detail(feature, "no CAP_SYS_ADMIN");
	lacks(feature, MICA_FEATURE_MISSING, "run mica as root, or give it CAP_SYS_ADMIN");
}

static void probe_btf(struct mica_feature *feature, struct mica_features *features)
{
	int error;

	set(feature, "btf", "trace");
	error = mica_functions_load(&features->functions);
	if (!error) {
		detail(feature, "/sys/kernel/btf/vmlinux");
		return;
	}
	detail(feature, "the kernel's type information cannot be read: %s", mica_errno_name(error));
	lacks(feature, MICA_FEATURE_MISSING, "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian's are)");
}

/** The overlay programs can only be loaded when the module is. */
static void load_overlay_module(void)
{
	char *const argv[] = { (char *)"modprobe", (char *)"-q", (char *)"overlay", NULL };
	char *const environment[] = { (char *)"PATH=/usr/sbin:/sbin:/usr/bin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;

	if (posix_spawn_file_actions_init(&actions))
		return;
	/* Whether it worked is looked at afterwards; busybox's modprobe does not know -q. */
	(void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, "/sbin/modprobe", &actions, NULL, argv, environment) == 0)
		(void)waitpid(pid, &status, 0);
	(void)posix_spawn_file_actions_destroy(&actions);
}

static void probe_overlay(struct mica_feature *feature, struct mica_features *features)
{
	set(feature, "overlay", "trace");
	if (features->functions && !mica_functions_have_overlay(features->functions)) {
		load_overlay_module();
		mica_functions_free(&features->functions);
		(void)mica_functions_load(&features->functions);
	}
	if (features->functions && mica_functions_have_overlay(features->functions)) {
		detail(feature, "its functions are in the kernel's BTF");
		return;
	}
	detail(feature, "overlayfs is not loaded, or has no BTF");
	lacks(feature, MICA_FEATURE_MISSING, "modprobe overlay");
}

static void probe_map(struct mica_feature *feature, const char *name, enum bpf_map_type type)
{
	set(feature, name, "trace");
	if (libbpf_probe_bpf_map_type(type, NULL) == 1) {
		detail(feature, "maps of this type can be made");
		return;
	}
	detail(feature, "the kernel refuses maps of this type");
	lacks(feature, MICA_FEATURE_MISSING, "Linux 6.1 or later, with the bpf(2) system call allowed");
}

static void probe_loop(struct mica_feature *feature)
{
	set(feature, "loop", "trace");
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) == 1) {
		detail(feature, "bpf_loop");
		return;
	}
	detail(feature, "no bpf_loop helper");
	lacks(feature, MICA_FEATURE_MISSING, "Linux 6.1 or later");
}

/** Loads and attaches a program that does nothing. 0 or a negative errno. */
static int try_attach(enum bpf_prog_type type, enum bpf_attach_type attach_type, int function_id)
{
	/* r0 = 0; exit */
	const struct bpf_insn nothing[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type,
		    .attach_btf_id = (__u32)function_id);
	_cleanup_close_ int program = -EBADF;
	_cleanup_close_ int link = -EBADF;

	program = bpf_prog_load(type, "mica_probe", "GPL", nothing, 2, &options);
	if (program < 0)
		return -errno;
	link = bpf_raw_tracepoint_open(NULL, program);
	return link < 0 ? -errno : 0;
}

static void probe_fentry(struct mica_feature *feature, const struct mica_features *features)
{
	int id, error;

	set(feature, "fentry", "trace");
	id = features->functions ? mica_functions_id(features->functions, "vfs_rename") : -ENOENT;
	error = id < 0 ? id : try_attach(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, id);
	if (!error) {
		detail(feature, "a program on vfs_rename could be attached");
		return;
	}
	detail(feature, "the kernel refuses tracing programs: %s", mica_errno_name(error));
	lacks(feature, MICA_FEATURE_MISSING,
	      "use a kernel with CONFIG_FUNCTION_TRACER and CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS (x86_64, or arm64 "
	      "since 6.4), not in lockdown=confidentiality");
}

/** Is `bpf` among the security modules that run? A program is attached either way, and then never called. */
static bool lsm_is_active(void)
{
	_cleanup_free_ char *list = NULL;
	char *save = NULL;
	size_t size;

	if (mica_file_read("/sys/kernel/security/lsm", 4096, &list, &size))
		return false;
	for (char *name = strtok_r(list, ",\n", &save); name; name = strtok_r(NULL, ",\n", &save))
		if (strcmp(name, "bpf") == 0)
			return true;
	return false;
}

static void probe_lsm(struct mica_feature *feature, const struct mica_features *features)
{
	int id, error;

	set(feature, "lsm", "enforce");
	id = features->functions ? mica_functions_id(features->functions, "bpf_lsm_file_open") : -ENOENT;
	error = id < 0 ? id : try_attach(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, id);
	if (error) {
		detail(feature, "the kernel refuses LSM programs: %s", mica_errno_name(error));
		lacks(feature, MICA_FEATURE_DEGRADED, "use a kernel with CONFIG_BPF_LSM=y");
	} else if (!lsm_is_active()) {
		detail(feature, "bpf is not among the active security modules");
		lacks(feature, MICA_FEATURE_DEGRADED,
		      "add bpf to the lsm= boot parameter (see /sys/kernel/security/lsm)");
	} else {
		detail(feature, "bpf is among the active security modules");
	}
}

/** Kallsyms with data symbols: the lock that makes path walks consistent. */
static void probe_symbols(struct mica_feature *feature)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/kallsyms", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	set(feature, "symbols", "trace");
	while (file && getline(&line, &size, file) >= 0) {
		const char *name = strrchr(line, ' ');

		if (name && strcmp(name, " rename_lock\n") == 0 && strncmp(line, "0000000000000000", 16) != 0) {
			detail(feature, "rename_lock is known: paths are consistent");
			return;
		}
	}
	detail(feature, "rename_lock is not known: a path can be wrong while it is renamed");
	lacks(feature, MICA_FEATURE_DEGRADED,
	      "use a kernel with CONFIG_KALLSYMS_ALL=y, and kernel.kptr_restrict below 2");
}

/** Under full or lazy preemption the kernel skips a tracing program while a preempted task is inside it (KERNEL.md H1).
 */
static void probe_preemption(struct mica_feature *feature)
{
	_cleanup_free_ char *text = NULL;
	char *start, *end;
	size_t size;

	set(feature, "preemption", "trace");
	if (mica_file_read("/sys/kernel/debug/sched/preempt", 256, &text, &size) || !(start = strchr(text, '(')) ||
	    !(end = strchr(start, ')'))) {
		detail(feature, "not known: /sys/kernel/debug/sched/preempt cannot be read");
		lacks(feature, MICA_FEATURE_DEGRADED, "mount debugfs; skipped programs are counted either way");
		return;
	}
	*end = 0;
	detail(feature, "%s", start + 1);
	if (strcmp(start + 1, "none") != 0 && strcmp(start + 1, "voluntary") != 0)
		lacks(feature, MICA_FEATURE_DEGRADED,
		      "tasks that preempt each other can hide events, which are counted as lost: boot with "
		      "preempt=voluntary where the kernel has it");
}

int mica_features_probe(struct mica_features *ret)
{
	memset(ret, 0, sizeof(*ret));
	probe_privilege(&ret->basic[MICA_BASIC_PRIVILEGE]);
	probe_btf(&ret->basic[MICA_BASIC_BTF], ret);
	probe_overlay(&ret->basic[MICA_BASIC_OVERLAY], ret);
	probe_map(&ret->basic[MICA_BASIC_RING_BUFFER], "ring-buffer", BPF_MAP_TYPE_RINGBUF);
	probe_map(&ret->basic[MICA_BASIC_TASK_STORAGE], "task-storage", BPF_MAP_TYPE_TASK_STORAGE);
	probe_loop(&ret->basic[MICA_BASIC_LOOP]);
	probe_fentry(&ret->basic[MICA_BASIC_FENTRY], ret);
	probe_lsm(&ret->basic[MICA_BASIC_LSM], ret);
	probe_symbols(&ret->basic[MICA_BASIC_SYMBOLS]);
	probe_preemption(&ret->basic[MICA_BASIC_PREEMPTION]);
	return 0;
}

void mica_features_free(struct mica_features *features)
{
	mica_functions_free(&features->functions);
}

bool mica_features_have_lsm(const struct mica_features *features)
{
	return features->basic[MICA_BASIC_LSM].state == MICA_FEATURE_OK;
}

const struct mica_program *mica_features_choose(const struct mica_features *features, const char *job, char *ret_detail,
						size_t detail_size)
{
	const struct mica_program *program;
	int error;

	(void)snprintf(ret_detail, detail_size, "no program");
	for (unsigned i = 0; i < mica_program_count; i++) {
		program = &mica_programs[i];
		if (strcmp(program->job, job) != 0)
			continue;
		if (program->lsm && !mica_features_have_lsm(features)) {
			(void)snprintf(ret_detail, detail_size, "%s: LSM programs do not run here", program->function);
			continue;
		}
		error = features->functions ? mica_functions_check(features->functions, program) : -ENOENT;
		if (!error) {
			(void)snprintf(ret_detail, detail_size, "%s", program->function);
			return program;
		}
		(void)snprintf(ret_detail, detail_size,
			       error == -ENOENT ? "%s is not in this kernel" : "%s looks different in this kernel",
			       program->function);
	}
	return NULL;
}
