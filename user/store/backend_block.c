// SPDX-License-Identifier: BSD-2-Clause
/*
 * A block device as a volume, perhaps one that several hosts see (Cinder, iSCSI, NBD). It gets an ext4 file system at
 * its first use. The lease that lets one host use it at a time is ext4's own multiple mount protection: the kernel that
 * has it mounted renews a block on the device every few seconds, and another kernel refuses to mount it meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/json.h"
#include "store/backend_internal.h"

#define OUTPUT_MAX 256
/* A whole number of any device's blocks. */
#define DIRECT_SIZE 4096

extern char **environ;

static const char *const block_options[] = { "device", NULL };

static int check_block(const json_t *options, char *reason, size_t reason_size)
{
	const char *device = mica_json_string(options, "device");
	struct stat stat_of_it;

	if (device && device[0] == '/' && stat(device, &stat_of_it) == 0 && S_ISBLK(stat_of_it.st_mode))
		return 0;
	(void)snprintf(reason, reason_size, "block wants device=PATH, a block device%s%s", device ? ", and not " : "",
		       device ? device : "");
	return -EINVAL;
}

/* Runs a program; *output gets the beginning of what it prints. Its exit status, or a negative errno. */
static int run(char *const *argv, char output[static OUTPUT_MAX])
{
	posix_spawn_file_actions_t actions;
	int ends[2], status = 0, r;
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	(void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	r = -posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	while (r == 0 && used < OUTPUT_MAX - 1 && (got = read(ends[0], output + used, OUTPUT_MAX - 1 - used)) > 0)
		used += (size_t)got;
	(void)close(ends[0]);
	output[used] = '\0';
	output[strcspn(output, "\n")] = '\0';
	if (r < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int fail(char *reason, size_t reason_size, int error, const char *program, const char *output)
{
	(void)snprintf(reason, reason_size, "%s: %s", program, *output ? output : strerror(error < 0 ? -error : EIO));
	return error < 0 ? error : -EIO;
}

/* Only a device in which nothing at all is recognised is written to. */
static int make_file_system(const char *device, char *reason, size_t reason_size)
{
	char *const probe[] = { (char *)"blkid", (char *)"-p",   (char *)"-o",   (char *)"value",
				(char *)"-s",    (char *)"TYPE", (char *)device, NULL };
	char *const make[] = { (char *)"mkfs.ext4", (char *)"-q", (char *)"-O",
			       (char *)"mmp",       (char *)"-E", (char *)"mmp_update_interval=5",
			       (char *)device,      NULL };
	char output[OUTPUT_MAX] = "";
	int r = run(probe, output);

	if (r == 0 && strcmp(output, "ext4") == 0)
		return 0;
	if (r == 0) {
		(void)snprintf(reason, reason_size, "the device holds something already (%s): nothing is written to it",
			       *output ? output : "a partition table");
		return -EEXIST;
	}
	if (r != 2) /* 2: nothing is found */
		return fail(reason, reason_size, r, "blkid", output);
	r = run(make, output);
	return r ? fail(reason, reason_size, r, "mkfs.ext4", output) : 0;
}

/* Without its protection two hosts would destroy it. */
static int check_lease(const char *device, char *reason, size_t reason_size)
{
	char *const list[] = { (char *)"sh", (char *)"-c",   (char *)"dumpe2fs -h \"$1\" 2>/dev/null | grep -qw mmp",
			       (char *)"sh", (char *)device, NULL };
	char output[OUTPUT_MAX] = "";
	int r = run(list, output);

	if (r == 0)
		return 0;
	(void)snprintf(reason, reason_size,
		       "its ext4 has no multiple mount protection: `tune2fs -O mmp %s` adds it, while no host has it "
		       "mounted",
		       device);
	return r < 0 ? r : -EOPNOTSUPP;
}

static int attach(const char *device, const char *directory)
{
	_cleanup_close_ int context_fd = fsopen("ext4", FSOPEN_CLOEXEC);
	_cleanup_close_ int mount_fd = -EBADF;

	if (context_fd < 0 || fsconfig(context_fd, FSCONFIG_SET_STRING, "source", device, 0) < 0 ||
	    fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, 0);
	if (mount_fd < 0 || move_mount(mount_fd, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static int mount_block(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	const char *device = mica_json_string(options, "device");
	int r = device ? make_file_system(device, reason, reason_size) : -EINVAL;

	if (r == 0)
		r = check_lease(device, reason, reason_size);
	if (r < 0)
		return r;
	r = attach(device, directory);
	if (r == -EBUSY || r == -EINVAL)
		(void)snprintf(reason, reason_size,
			       "%s is in use by another host, or was a few seconds ago (the kernel's log says by whom)",
			       device);
	return r;
}

static bool owns_block(const json_t *options, const struct mica_mountinfo *mountinfo,
		       const struct mica_mount_entry *mount)
{
	const char *device = mica_json_string(options, "device");
	struct stat stat_of_it;

	(void)mountinfo;
	return device && stat(device, &stat_of_it) == 0 &&
	       mount->device == (major(stat_of_it.st_rdev) << 20 | minor(stat_of_it.st_rdev));
}

/* What is cached of its file system says nothing about the device. */
static int ask_block(const json_t *options)
{
	static _Alignas(DIRECT_SIZE) char block[DIRECT_SIZE];
	const char *device = mica_json_string(options, "device");
	_cleanup_close_ int fd = device ? open(device, O_RDONLY | O_DIRECT | O_CLOEXEC) : -EBADF;
	ssize_t got = fd < 0 ? -1 : pread(fd, block, sizeof(block), 0);

	return got == (ssize_t)sizeof(block) ? 0 : got < 0 ? -errno : -EIO;
}

const struct mica_backend mica_backend_block = {
	.name = "block",
	.summary = "a block device, which one host uses at a time",
	.options = block_options,
	.check = check_block,
	.mount = mount_block,
	.owns = owns_block,
	.remote = true,
	.ask = ask_block,
};
