/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the JSON sink keeps from event to event: most of a line is as in a line shortly before (the container, the
 * process, the object's layer, the second), and copying it is much cheaper than writing it again.
 *
 * Text is found again by the numbers and addresses that it was made from. An address stands for a string that never
 * changes and is never freed while the memory lives: those of the identity tables (container.h).
 */
#ifndef MICA_STREAM_JSON_MEMORY_H
#define MICA_STREAM_JSON_MEMORY_H

#include <stdint.h>

#include "stream/json_writer.h"

/** Longest key. */
#define MICA_JSON_KEY_WORDS 10
/** Longer text is not kept. */
#define MICA_JSON_TEXT_BYTES 936
/** A power of two: texts of one kind that are kept. */
#define MICA_JSON_TEXTS 16

struct mica_json_text {
	uint64_t key[MICA_JSON_KEY_WORDS];
	/** 0: nothing is kept here. */
	size_t size;
	char text[MICA_JSON_TEXT_BYTES];
};

/** Texts of one kind. Initialise with {}. */
struct mica_json_texts {
	/** The one that was asked for last: mostly also the next. */
	unsigned last;
	/** Takes turns between the two places that a key may have. */
	unsigned turn;
	struct mica_json_text texts[MICA_JSON_TEXTS];
};

/** Initialise with {}. */
struct mica_json_memory {
	/** Lines that are not written yet. */
	struct mica_buffer lines;
	size_t line_count;
	/** How a line of this second begins, up to the nanoseconds. */
	uint64_t second;
	size_t begin_size;
	char begin[48];
	/** Container and task. */
	struct mica_json_texts tasks;
	struct mica_json_texts objects;
};

void mica_json_memory_free(struct mica_json_memory *memory);

mica_json_inline bool mica_json_has_key(const struct mica_json_text *text, const uint64_t *key, unsigned words)
{
	uint64_t difference = 0;

	for (unsigned i = 0; i < words; i++)
		difference |= text->key[i] ^ key[i];
	return !difference && text->size;
}

/** The text of a key; NULL: none is kept. All keys of `texts` have the same number of words. */
const struct mica_json_text *mica_json_find(struct mica_json_texts *texts, const uint64_t *key, unsigned words);

/** Appends the text that is kept for a key; false: none is. */
mica_json_inline bool mica_json_recall(struct mica_json_writer *writer, struct mica_json_texts *texts,
				       const uint64_t *key, unsigned words)
{
	const struct mica_json_text *text = &texts->texts[texts->last];
	char *at;

	if (!mica_json_has_key(text, key, words))
		text = mica_json_find(texts, key, words);
	if (!text)
		return false;
	at = mica_json_room(writer->out, text->size);
	if (at) {
		memcpy(at, text->text, text->size);
		writer->out->size += text->size;
	}
	return true;
}

/** Keeps what was appended since the buffer had `start` bytes: whole fields, a comma before each. */
void mica_json_remember(const struct mica_json_writer *writer, struct mica_json_texts *texts, const uint64_t *key,
			unsigned words, size_t start);

#endif
