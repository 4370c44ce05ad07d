/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that mean harm, or are odd: each is refused with exactly these messages, or accepted. After yaml-test-suite,
 * and what is known to break YAML parsers.
 */
#ifndef MICA_TESTS_HOSTILE_H
#define MICA_TESTS_HOSTILE_H

#include <stddef.h>

#define HEAD "apiVersion: mica/v1\nkind: Policy\nmetadata: { name: web }\nsubjects: [{ container: web }]\n"
#define RULE(text) HEAD "rules:\n- { name: r, on: write, verdict: deny, " text " }\n"
#define GOOD RULE("union: /a")

struct hostile_row {
	const char *what;
	/** May hold NUL bytes. */
	const char *text;
	size_t size;
	/** All messages on p.yaml; NULL: it is accepted. */
	const char *told;
};

#define ROW(what, text, told)                      \
	{                                          \
		what, text, sizeof(text) - 1, told \
	}

void hostile_try(const struct hostile_row *rows, size_t count);

#define TRY(rows) hostile_try(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
