// SPDX-License-Identifier: BSD-2-Clause
/*
 * sum DIRECTORY…: prints a number that stands for all that the trees hold: names, types, modes, owners, sizes, times,
 * inode numbers, links, extended attributes, contents. list DIRECTORY… prints each entry's.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act.h"

static uint64_t total;
static bool show, seen_only;

/** FNV-1a, but by words. */
static void add(uint64_t *sum, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		*sum = (*sum ^ word) * 0x100000001b3;
		*sum ^= *sum >> 29;
	}
	for (size_t i = 0; i < size; i++)
		*sum = (*sum ^ at[i]) * 0x100000001b3;
}

static void add_attributes(uint64_t *sum, const char *path)
{
	static char names[65536], value[65536];
	ssize_t size = llistxattr(path, names, sizeof(names));

	for (const char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
		ssize_t length = lgetxattr(path, name, value, sizeof(value));

		add(sum, name, strlen(name));
		if (length > 0)
			add(sum, value, (size_t)length);
	}
}

static void add_content(uint64_t *sum, const char *path, const struct stat *info)
{
	static char bytes[65536];
	ssize_t got;

	if (S_ISLNK(info->st_mode)) {
		got = readlink(path, bytes, sizeof(bytes));
		add(sum, bytes, got > 0 ? (size_t)got : 0);
	}
	if (!S_ISREG(info->st_mode))
		return;
	int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);

	/* The content of a metacopy that the union does not follow is seen by nobody. */
	if (fd < 0 && seen_only) {
		int refusal = errno;

		add(sum, &refusal, sizeof(refusal));
		return;
	}
	if (fd < 0)
		unable(path);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		add(sum, bytes, (size_t)got);
	(void)close(fd);
}

static void visit(const FTSENT *entry)
{
	const char *path = entry->fts_accpath, *name = entry->fts_path;
	const struct stat *info = entry->fts_statp;
	uint64_t sum = 0xcbf29ce484222325;
	const uint64_t numbers[] = {
		info->st_mode,  info->st_uid,  info->st_gid,
		info->st_nlink, info->st_rdev, S_ISDIR(info->st_mode) ? 0 : (uint64_t)info->st_size
	};
	const uint64_t hidden[] = { (uint64_t)info->st_mtim.tv_sec, (uint64_t)info->st_mtim.tv_nsec, info->st_ino,
				    (uint64_t)info->st_size };

	add(&sum, name, strlen(name));
	add(&sum, numbers, sizeof(numbers));
	if (!seen_only)
		add(&sum, hidden, sizeof(hidden));
	add_attributes(&sum, path);
	add_content(&sum, path, info);
	total += sum;
	if (show)
		(void)printf("%016" PRIx64 " %o %" PRIu64 " %s\n", sum, info->st_mode, numbers[5], name);
}

/** What the union shows the name of and refuses to look up (a metacopy that it does not follow) is that for all. */
static void visit_refused(const FTSENT *entry)
{
	if (!seen_only) {
		errno = entry->fts_errno;
		unable(entry->fts_path);
	}
	(void)printf("refused %s %s\n", strerrorname_np(entry->fts_errno), entry->fts_path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int walk(char **args)
{
	FTS *tree = fts_open(args, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	if (!tree)
		unable(*args);
	for (const FTSENT *entry = fts_read(tree); entry; entry = fts_read(tree)) {
		switch (entry->fts_info) {
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			visit_refused(entry);
			break;
		case FTS_DP:
			break;
		default:
			visit(entry);
		}
	}
	(void)fts_close(tree);
	(void)printf("%016" PRIx64 "\n", total);
	return 0;
}

static int act_sum(char **args)
{
	return walk(args);
}

static int act_list(char **args)
{
	show = true;
	return walk(args);
}

/** What a user sees, without what differs between two runs of the same: times and inode numbers. */
static int act_seen(char **args)
{
	show = seen_only = true;
	if (chdir(args[0]) < 0)
		unable(args[0]);
	return walk((char *[]){ ".", NULL });
}

const struct act sum_acts[] = {
	{ "sum", 1, "DIRECTORY…", act_sum },
	{ "list", 1, "DIRECTORY…", act_list },
	{ "seen", 1, "DIRECTORY", act_seen },
	{},
};
