// SPDX-License-Identifier: BSD-2-Clause
#include "truth.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

FILE *truth;

void open_truth(const char *path)
{
	truth = fopen(path, "we");
	if (!truth)
		die(path);
}

void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 32)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

void put_key_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	put_string(out, text);
}

void put_lines(const char *key, const char *a, const char *b)
{
	char *copy = strdup(a), *save = NULL;
	bool first = true;

	fprintf(truth, ",\"%s\":[", key);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *whole = format("%s\n", line);

		if (!strstr(b, whole)) {
			if (!first)
				fputc(',', truth);
			first = false;
			put_string(truth, line);
		}
		free(whole);
	}
	fputc(']', truth);
	free(copy);
}
