/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/json_memory.h"

void mica_json_memory_free(struct mica_json_memory *memory)
{
	mica_buffer_free(&memory->lines);
}

/* The first of the two places of a key; the other is the next one. */
static unsigned place_of(const uint64_t *key, unsigned words)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < words; i++)
		sum = sum * 31 + key[i];
	return (unsigned)(sum * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (MICA_JSON_TEXTS - 2);
}

const struct mica_json_text *mica_json_find(struct mica_json_texts *texts, const uint64_t *key, unsigned words)
{
	unsigned place = place_of(key, words);

	if (!mica_json_has_key(&texts->texts[place], key, words) &&
	    !mica_json_has_key(&texts->texts[++place], key, words))
		return NULL;
	texts->last = place;
	return &texts->texts[place];
}

void mica_json_remember(const struct mica_json_writer *writer, struct mica_json_texts *texts, const uint64_t *key,
			unsigned words, size_t start)
{
	const struct mica_buffer *out = writer->out;
	size_t size = out->size - start;
	struct mica_json_text *text;

	if (out->failed || size > sizeof(text->text))
		return;
	texts->last = place_of(key, words) + (texts->turn++ & 1);
	text = &texts->texts[texts->last];
	memcpy(text->key, key, words * sizeof(*key));
	memcpy(text->text, out->data + start, size);
	text->size = size;
}
