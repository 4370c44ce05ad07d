// SPDX-License-Identifier: BSD-2-Clause
#include "union.h"

#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void check(long result, const char *what, const char *name)
{
	if (result < 0)
		error(1, errno, "%s %s", what, name);
}

char *text(const char *format, ...)
{
	char *result;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&result, format, arguments) < 0)
		error(1, ENOMEM, "text");
	va_end(arguments);
	return result;
}

uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

char *file_path(const char *folder, unsigned index)
{
	return text("%s/%s/d%02u/f%02u", TREE, folder, index / FILES_PER_DIRECTORY, index % FILES_PER_DIRECTORY);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			error(1, errno, "mkdir %s", path);
		*slash = '/';
	}
}

void union_add(const char *directory, const char *path, const void *data, unsigned size)
{
	char *lower = text("%s/lower%s", directory, path);

	make_directories(lower);
	int fd = open(lower, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	check(fd, "create", lower);
	if (write(fd, data, size) != (ssize_t)size)
		error(1, errno, "write %s", lower);
	(void)close(fd);
	free(lower);
}

void union_make(const char *directory)
{
	static const char *const parts[] = { "lower", "upper", "work", "merged", "lower/old" };

	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		error(1, errno, "mkdir %s", directory);
	check(mount("bench", directory, "tmpfs", 0, "size=100%,nr_inodes=0"), "mount", directory);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char *path = text("%s/%s", directory, parts[i]);

		check(mkdir(path, 0755), "mkdir", path);
		free(path);
	}
}

void union_mount(const char *directory)
{
	char *merged = text("%s/merged", directory);
	char *options = text("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work,redirect_dir=on", directory,
			     directory, directory);

	check(mount("bench", merged, "overlay", 0, options), "mount", merged);
	free(merged);
	free(options);
}

void union_enter(const char *directory)
{
	char *merged = text("%s/merged", directory);

	check(unshare(CLONE_NEWNS), "unshare", "");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make private", "/");
	check(chdir(merged), "chdir", merged);
	check(syscall(SYS_pivot_root, ".", "old"), "pivot_root", merged);
	check(umount2("/old", MNT_DETACH), "umount", "/old");
	check(chdir("/"), "chdir", "/");
	free(merged);
}

void union_drop(const char *directory)
{
	char *merged = text("%s/merged", directory);

	check(umount2(merged, 0), "umount", merged);
	check(umount2(directory, 0), "umount", directory);
	free(merged);
}
