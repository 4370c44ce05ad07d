/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests as OCI writes them: "sha256:" and 64 hexadecimal digits. Other algorithms are refused.
 */
#ifndef MICA_STORE_DIGEST_H
#define MICA_STORE_DIGEST_H

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>

/** "sha256:" + 64 digits + NUL. */
#define MICA_DIGEST_SIZE 72

struct mica_digest {
	struct sha256_ctx context;
};

void mica_digest_begin(struct mica_digest *digest);
void mica_digest_add(struct mica_digest *digest, const void *data, size_t size);
void mica_digest_end(struct mica_digest *digest, char text[static MICA_DIGEST_SIZE]);

/** True for a digest that can be verified. Pure. */
bool mica_digest_valid(const char *text);
/** The digits of a valid digest: an id. */
const char *mica_digest_hex(const char *text);

/** The id of a stack of layers (OCI image-spec, ChainID): of the stack below (NULL: none) and the layer's digest. */
void mica_digest_chain(const char *below, const char *digest, char text[static MICA_DIGEST_SIZE]);

#endif
