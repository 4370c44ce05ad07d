/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_memory.h"

void mica_json_memory_free(struct mica_json_memory *memory)
{
	mica_buffer_free(&memory->line);
}

void mica_json_remember(const struct mica_json_writer *writer, struct mica_json_text *text,
			const uint64_t key[static MICA_JSON_KEY_WORDS], size_t start)
{
	const struct mica_buffer *out = writer->out;
	size_t size = out->size - start;

	if (out->failed || size > sizeof(text->text))
		return;
	memcpy(text->key, key, sizeof(text->key));
	memcpy(text->text, out->data + start, size);
	text->size = size;
}
