// SPDX-License-Identifier: BSD-2-Clause
#include "store/digest.h"

#include <stdint.h>
#include <string.h>

#define PREFIX "sha256:"
#define HEX_SIZE (2 * SHA256_DIGEST_SIZE)

void mica_digest_begin(struct mica_digest *digest)
{
	sha256_init(&digest->context);
}

void mica_digest_add(struct mica_digest *digest, const void *data, size_t size)
{
	sha256_update(&digest->context, size, data);
}

void mica_digest_end(struct mica_digest *digest, char text[static MICA_DIGEST_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[SHA256_DIGEST_SIZE];

	sha256_digest(&digest->context, sizeof(bytes), bytes);
	(void)memcpy(text, PREFIX, sizeof(PREFIX));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		text[sizeof(PREFIX) - 1 + 2 * i] = digits[bytes[i] >> 4];
		text[sizeof(PREFIX) + 2 * i] = digits[bytes[i] & 15];
	}
	text[MICA_DIGEST_SIZE - 1] = '\0';
}

bool mica_digest_valid(const char *text)
{
	return strncmp(text, PREFIX, strlen(PREFIX)) == 0 && strlen(text) == strlen(PREFIX) + HEX_SIZE &&
	       strspn(text + strlen(PREFIX), "0123456789abcdef") == HEX_SIZE;
}

const char *mica_digest_hex(const char *text)
{
	return text + strlen(PREFIX);
}

void mica_digest_chain(const char *below, const char *digest, char text[static MICA_DIGEST_SIZE])
{
	struct mica_digest chain;

	if (!below) {
		(void)memcpy(text, digest, MICA_DIGEST_SIZE);
		return;
	}
	mica_digest_begin(&chain);
	mica_digest_add(&chain, below, strlen(below));
	mica_digest_add(&chain, " ", 1);
	mica_digest_add(&chain, digest, strlen(digest));
	mica_digest_end(&chain, text);
}

_Static_assert(sizeof(PREFIX) + HEX_SIZE == MICA_DIGEST_SIZE, "a digest fits its text");
