/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of `mica holders` share: options (holders.c), text (holders_text.c), JSON (holders_json.c).
 */
#ifndef MICA_CMD_HOLDERS_H
#define MICA_CMD_HOLDERS_H

#include <stdbool.h>
#include <stdio.h>

#include "container/holders.h"

/** Writes what the path is, and a table of its holders. Without `all`: a few processes of each namespace. 0 or -ENOMEM
 *  (of the stream's errors main tells). */
int mica_holders_print_text(const struct mica_holders *holders, bool all, FILE *out);
/** Writes one object a line. 0 or -ENOMEM. */
int mica_holders_print_json(const struct mica_holders *holders, FILE *out);

#endif
