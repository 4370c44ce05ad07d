// SPDX-License-Identifier: BSD-2-Clause
#include "base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void die(const char *what)
{
	fprintf(stderr, "overlay-driver: %s: %s\n", what, strerror(errno));
	exit(1);
}

char *format(const char *pattern, ...)
{
	char *text;
	va_list arguments;

	va_start(arguments, pattern);
	if (vasprintf(&text, pattern, arguments) < 0)
		die("memory");
	va_end(arguments);
	return text;
}

int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

char *slurp(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in || getdelim(&text, &size, EOF, in) < 0)
		die(path);
	fclose(in);
	return text;
}

unsigned long inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path);
}
