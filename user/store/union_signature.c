// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_signature.h"

#include <stdio.h>
#include <string.h>

#include "store/digest.h"

#define DIGITS 32

/* The NUL is part of it: no two lists are the same bytes. */
static void add(struct mica_digest *digest, const char *path)
{
	mica_digest_add(digest, path, strlen(path) + 1);
}

static void digits_of_upper(const char *upper, char text[static MICA_DIGEST_SIZE])
{
	struct mica_digest digest;

	mica_digest_begin(&digest);
	add(&digest, upper ? upper : "");
	mica_digest_end(&digest, text);
}

void mica_union_signature(const char *const *lowers, size_t lower_count, const char *upper, const char *work,
			  char text[static MICA_UNION_SIGNATURE_SIZE])
{
	char all[MICA_DIGEST_SIZE], of_upper[MICA_DIGEST_SIZE];
	struct mica_digest digest;

	mica_digest_begin(&digest);
	for (size_t i = 0; i < lower_count; i++)
		add(&digest, lowers[i]);
	add(&digest, "");
	if (upper) {
		add(&digest, upper);
		add(&digest, work);
	}
	mica_digest_end(&digest, all);
	digits_of_upper(upper, of_upper);
	(void)snprintf(text, MICA_UNION_SIGNATURE_SIZE, "mica:%.*s:%.*s", DIGITS, mica_digest_hex(all), DIGITS,
		       mica_digest_hex(of_upper));
}

bool mica_union_signature_has_upper(const char *text, const char *upper)
{
	char of_upper[MICA_DIGEST_SIZE];

	if (strncmp(text, "mica:", 5) != 0 || strlen(text) != MICA_UNION_SIGNATURE_SIZE - 1)
		return false;
	digits_of_upper(upper, of_upper);
	return strncmp(text + MICA_UNION_SIGNATURE_SIZE - 1 - DIGITS, mica_digest_hex(of_upper), DIGITS) == 0;
}
