// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts on names: made, removed, moved, linked, and reached in odd ways.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "act.h"

static int act_write(char **args)
{
	now();
	int fd = open(args[0], O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

static int act_append(char **args)
{
	now();
	int fd = open(args[0], O_WRONLY | O_APPEND | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

static int act_create(char **args)
{
	now();
	int fd = open(args[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : write_byte(fd);
}

static int act_mkdir(char **args)
{
	return done(mkdir(args[0], 0755));
}

/** mknod PATH b|c|p MAJOR MINOR */
static int act_mknod(char **args)
{
	mode_t type = args[1][0] == 'b' ? S_IFBLK : args[1][0] == 'c' ? S_IFCHR : S_IFIFO;

	return done(mknod(args[0], type | 0600, makedev(atoi(args[2]), atoi(args[3]))));
}

static int act_symlink(char **args)
{
	return done(symlink(args[0], args[1]));
}

static int act_unlink(char **args)
{
	return done(unlink(args[0]));
}

static int act_rmdir(char **args)
{
	return done(rmdir(args[0]));
}

static int act_rename(char **args)
{
	return done(rename(args[0], args[1]));
}

static int act_exchange(char **args)
{
	return done(renameat2(AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_EXCHANGE));
}

static int act_rename_whiteout(char **args)
{
	return done(renameat2(AT_FDCWD, args[0], AT_FDCWD, args[1], RENAME_WHITEOUT));
}

static int act_link(char **args)
{
	return done(link(args[0], args[1]));
}

/** Writes by a name that is linked for it. */
static int act_link_write(char **args)
{
	if (link(args[0], args[1]) < 0)
		return -errno;
	int result = act_write(args + 1);

	(void)unlink(args[1]);
	return result;
}

/** A file without a name gets one: tmpfile DIRECTORY NAME */
static int act_tmpfile(char **args)
{
	char self[64];
	int fd = open(args[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	int result = done(linkat(AT_FDCWD, self, AT_FDCWD, args[1], AT_SYMLINK_FOLLOW));

	(void)close(fd);
	return result;
}

/** Writes below a directory that was opened before: dirfd-write DIRECTORY PATH */
static int act_dirfd_write(char **args)
{
	int directory = prepare_open(args[0], O_RDONLY | O_DIRECTORY);

	now();
	int fd = openat(directory, args[1], O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

/** As dirfd-write, by a descriptor that may be used for nothing but as a place. */
static int act_path_dirfd_write(char **args)
{
	int directory = prepare_open(args[0], O_PATH | O_DIRECTORY);

	now();
	int fd = openat(directory, args[1], O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

/** Leaves its root by a directory that it holds: fchdir-out NEWROOT DIRECTORY PATH */
static int act_fchdir_out(char **args)
{
	int directory = prepare_open(args[1], O_RDONLY | O_DIRECTORY);

	now();
	if (chroot(args[0]) < 0 || fchdir(directory) < 0)
		return -errno;
	int fd = open(args[2], O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

static int act_chroot_write(char **args)
{
	if (chroot(args[0]) < 0)
		return -errno;
	return act_write(args + 1);
}

static int act_chroot(char **args)
{
	return done(chroot(args[0]));
}

/** Writes by a handle, the dentries being dropped before: handle-write PATH MOUNT */
static int act_handle_write(char **args)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} all = { .handle.handle_bytes = 128 };
	int id = 0, mount = prepare_open(args[1], O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, args[0], &all.handle, &id, 0) < 0)
		return -errno;
	int caches = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	if (caches >= 0) {
		(void)!write(caches, "2", 1);
		(void)close(caches);
	}
	int fd = open_by_handle_at(mount, &all.handle, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

/** By handle only: held from before. */
static int act_held_handle_write(char **args)
{
	struct {
		struct file_handle handle;
		char bytes[128];
	} all = { .handle.handle_bytes = 128 };
	int id = 0, mount = prepare_open(args[1], O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, args[0], &all.handle, &id, 0) < 0)
		unable("name_to_handle_at");
	now();
	int fd = open_by_handle_at(mount, &all.handle, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_byte(fd);
}

/** Goes down DEPTH directories named d, made as needed: deep-make ROOT DEPTH NAME; the file NAME is made there. */
static int act_deep_make(char **args)
{
	if (chdir(args[0]) < 0)
		unable(args[0]);
	for (int i = atoi(args[1]); i > 0; i--) {
		if ((mkdir("d", 0755) < 0 && errno != EEXIST) || chdir("d") < 0)
			unable("deep directory");
	}
	return act_create(args + 2);
}

/** Writes to the file NAME below DEPTH directories named d: deep-write ROOT DEPTH NAME */
static int act_deep_write(char **args)
{
	if (chdir(args[0]) < 0)
		unable(args[0]);
	for (int i = atoi(args[1]); i > 0; i--) {
		if (chdir("d") < 0)
			unable("deep directory");
	}
	return act_write(args + 2);
}

/** Makes and removes a file of this name: odd NAME-IN-HEXADECIMAL DIRECTORY */
static int act_odd(char **args)
{
	char name[256] = "", *at = name;
	unsigned byte = 0;

	for (const char *hex = args[0]; sscanf(hex, "%2x", &byte) == 1 && at < name + 255; hex += 2)
		*at++ = (char)byte;
	*at = '\0';
	if (chdir(args[1]) < 0)
		unable(args[1]);
	char *create[] = { name, NULL };

	return act_create(create);
}

const struct act name_acts[] = {
	{ "write", 1, "FILE", act_write },
	{ "append", 1, "FILE", act_append },
	{ "create", 1, "FILE", act_create },
	{ "mkdir", 1, "DIRECTORY", act_mkdir },
	{ "mknod", 4, "FILE b|c|p MAJOR MINOR", act_mknod },
	{ "symlink", 2, "TARGET NAME", act_symlink },
	{ "unlink", 1, "FILE", act_unlink },
	{ "rmdir", 1, "DIRECTORY", act_rmdir },
	{ "rename", 2, "OLD NEW", act_rename },
	{ "exchange", 2, "A B", act_exchange },
	{ "rename-whiteout", 2, "OLD NEW", act_rename_whiteout },
	{ "link", 2, "OLD NEW", act_link },
	{ "link-write", 2, "OLD NEW", act_link_write },
	{ "tmpfile", 2, "DIRECTORY NAME", act_tmpfile },
	{ "dirfd-write", 2, "DIRECTORY PATH", act_dirfd_write },
	{ "path-dirfd-write", 2, "DIRECTORY PATH", act_path_dirfd_write },
	{ "fchdir-out", 3, "NEWROOT DIRECTORY PATH", act_fchdir_out },
	{ "chroot-write", 2, "DIRECTORY PATH", act_chroot_write },
	{ "change-root", 1, "DIRECTORY", act_chroot },
	{ "handle-write", 2, "FILE MOUNT", act_handle_write },
	{ "held-handle-write", 2, "FILE MOUNT", act_held_handle_write },
	{ "deep-make", 3, "ROOT DEPTH NAME", act_deep_make },
	{ "deep-write", 3, "ROOT DEPTH NAME", act_deep_write },
	{ "odd", 2, "NAME-IN-HEXADECIMAL DIRECTORY", act_odd },
	{},
};
