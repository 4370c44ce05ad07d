/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <stdint.h>

int mica_base64_append(struct mica_buffer *buffer, const void *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i += 3) {
		size_t rest = size - i;
		uint32_t group = (uint32_t)bytes[i] << 16;
		if (rest > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (rest > 2)
			group |= bytes[i + 2];

		char text[4] = {
			digits[group >> 18],
			digits[group >> 12 & 63],
			rest > 1 ? digits[group >> 6 & 63] : '=',
			rest > 2 ? digits[group & 63] : '=',
		};
		(void)mica_buffer_append(buffer, text, sizeof(text));
	}
	return buffer->failed ? -ENOMEM : 0;
}
