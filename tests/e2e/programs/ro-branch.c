// SPDX-License-Identifier: BSD-2-Clause
/*
 * ro-branch UNION: each way to change what a read-only branch above the writable one brings must fail with EROFS, and
 * each change of the writable one must succeed. Its branches are those of tests/e2e/m03-ro-branches. Prints the number
 * of refusals; exits with 1 and the call where one went otherwise.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static unsigned refusals, failures;

#define REFUSED(call) expect(#call, (errno = 0, (long)(call)), EROFS)
#define WORKS(call) expect(#call, (errno = 0, (long)(call)), 0)

static void expect(const char *call, long result, int error)
{
	if (error == 0 ? result >= 0 : result < 0 && errno == error) {
		refusals += error != 0;
		return;
	}
	fprintf(stderr, "%s: %s, wanted %s\n", call, result < 0 ? strerrorname_np(errno) : "success",
		error ? strerrorname_np(error) : "success");
	failures++;
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* By a descriptor that was opened for reading. */
static int set_flags(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0, r;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) {
		fprintf(stderr, "%s: FS_IOC_GETFLAGS: %s\n", path, strerrorname_np(errno));
		exit(1);
	}
	flags ^= FS_NOATIME_FL;
	r = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	close(fd);
	return r;
}

/* The file again, by the link in /proc of a descriptor that was opened for its name only. */
static int reopened(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC), again, error;
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = opened(link, O_WRONLY);
	error = errno;
	close(fd);
	errno = error;
	return again;
}

static int exchange(const char *a, const char *b, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

static void files(void)
{
	REFUSED(opened("file1", O_WRONLY));
	REFUSED(opened("file1", O_RDWR));
	REFUSED(opened("file1", O_WRONLY | O_APPEND));
	REFUSED(opened("file1", O_RDONLY | O_TRUNC));
	REFUSED(opened("file1", O_WRONLY | O_CREAT));
	REFUSED(reopened("file1"));
	REFUSED(opened("both/a", O_WRONLY));
	REFUSED(truncate("file1", 0));
	REFUSED(chmod("file1", 0600));
	REFUSED(chown("file1", 1, 1));
	REFUSED(lchown("symlink1", 1, 1));
	REFUSED(utimensat(AT_FDCWD, "file1", NULL, 0));
	REFUSED(utimensat(AT_FDCWD, "symlink1", NULL, AT_SYMLINK_NOFOLLOW));
	REFUSED(setxattr("file1", "user.new", "1", 1, 0));
	REFUSED(setxattr("file1", "trusted.new", "1", 1, 0));
	REFUSED(removexattr("file1", "user.kept"));
	REFUSED(setxattr(
		"file1", "system.posix_acl_access",
		"\2\0\0\0\1\0\6\0\xff\xff\xff\xff\2\0\4\0\1\0\0\0\4\0\4\0\xff\xff\xff\xff\x10\0\4\0\xff\xff\xff\xff"
		"\x20\0\4\0\xff\xff\xff\xff",
		44, 0));
	REFUSED(set_flags("file1"));
	REFUSED(chmod("d", 0700));
	REFUSED(utimensat(AT_FDCWD, "d", NULL, 0));
	REFUSED(setxattr("d", "user.new", "1", 1, 0));
}

static void names(void)
{
	REFUSED(unlink("file1"));
	REFUSED(unlink("symlink1"));
	REFUSED(unlink("hard1"));
	REFUSED(unlink("both/a"));
	REFUSED(rmdir("empty"));
	REFUSED(rename("file1", "moved"));
	REFUSED(rename("file2", "file1"));
	REFUSED(rename("file1", "file2"));
	REFUSED(rename("both/a", "both/moved"));
	REFUSED(rename("new2", "empty"));
	REFUSED(exchange("file1", "file2", RENAME_EXCHANGE));
	REFUSED(exchange("file2", "file1", RENAME_EXCHANGE));
	REFUSED(exchange("file1", "moved", RENAME_NOREPLACE));
	REFUSED(link("file1", "linked"));
	REFUSED(linkat(AT_FDCWD, "symlink1", AT_FDCWD, "linked", 0));
}

/* In a directory that only the read-only branch has. */
static void directories(void)
{
	struct stat stat;

	REFUSED(opened("d/new", O_WRONLY | O_CREAT));
	REFUSED(opened("d/new", O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(mkdir("d/new", 0755));
	REFUSED(mknod("d/new", S_IFIFO | 0644, 0));
	REFUSED(mknod("d/new", S_IFREG | 0644, 0));
	REFUSED(symlink("x", "d/new"));
	REFUSED(link("file2", "d/new"));
	REFUSED(rename("file2", "d/new"));
	REFUSED(unlink("d/only1"));
	REFUSED(mkdir("d/sub/new", 0755));
	REFUSED(rmdir("d/sub"));
	/* A file of the plain lower in it: its directory would be copied up. */
	REFUSED(opened("d/low3", O_WRONLY));
	REFUSED(unlink("d/low3"));
	REFUSED(rename("d/low3", "low3"));
	REFUSED(link("d/low3", "low3"));
	REFUSED(chmod("d/low3", 0600));
	/* Not on overlayfs before 6.3. */
	if (opened(".", O_TMPFILE | O_WRONLY) >= 0)
		REFUSED(opened("d", O_TMPFILE | O_WRONLY));
	if (lstat("d/new", &stat) == 0 || lstat("moved", &stat) == 0 || lstat("linked", &stat) == 0) {
		fprintf(stderr, "something was made\n");
		failures++;
	}
}

static void writable(void)
{
	WORKS(opened("file2", O_WRONLY | O_TRUNC));
	WORKS(opened("made", O_WRONLY | O_CREAT | O_EXCL));
	WORKS(opened("both/made", O_WRONLY | O_CREAT | O_EXCL));
	WORKS(chmod("both", 0750));
	WORKS(chmod("made", 0600));
	WORKS(rename("made", "renamed"));
	WORKS(link("renamed", "both/linked"));
	WORKS(mkdir("directory", 0755));
	WORKS(rename("renamed", "directory/renamed"));
	WORKS(setxattr("directory/renamed", "user.new", "1", 1, 0));
	WORKS(unlink("directory/renamed"));
	WORKS(unlink("both/linked"));
	WORKS(unlink("both/made"));
	WORKS(rmdir("directory"));
	WORKS(chmod("both", 0755));
	/* Of the plain lower: copied up, and hidden, as ever. */
	WORKS(opened("low", O_WRONLY | O_APPEND));
	WORKS(chmod("both/c", 0600));
	WORKS(unlink("low"));
	WORKS(opened("low", O_WRONLY | O_CREAT | O_EXCL));
	WORKS(opened("file1", O_RDONLY));
	WORKS(opened("fifo1", O_RDWR | O_NONBLOCK));
}

int main(int argc, char **argv)
{
	bool all = argc == 3 && strcmp(argv[2], "all") == 0;

	if (argc < 2 || chdir(argv[1]) < 0) {
		perror("ro-branch UNION [all]");
		return 2;
	}
	files();
	names();
	directories();
	if (all)
		writable();
	printf("%u\n", refusals);
	return failures ? 1 : 0;
}
