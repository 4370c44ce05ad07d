/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_DATABASE_ERROR_H
#define MICA_STORE_DATABASE_ERROR_H

/** Negative errno of an extended result code of SQLite (sqlite3.h); 0 of those that are no errors. Pure. */
int mica_database_errno(int code);

#endif
