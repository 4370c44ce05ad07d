/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store's database: SQLite in WAL mode, one file, and the only place that sees SQLite. What a function acknowledges
 * is on the disk (synchronous=FULL), unless the caller says that it may be lost with the machine's power.
 *
 * Values are bound by a string of types: 't' const char * (NULL is SQL's NULL), 'i' int64_t.
 */
#ifndef MICA_STORE_DATABASE_H
#define MICA_STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct mica_database;
/** A row of a result, valid inside the callback that gets it. */
struct mica_row;

/** Version of the tables that this program makes and reads. */
#define MICA_DATABASE_VERSION 3

#define _cleanup_database_ _cleanup_(mica_database_close)

/**
 * Opens the database at an absolute path, making it or bringing it to this version first. -EPROTONOSUPPORT: a newer
 * mica made it (then *ret_version tells its version), nothing is changed; -EBADMSG: it is no database of mica's or is
 * damaged; or another negative errno.
 */
int mica_database_open(const char *path, struct mica_database **ret, int *ret_version);
void mica_database_close(struct mica_database **database);

/** How long to wait for another process that writes; ten seconds at first. */
void mica_database_set_wait(struct mica_database *database, int milliseconds);

/** This process has the database open for long: the log need not be as short as for commands that come and go. */
void mica_database_stay(struct mica_database *database);

/** What SQLite said of the last failure. Never NULL; valid until the next call. */
const char *mica_database_message(const struct mica_database *database);

/** No commit waits for the disk any more, whatever it was begun with. */
void mica_database_relax(struct mica_database *database);
int mica_database_commit(struct mica_database *database);
/** Does nothing where no transaction is open. */
void mica_database_rollback(struct mica_database *database);

/** Rolls back what was not committed when it leaves its scope. */
struct mica_transaction {
	struct mica_database *database;
};
/**
 * Begins a transaction that may write; others that want to wait, for ten seconds at most (-ETIMEDOUT). `durable`: its
 * commit returns when it is on the disk; else a power cut (not a crash of the process) may undo it, never a part of it.
 */
int mica_transaction_begin(struct mica_transaction *transaction, struct mica_database *database, bool durable);
#define _cleanup_transaction_ _cleanup_(mica_transaction_end)
static inline void mica_transaction_end(const struct mica_transaction *transaction)
{
	if (transaction->database)
		mica_database_rollback(transaction->database);
}

/** Runs one statement without a result. -EEXIST: a key is taken; -EBUSY: others refer to it. */
int mica_database_run(struct mica_database *database, const char *sql, const char *types, ...);
/** Calls `row` for each row of one statement's result. 0, what `row` returned (negative), or an errno. */
int mica_database_query(struct mica_database *database, int (*row)(const struct mica_row *row, void *userdata),
			void *userdata, const char *sql, const char *types, ...);
/** Reads one number. -ENOENT: no row. */
int mica_database_number(struct mica_database *database, int64_t *ret, const char *sql, const char *types, ...);
/** How many rows the last mica_database_run changed. */
int mica_database_changes(const struct mica_database *database);

/** For mica_database_query: adds the first column to a struct mica_strings. */
int mica_row_add_text(const struct mica_row *row, void *strings);
/** NULL for SQL's NULL. */
const char *mica_row_text(const struct mica_row *row, int column);
int64_t mica_row_number(const struct mica_row *row, int column);
bool mica_row_is_null(const struct mica_row *row, int column);

/** The whole database looked through: calls `report` with a line for each thing that is wrong with it. */
int mica_database_check(struct mica_database *database, void (*report)(const char *line, void *userdata),
			void *userdata);

#endif
