// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes, renames, links and removes files whose names are made to break what prints them: odd-names DIRECTORY. Says
 * on stdout what it did, a line each: the event's name, the path below DIRECTORY in hexadecimal and, for a rename or a
 * link, the old path.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {
	"new\nline",
	"\n",
	"return\rand\r\nboth",
	"tab\tand\vand\f",
	"quote\"and'and`",
	"back\\slash\\n\\u0041\\",
	"\033[31mred\033[0m",
	"\033]0;title\007",
	"\033[2J\033[H",
	"bell\007back\b\b\b\bdelete\177",
	"c1\302\233"
	"31m",
	"\x9b"
	"31m",
	"\xff",
	"\xfe\xff\xfe",
	"overlong \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf",
	"surrogate \xed\xa0\x80\xed\xb0\x80",
	"too large \xf4\x90\x80\x80",
	"cut \xe2\x82",
	"\x80\xbf continuation",
	"replacement \xef\xbf\xbd",
	"noncharacter \xef\xbf\xbf \xf0\x9f\xbf\xbf",
	"right to left \xe2\x80\xae"
	"cod.exe",
	"zero\xe2\x80\x8bwidth\xef\xbb\xbf",
	"separator\xe2\x80\xa8"
	"and\xe2\x80\xa9",
	"\xf0\x9f\xa7\x8a ice, \xe6\x97\xa5\xe6\x9c\xac, a\xcc\x81",
	"{\"v\":1,\"event\":\"lost\",\"count\":1}",
	"\"},\"event\":\"deny\",\"x\":\"",
	"x\"}\n{\"v\":1,\"time\":\"2026-01-01T00:00:00.000000000Z\",\"event\":\"deny\",\"errno\":0}",
	"x\n12:00:00.000  host  sh[1]  deny  upper  ",
	" leading and trailing ",
	"  ",
	"-rf",
	"...",
	"..\n",
	"%s%n%1000000d",
	"$(reboot)`reboot`;reboot",
	"a \xe2\x86\x92 b",
};

static void say_hex(const char *text)
{
	(void)putchar(' ');
	for (; *text; text++)
		(void)printf("%02x", (unsigned char)*text);
}

static void say(const char *event, const char *prefix, const char *name, const char *old_prefix, const char *old)
{
	(void)fputs(event, stdout);
	say_hex(prefix);
	(void)printf("2f");
	for (; *name; name++)
		(void)printf("%02x", (unsigned char)*name);
	if (old) {
		say_hex(old_prefix);
		(void)printf("2f");
		for (; *old; old++)
			(void)printf("%02x", (unsigned char)*old);
	}
	(void)putchar('\n');
}

/* A file comes, gets a second name, moves, and goes; `path` is that of the directory. */
static void live(int directory, const char *path, const char *name)
{
	char link[256], moved[256];

	/* The same bytes, at the other end. */
	(void)snprintf(link, sizeof(link), "L%.254s", name);
	(void)snprintf(moved, sizeof(moved), "M%.254s", name);
	if (mknodat(directory, name, S_IFREG | 0644, 0) < 0)
		error(1, errno, "make");
	say("create", path, name, NULL, NULL);
	if (linkat(directory, name, directory, link, 0) < 0)
		error(1, errno, "link");
	say("link", path, link, path, name);
	if (renameat(directory, name, directory, moved) < 0)
		error(1, errno, "rename");
	say("rename", path, moved, path, name);
	if (unlinkat(directory, link, 0) < 0 || unlinkat(directory, moved, 0) < 0)
		error(1, errno, "remove");
	say("delete", path, link, NULL, NULL);
	say("delete", path, moved, NULL, NULL);
}

/* Directories in each other, each of `length` bytes, and a file's life in the last one. */
static void live_deep(int root, char first, unsigned depth, unsigned length)
{
	char *path = calloc(depth + 1, length + 1), *end = path, name[256];
	int directory = dup(root), next;

	if (!path)
		error(1, 0, "out of memory");
	for (unsigned i = 0; i < depth; i++) {
		int digits = snprintf(name, sizeof(name), "%c%u", i ? 'd' : first, i % 10);

		memset(name + digits, 'x', sizeof(name) - (unsigned)digits);
		name[length] = 0;
		if (mkdirat(directory, name, 0755) < 0)
			error(1, errno, "mkdir at depth %u", i);
		say("create", path, name, NULL, NULL);
		next = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			error(1, errno, "open at depth %u", i);
		(void)close(directory);
		directory = next;
		*end++ = '/';
		memcpy(end, name, length + 1);
		end += length;
	}
	live(directory, path, "leaf\n\xff");
	(void)close(directory);
	free(path);
}

int main(int argc, char **argv)
{
	char longest[256];
	int root = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (root < 0)
		error(2, errno, "usage: odd-names DIRECTORY");
	/* The process' own name too. */
	if (prctl(PR_SET_NAME, "o\n\033[1m\"\\\xff}") < 0)
		error(1, errno, "prctl");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		live(root, "", names[i]);
	memset(longest, 'n', sizeof(longest));
	longest[255] = 0;
	live(root, "", longest);
	for (unsigned i = 0; i < 255; i++)
		longest[i] = (char)(i % 3 == 0 ? '\xe2' : i % 3 == 1 ? '\x82' : '\xac');
	live(root, "", longest);
	memset(longest, '\xff', 255);
	live(root, "", longest);
	/* 3,900 and 4,080 bytes; over 4,096 by long names, and by many: one byte each and a slash. */
	live_deep(root, 'a', 300, 12);
	live_deep(root, 'b', 16, 254);
	live_deep(root, 'c', 20, 255);
	live_deep(root, 'e', 2100, 1);
	return 0;
}
