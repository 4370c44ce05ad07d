// SPDX-License-Identifier: BSD-2-Clause
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base.h"
#include "truth.h"

static void put_xattr(FILE *out, const char *path, const char *name)
{
	char value[TEXT_SIZE];
	char *full = format("trusted.overlay.%s", name);
	ssize_t size = lgetxattr(path, full, value, sizeof(value) - 1);

	free(full);
	if (size < 0)
		return;
	value[size] = '\0';
	/* metacopy's value is a digest or empty: that it is there is what counts. */
	put_key_string(out, name, strcmp(name, "metacopy") == 0 ? "" : value);
}

/** The pieces of a file that hold data. */
static void put_extents(FILE *out, const char *path, off_t size)
{
	int fd = open(path, O_RDONLY | O_NOATIME);
	off_t at = 0, end;
	bool first = true;

	if (fd < 0)
		die(path);
	fprintf(out, ",\"data\":[");
	while (at < size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		fprintf(out, "%s[%ld,%ld]", first ? "" : ",", at, end - at);
		first = false;
		at = end;
	}
	fprintf(out, "]");
	close(fd);
}

char *describe(const char *path, bool deep)
{
	struct stat st;
	char *text;
	size_t size;
	FILE *out;
	const char *type;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			die(path);
		return NULL;
	}
	type = S_ISDIR(st.st_mode)    ? "dir"
	       : S_ISREG(st.st_mode)  ? "file"
	       : S_ISLNK(st.st_mode)  ? "symlink"
	       : S_ISFIFO(st.st_mode) ? "fifo"
	       : S_ISSOCK(st.st_mode) ? "socket"
				      : "char";
	if (deep && S_ISCHR(st.st_mode) && st.st_rdev == 0)
		type = "whiteout";
	out = open_memstream(&text, &size);
	fprintf(out, "{\"type\":\"%s\",\"mode\":%u,\"uid\":%u,\"size\":%ld,\"ino\":%lu,\"nlink\":%lu", type,
		st.st_mode & 07777, st.st_uid, S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, st.st_ino,
		S_ISDIR(st.st_mode) ? 0 : (long)st.st_nlink);
	if (deep && S_ISREG(st.st_mode))
		put_extents(out, path, st.st_size);
	if (deep) {
		put_xattr(out, path, "opaque");
		put_xattr(out, path, "redirect");
		put_xattr(out, path, "metacopy");
	}
	fputc('}', out);
	fclose(out);
	return text;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct tree_item *)a)->path, ((const struct tree_item *)b)->path);
}

static void add_tree(struct tree *tree, const char *root, const char *below)
{
	char *path = format("%s%s", root, below);
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		char *rest, *whole, *text;
		bool directory;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		rest = format("%s/%s", below, entry->d_name);
		whole = format("%s%s", root, rest);
		text = describe(whole, true);
		if (!text)
			die(whole);
		directory = strncmp(text, "{\"type\":\"dir\"", 13) == 0;
		tree->items = realloc(tree->items, (tree->count + 1) * sizeof(*tree->items));
		tree->items[tree->count++] = (struct tree_item){ rest, text };
		if (directory)
			add_tree(tree, root, rest);
		free(whole);
	}
	closedir(dir);
	free(path);
}

struct tree read_tree(const char *root)
{
	struct tree tree = { 0 };

	add_tree(&tree, root, "");
	if (tree.count)
		qsort(tree.items, tree.count, sizeof(*tree.items), compare_items);
	return tree;
}

void free_tree(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->items[i].path);
		free(tree->items[i].text);
	}
	free(tree->items);
}

void put_tree(const struct tree *tree)
{
	fputc('{', truth);
	for (size_t i = 0; i < tree->count; i++) {
		if (i)
			fputc(',', truth);
		put_string(truth, tree->items[i].path);
		fprintf(truth, ":%s", tree->items[i].text);
	}
	fputc('}', truth);
}

void put_changes(const struct tree *old, const struct tree *new)
{
	size_t i = 0, j = 0;
	bool first = true;

	fprintf(truth, ",\"changes\":{");
	while (i < old->count || j < new->count) {
		int order = i == old->count ? 1 : j == new->count ? -1 : compare_items(&old->items[i], &new->items[j]);
		const struct tree_item *a = order <= 0 ? &old->items[i++] : NULL,
				       *b = order >= 0 ? &new->items[j++] : NULL;

		if (a && b && strcmp(a->text, b->text) == 0)
			continue;
		if (!first)
			fputc(',', truth);
		first = false;
		put_string(truth, a ? a->path : b->path);
		fprintf(truth, ":[%s,%s]", a ? a->text : "null", b ? b->text : "null");
	}
	fputc('}', truth);
}
