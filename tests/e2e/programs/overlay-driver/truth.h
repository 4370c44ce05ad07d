/* SPDX-License-Identifier: BSD-2-Clause */
/* The record: one JSON object a line. Bytes over 127 go out as they are, the reader takes them with surrogateescape. */
#ifndef OVERLAY_DRIVER_TRUTH_H
#define OVERLAY_DRIVER_TRUTH_H

#include <stdio.h>

extern FILE *truth;

void open_truth(const char *path);

void put_string(FILE *out, const char *text);

/** ,"key":"text" */
void put_key_string(FILE *out, const char *key, const char *text);

/** ,"key":[…]: the lines of `a` that `b` has not. */
void put_lines(const char *key, const char *a, const char *b);

#endif
