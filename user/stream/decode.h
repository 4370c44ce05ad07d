/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From ring buffer bytes to an event. Pure: no I/O, any bytes are safe.
 */
#ifndef MICA_STREAM_DECODE_H
#define MICA_STREAM_DECODE_H

#include <stddef.h>

#include "stream/event.h"

/** Room for a NUL and what is written in words. */
#define MICA_DECODER_SLACK 8

/** Buffers that the paths of one decoded event point into. */
struct mica_decoder {
	char path[MICA_PATH_BYTES + MICA_DECODER_SLACK];
	char source[MICA_PATH_BYTES + MICA_DECODER_SLACK];
};

/**
 * Decodes one record into `ret_event` (identify's fields empty, time_ns = record time). There may be unused room behind
 * the record. Paths point into `decoder`; one whose root end is missing (MICA_RECORD_PATH_TRUNCATED) has no leading
 * slash. -EPROTO: another ABI version; -EBADMSG: sizes or numbers that contradict each other. `ret_event` is untouched
 * then.
 */
int mica_decode(struct mica_decoder *decoder, const void *data, size_t size, struct mica_event *ret_event);

#endif
