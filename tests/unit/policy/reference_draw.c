// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "policy/glob.h"
#include "reference.h"

uint32_t draw(struct lottery *lottery, uint32_t end)
{
	/* splitmix64 */
	uint64_t z = lottery->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ z >> 31) >> 32) % end;
}

/** Long names come often enough for paths to match in long runs of bytes. */
static const char *const names[] = { "a",     "b",    "ab",        "ba",        "aab",     "b.c",
				     "abc.a", "\xff", "long-name", "long-nama", "library", "library-of-things.so" };

static void append(char *ret, size_t size, const char *what)
{
	if (strlen(ret) + strlen(what) < size)
		(void)strncat(ret, what, size - strlen(ret) - 1);
}

static void draw_piece(struct lottery *lottery, char *ret, size_t size, unsigned depth)
{
	static const char *const pieces[] = { "*",   "**",  "?",    "[ab]", "[!a]", "[a-b.]",
					      "\\*", "\\a", "[]a]", "a",    "b",    "." };

	if (depth < 2 && draw(lottery, 12) == 0) {
		append(ret, size - 1, "{");
		draw_piece(lottery, ret, size - 4, depth + 1);
		append(ret, size - 3, ",");
		if (draw(lottery, 3))
			draw_piece(lottery, ret, size - 4, depth + 1);
		append(ret, size, "}");
	} else if (draw(lottery, 3)) {
		append(ret, size, names[draw(lottery, sizeof(names) / sizeof(names[0]))]);
	} else {
		append(ret, size, pieces[draw(lottery, sizeof(pieces) / sizeof(pieces[0]))]);
	}
}

void draw_glob(struct lottery *lottery, char *ret, size_t size)
{
	unsigned components = 1 + draw(lottery, 4);

	ret[0] = '\0';
	if (draw(lottery, 10) == 0)
		append(ret, size, "**");
	for (unsigned i = 0; i < components; i++) {
		append(ret, size, "/");
		if (draw(lottery, 5) == 0)
			append(ret, size, "**");
		else
			for (unsigned pieces = 1 + draw(lottery, 2); pieces; pieces--)
				draw_piece(lottery, ret, size, 0);
	}
}

void draw_path(struct lottery *lottery, char *ret, size_t size)
{
	unsigned components = draw(lottery, 6);

	ret[0] = '\0';
	for (unsigned i = 0; i < components; i++) {
		append(ret, size, "/");
		for (unsigned pieces = 1 + draw(lottery, 2); pieces; pieces--)
			append(ret, size, names[draw(lottery, sizeof(names) / sizeof(names[0]))]);
		/* A name that did not fit leaves its slash. */
		if (ret[strlen(ret) - 1] == '/')
			append(ret, size, "x");
	}
	if (!ret[0])
		append(ret, size, "/");
}

bool glob_is_good(const char *text)
{
	const char *why;
	size_t offset;

	return mica_glob_check(text, MICA_GLOB_PATH, &offset, &why) == 0;
}

void draw_rules(struct lottery *lottery, struct mica_automaton_rule *rules, char (*globs)[96], size_t count,
		unsigned operations)
{
	for (size_t i = 0; i < count; i++) {
		do
			draw_glob(lottery, globs[i], sizeof(globs[i]));
		while (!glob_is_good(globs[i]));
		rules[i] = (struct mica_automaton_rule){ .path = globs[i],
							 .number = i + 1,
							 .operations = 1 + draw(lottery, (1U << operations) - 1),
							 .verdict = draw(lottery, 3) };
	}
}

uint64_t lottery_seed(uint64_t seed)
{
	const char *given = getenv("MICA_SEED");

	return given ? strtoull(given, NULL, 0) : seed;
}

unsigned lottery_cases(unsigned most)
{
	const char *given = getenv("MICA_CASES");

	if (given)
		return (unsigned)strtoul(given, NULL, 0);
#ifdef __SANITIZE_ADDRESS__
	return most / 20;
#else
	return most;
#endif
}
