/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Base64 of RFC 4648 section 4, with padding. Encoder only: twenty lines are less than a dependency on nettle or
 * OpenSSL, which mica needs for nothing else.
 */
#ifndef MICA_BASE_BASE64_H
#define MICA_BASE_BASE64_H

#include <stddef.h>

#include "base/buffer.h"

/** Appends the encoded bytes. 0 or -ENOMEM. */
int mica_base64_append(struct mica_buffer *buffer, const void *data, size_t size);

#endif
