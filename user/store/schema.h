/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_SCHEMA_H
#define MICA_STORE_SCHEMA_H

/** SQL that brings a database of version N (its index) to version N + 1; NULL-terminated. Steps are never changed once
 *  released: a change is a new step. */
extern const char *const mica_schema_steps[];

#endif
