// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "reference.h"

#define MOST 4200

/** Reads a class at glob[i] == '['; whether `byte` is of it, and what stands behind it. */
static bool class_has(const char *glob, size_t i, unsigned char byte, size_t *ret_behind)
{
	bool negated = glob[i + 1] == '!', found = false;
	size_t first = i + 1 + negated;

	i = first;
	while (i == first || glob[i] != ']') {
		unsigned char low, high;

		if (glob[i] == '\\')
			i++;
		low = high = (unsigned char)glob[i++];
		if (glob[i] == '-' && glob[i + 1] != ']') {
			i++;
			if (glob[i] == '\\')
				i++;
			high = (unsigned char)glob[i++];
		}
		found |= low <= byte && byte <= high;
	}
	*ret_behind = i + 1;
	return byte != '/' && found != negated;
}

/** Without braces: cell (i, j) says whether glob from i matches text from j; filled from the ends. */
static bool flat_matches(const char *glob, const char *text)
{
	size_t globs = strlen(glob), bytes = strlen(text);
	bool *cells = calloc((globs + 1) * (bytes + 1), sizeof(bool)), result;
	/* Only where a token begins is a cell ever asked for; the others are filled with nonsense that nobody sees. */
#define CELL(i, j) cells[(i) * (bytes + 1) + (j)]

	CELL(globs, bytes) = true;
	for (size_t i = globs; i-- > 0;)
		for (size_t j = bytes + 1; j-- > 0;) {
			const char *at = glob + i;
			bool below = strncmp(at, "/**", 3) == 0 && (at[3] == '/' || !at[3]);
			size_t behind = i + 1;
			bool one;

			if (below) {
				CELL(i, j) = CELL(i + 3, j);
				if (text[j] == '/')
					for (size_t k = j + 1; k <= bytes; k++)
						CELL(i, j) |= CELL(i + 3, k);
				continue;
			}
			if (at[0] == '*') {
				bool across = at[1] == '*';
				for (size_t k = j; k <= bytes; k++) {
					CELL(i, j) |= CELL(i + 1 + across, k);
					if (text[k] == '/' && !across)
						break;
				}
				continue;
			}
			if (at[0] == '[') {
				if (!strchr(at + 1, ']') || !strchr(at + 2, ']'))
					continue;
				one = class_has(glob, i, (unsigned char)text[j], &behind);
			} else if (at[0] == '?') {
				one = text[j] != '/';
			} else if (at[0] == '\\') {
				one = text[j] == at[1];
				behind = i + 2;
			} else {
				one = text[j] == at[0];
			}
			CELL(i, j) = j < bytes && one && behind <= globs && CELL(behind, j + 1);
		}
	result = CELL(0, 0);
	free(cells);
	return result;
}

/** Behind what stands at i: an escaped byte, a class, or a byte. */
static size_t behind(const char *glob, size_t i)
{
	size_t after = i + 1;

	if (glob[i] == '\\')
		return i + 2;
	if (glob[i] == '[')
		(void)class_has(glob, i, 'x', &after);
	return after;
}

bool reference_glob(const char *glob, const char *text)
{
	size_t open = 0, part, i;
	unsigned depth = 1;
	bool found = false;

	while (glob[open] && glob[open] != '{')
		open = behind(glob, open);
	if (!glob[open])
		return flat_matches(glob, text);
	/* Find the end of these braces; then try each part of them. */
	for (i = open + 1; depth; i = behind(glob, i)) {
		depth += glob[i] == '{';
		depth -= glob[i] == '}';
	}
	const char *rest = glob + i;
	for (part = i = open + 1, depth = 1; depth && !found; i = behind(glob, i)) {
		depth += glob[i] == '{';
		depth -= glob[i] == '}';
		if ((glob[i] == ',' && depth == 1) || !depth) {
			char flat[MOST] = "";

			(void)strncat(flat, glob, open);
			(void)strncat(flat, glob + part, i - part);
			(void)strncat(flat, rest, sizeof(flat) - strlen(flat) - 1);
			found = reference_glob(flat, text);
			part = i + 1;
		}
	}
	return found;
}

size_t reference_prefix(const char *glob, bool *ret_exact)
{
	size_t bytes = 0, i = 0;

	for (; glob[i] && !strchr("*?[{", glob[i]); i = behind(glob, i))
		bytes++;
	*ret_exact = !glob[i];
	return bytes;
}
