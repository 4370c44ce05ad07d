// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does to the files of a union what can be done to files: union-work DIRECTORY. In each of its directories it does each
 * of a list of things to entries named after them (fN, dN, …, which `union-work make DIRECTORY` makes there), and
 * prints what each call returned.
 */
#include <dirent.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static int done(const char *directory, const char *what, long result)
{
	int error = result < 0 ? errno : 0;

	(void)printf("%s %s %s\n", directory, what, error ? strerrorname_np(error) : "ok");
	return error;
}

static long write_at(const char *name, int flags, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC | flags, 0644);

	if (fd < 0)
		return -1;
	long result = write(fd, text, strlen(text));

	(void)close(fd);
	return result;
}

static long map_and_store(const char *name)
{
	int fd = open(name, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	char *at = mmap(NULL, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -1;
	memcpy(at, "MAP!", 4);
	return munmap(at, 4) | close(fd);
}

static long tmpfile_named(const char *name)
{
	char self[64];
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, "tmp", 3) != 3)
		return -1;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	long result = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);

	(void)close(fd);
	return result;
}

/** Reads by a descriptor from before a change, and after. */
static long read_over_copy_up(const char *name)
{
	char before = 0, after = 0;
	int old = open(name, O_RDONLY | O_CLOEXEC);

	if (old < 0 || read(old, &before, 1) < 0)
		return -1;
	if (write_at(name, 0, "Z") < 0)
		return -1;
	int fresh = open(name, O_RDONLY | O_CLOEXEC);

	if (fresh < 0 || read(fresh, &after, 1) < 0)
		return -1;
	(void)printf("  %c %c\n", before, after);
	return close(old) | close(fresh);
}

static void attributes(const char *d)
{
	struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };

	done(d, "chmod", chmod("f0", 0640));
	done(d, "chown", chown("f1", 3, 4));
	done(d, "utimes", utimensat(AT_FDCWD, "f2", times, 0));
	done(d, "setxattr", setxattr("f3", "user.new", "v", 1, 0));
	done(d, "removexattr", removexattr("f4", "user.old"));
	done(d, "removexattr none", removexattr("f4", "user.none"));
	done(d, "chmod d", chmod("d0", 0711));
	done(d, "chown link", lchown("l0", 3, 4));
	done(d, "setxattr d", setxattr("d1", "user.new", "v", 1, 0));
}

static void contents(const char *d)
{
	done(d, "write", write_at("f5", 0, "W"));
	done(d, "append", write_at("f6", O_APPEND, "A"));
	done(d, "truncate open", write_at("f7", O_TRUNC, "T"));
	done(d, "truncate", truncate("f8", 3));
	done(d, "map", map_and_store("f9"));
	done(d, "over copy-up", read_over_copy_up("f10"));
	done(d, "write by link", write_at("h0", 0, "H"));
	done(d, "chmod other link", chmod("h1", 0600));
	done(d, "exclusive", write_at("f5", O_CREAT | O_EXCL, "E"));
	done(d, "through link", write_at("l1", 0, "L"));
}

static void names(const char *d)
{
	done(d, "create", write_at("new", O_CREAT | O_EXCL, "N"));
	done(d, "tmpfile", tmpfile_named("tmp"));
	done(d, "mkdir", mkdir("newd", 0755));
	done(d, "mkdir there", mkdir("d0", 0755));
	done(d, "symlink", symlink("x", "newl"));
	done(d, "fifo", mknod("fifo", S_IFIFO | 0600, 0));
	done(d, "whiteout node", mknod("whiteout", S_IFCHR, 0));
	done(d, "link", link("f11", "f11-link"));
	done(d, "unlink", unlink("f12"));
	done(d, "unlink again", unlink("f12"));
	done(d, "create over whiteout", write_at("f12", O_CREAT | O_EXCL, "C"));
	done(d, "rename", rename("f13", "f13-new"));
	done(d, "rename over", rename("f14", "f15"));
	done(d, "rename new over", rename("new", "f16"));
	done(d, "exchange", renameat2(AT_FDCWD, "f17", AT_FDCWD, "f18", RENAME_EXCHANGE));
	done(d, "exchange d", renameat2(AT_FDCWD, "f19", AT_FDCWD, "d2", RENAME_EXCHANGE));
	done(d, "no replace", renameat2(AT_FDCWD, "f20", AT_FDCWD, "f5", RENAME_NOREPLACE));
	done(d, "rename with whiteout", renameat2(AT_FDCWD, "f20", AT_FDCWD, "f20-new", RENAME_WHITEOUT));
	done(d, "unlink link", unlink("h2"));
	done(d, "unlink symlink", unlink("l2"));
}

static void directories(const char *d)
{
	done(d, "rmdir full", rmdir("d3"));
	done(d, "unlink in d", unlink("d3/in"));
	done(d, "rmdir emptied", rmdir("d3"));
	done(d, "mkdir over whiteout", mkdir("d3", 0755));
	done(d, "create in opaque", write_at("d3/new", O_CREAT | O_EXCL, "O"));
	done(d, "rename d", rename("d4", "d4-new"));
	done(d, "rename d over empty", rename("d5", "newd"));
	done(d, "rename d over full", rename("d6", "d7"));
	done(d, "rename out", rename("d6/in", "from-d6"));
	done(d, "rename in", rename("f21", "d7/from-f21"));
	done(d, "unlink d", unlink("d7"));
	done(d, "rmdir file", rmdir("f22"));
	done(d, "create in d", write_at("d8/new", O_CREAT | O_EXCL, "D"));
	done(d, "deep", write_at("d9/in", 0, "deep"));
}

/** Entries for all of it, with `tag` as contents. */
static void make(const char *tag)
{
	char name[32], link_name[32];

	for (int i = 0; i < 24; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		if (write_at(name, O_CREAT, tag) < 0)
			error(1, errno, "%s", name);
		(void)setxattr(name, "user.old", tag, strlen(tag), 0);
	}
	for (int i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		if (mkdir(name, 0755) < 0 && errno != EEXIST)
			error(1, errno, "%s", name);
		(void)snprintf(name, sizeof(name), "d%d/in", i);
		if (write_at(name, O_CREAT, tag) < 0)
			error(1, errno, "%s", name);
	}
	for (int i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "l%d", i);
		(void)snprintf(link_name, sizeof(link_name), "h%d", i);
		if ((symlink("f23", name) < 0 && errno != EEXIST) || (link("f23", link_name) < 0 && errno != EEXIST))
			error(1, errno, "links");
	}
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	const char *root = argc == 3 && strcmp(argv[1], "make") == 0 ? argv[2] : argv[1];

	if (argc < 2 || chdir(root) < 0)
		error(2, 0, "usage: union-work [make] DIRECTORY");
	if (argc == 3) {
		make("data of this layer\n");
		return 0;
	}
	int count = scandir(".", &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *d = entries[i]->d_name;

		if (d[0] == '.' || chdir(d) < 0)
			continue;
		attributes(d);
		contents(d);
		names(d);
		directories(d);
		if (chdir("..") < 0)
			error(1, errno, "..");
	}
	return 0;
}
