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

#define MICA_JSON_KEY_WORDS 6
/** Longer text is not kept. */
#define MICA_JSON_TEXT_BYTES 992
/** A power of two: texts of one kind that are kept, each in the place that its key says. */
#define MICA_JSON_TEXTS 8

struct mica_json_text {
	uint64_t key[MICA_JSON_KEY_WORDS];
	/** 0: nothing is kept here. */
	size_t size;
	char text[MICA_JSON_TEXT_BYTES];
};

/** Initialise with {}. */
struct mica_json_memory {
	struct mica_buffer line;
	/** Key: the second. */
	struct mica_json_text time;
	struct mica_json_text containers[MICA_JSON_TEXTS];
	struct mica_json_text tasks[MICA_JSON_TEXTS];
	struct mica_json_text objects[MICA_JSON_TEXTS];
};

void mica_json_memory_free(struct mica_json_memory *memory);

/** The place for a key among MICA_JSON_TEXTS. */
static inline struct mica_json_text *mica_json_place(struct mica_json_text *texts,
						     const uint64_t key[static MICA_JSON_KEY_WORDS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < MICA_JSON_KEY_WORDS; i++)
		sum += key[i];
	return &texts[sum * 0x9e3779b97f4a7c15u >> 32 & (MICA_JSON_TEXTS - 1)];
}

/** Appends the text if it is the key's. A text is of whole fields, a comma before each. */
static inline bool mica_json_recall(struct mica_json_writer *writer, const struct mica_json_text *text,
				    const uint64_t key[static MICA_JSON_KEY_WORDS])
{
	uint64_t other = 0;
	char *at;

	for (unsigned i = 0; i < MICA_JSON_KEY_WORDS; i++)
		other |= text->key[i] ^ key[i];
	if (other || !text->size)
		return false;
	at = mica_json_room(writer->out, text->size);
	if (at) {
		memcpy(at, text->text, text->size);
		writer->out->size += text->size;
	}
	return true;
}

/** Keeps what was appended since the line had `start` bytes. */
void mica_json_remember(const struct mica_json_writer *writer, struct mica_json_text *text,
			const uint64_t key[static MICA_JSON_KEY_WORDS], size_t start);

#endif
