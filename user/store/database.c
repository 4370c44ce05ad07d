// SPDX-License-Identifier: BSD-2-Clause
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/strings.h"
#include "store/database_error.h"
#include "store/schema.h"

#define WAIT_MS 10000
/* "mica": tells file(1) and us whose database it is. */
#define APPLICATION_ID 0x6d696361
/* A command that finds nobody else at the database reads its log whole when it starts, every page of it: so pages are
 * small, and few of them wait in the log before they are copied into the database, which costs a flush of the disk. */
#define PAGE_SIZE "1024"
#define CHECKPOINT_PAGES 100
/* In the log of a process that stays: it is copied less often, and not shortened. Others that start meanwhile find
 * their way by the index that they share with it, and read no log. */
#define LASTING_CHECKPOINT_PAGES 1000
/* Statements that are kept: all that a command has, and a daemon's. */
#define STATEMENTS_KEPT 32

struct mica_database {
	sqlite3 *connection;
	sqlite3_stmt *kept[STATEMENTS_KEPT];
	size_t kept_count;
	bool durable, relaxed, lasting;
	/** Of mica_database_set_wait. */
	int wait_ms;
};

/* A statement that has a row; the type is opaque outside. */
static sqlite3_stmt *statement_of(const struct mica_row *row)
{
	return (sqlite3_stmt *)row;
}

static int last_error(const struct mica_database *database)
{
	return mica_database_errno(sqlite3_extended_errcode(database->connection));
}

const char *mica_database_message(const struct mica_database *database)
{
	return sqlite3_errmsg(database->connection);
}

static int execute(struct mica_database *database, const char *sql)
{
	return sqlite3_exec(database->connection, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : last_error(database);
}

/* One that was made before, unless it is under way: its callback may ask the same again. */
static sqlite3_stmt *kept_statement(const struct mica_database *database, const char *sql)
{
	for (size_t i = 0; i < database->kept_count; i++)
		if (!sqlite3_stmt_busy(database->kept[i]) && strcmp(sqlite3_sql(database->kept[i]), sql) == 0)
			return database->kept[i];
	return NULL;
}

static int take_statement(struct mica_database *database, const char *sql, sqlite3_stmt **ret)
{
	int code;

	*ret = kept_statement(database, sql);
	if (*ret)
		return SQLITE_OK;
	code = sqlite3_prepare_v2(database->connection, sql, -1, ret, NULL);
	/* The answer of a pragma may be a part of its statement. */
	if (code == SQLITE_OK && database->kept_count < STATEMENTS_KEPT && strncmp(sql, "PRAGMA", 6) != 0)
		database->kept[database->kept_count++] = *ret;
	return code;
}

static void give_statement(const struct mica_database *database, sqlite3_stmt *statement)
{
	for (size_t i = 0; i < database->kept_count; i++) {
		if (database->kept[i] != statement)
			continue;
		(void)sqlite3_reset(statement);
		(void)sqlite3_clear_bindings(statement);
		return;
	}
	(void)sqlite3_finalize(statement);
}

static int prepare(struct mica_database *database, const char *sql, const char *types, va_list arguments,
		   sqlite3_stmt **ret)
{
	sqlite3_stmt *statement = NULL;
	int code = take_statement(database, sql, &statement);

	for (int i = 1; code == SQLITE_OK && types && types[i - 1]; i++) {
		if (types[i - 1] == 't')
			code = sqlite3_bind_text(statement, i, va_arg(arguments, const char *), -1, SQLITE_TRANSIENT);
		else
			code = sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
	}
	if (code != SQLITE_OK) {
		int error = last_error(database);
		give_statement(database, statement);
		return error ? error : -EIO;
	}
	*ret = statement;
	return 0;
}

static int query(struct mica_database *database, int (*row)(const struct mica_row *row, void *userdata), void *userdata,
		 const char *sql, const char *types, va_list arguments)
{
	sqlite3_stmt *statement = NULL;
	int r = prepare(database, sql, types, arguments, &statement);
	int code = SQLITE_ROW;

	if (r < 0)
		return r;
	while (r == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
		r = row ? row((const struct mica_row *)statement, userdata) : 0;
	if (r == 0 && code != SQLITE_DONE)
		r = last_error(database);
	give_statement(database, statement);
	return r;
}

int mica_database_run(struct mica_database *database, const char *sql, const char *types, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = query(database, NULL, NULL, sql, types, arguments);
	va_end(arguments);
	return r;
}

int mica_database_query(struct mica_database *database, int (*row)(const struct mica_row *row, void *userdata),
			void *userdata, const char *sql, const char *types, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = query(database, row, userdata, sql, types, arguments);
	va_end(arguments);
	return r;
}

struct number {
	int64_t value;
	bool found;
};

static int take_number(const struct mica_row *row, void *userdata)
{
	struct number *number = userdata;

	number->value = mica_row_number(row, 0);
	number->found = true;
	return 0;
}

int mica_database_number(struct mica_database *database, int64_t *ret, const char *sql, const char *types, ...)
{
	struct number number = {};
	va_list arguments;
	int r;

	va_start(arguments, types);
	r = query(database, take_number, &number, sql, types, arguments);
	va_end(arguments);
	if (r < 0)
		return r;
	if (!number.found)
		return -ENOENT;
	*ret = number.value;
	return 0;
}

int mica_database_changes(const struct mica_database *database)
{
	return sqlite3_changes(database->connection);
}

int mica_row_add_text(const struct mica_row *row, void *strings)
{
	return mica_strings_add(strings, mica_row_text(row, 0));
}

const char *mica_row_text(const struct mica_row *row, int column)
{
	return (const char *)sqlite3_column_text(statement_of(row), column);
}

int64_t mica_row_number(const struct mica_row *row, int column)
{
	return sqlite3_column_int64(statement_of(row), column);
}

bool mica_row_is_null(const struct mica_row *row, int column)
{
	return sqlite3_column_type(statement_of(row), column) == SQLITE_NULL;
}

void mica_database_relax(struct mica_database *database)
{
	database->relaxed = true;
}

int mica_transaction_begin(struct mica_transaction *transaction, struct mica_database *database, bool durable)
{
	int r = 0;

	durable &= !database->relaxed;
	if (durable != database->durable)
		r = execute(database, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	if (r < 0)
		return r;
	database->durable = durable;
	r = mica_database_run(database, "BEGIN IMMEDIATE", NULL);
	if (r == 0)
		transaction->database = database;
	return r;
}

int mica_database_commit(struct mica_database *database)
{
	return mica_database_run(database, "COMMIT", NULL);
}

void mica_database_rollback(struct mica_database *database)
{
	if (!sqlite3_get_autocommit(database->connection))
		(void)mica_database_run(database, "ROLLBACK", NULL);
}

/* The log's name is on the disk for good before the first commit that counts: see open_file. */
static int sync_directory(const struct mica_database *database)
{
	_cleanup_free_ char *path = strdup(sqlite3_db_filename(database->connection, NULL));
	_cleanup_close_ int fd = -EBADF;
	char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash)
		return path ? -EINVAL : -ENOMEM;
	slash[slash == path] = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Makes the tables of this version, inside a transaction: of two that start at once, the second finds them made. */
static int migrate(struct mica_database *database, int *ret_version)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int64_t version = 0, application = 0;
	char marks[100];
	int r = mica_transaction_begin(&transaction, database, true);

	if (r < 0)
		return r;
	r = mica_database_number(database, &version, "PRAGMA user_version", NULL);
	if (r == 0)
		r = mica_database_number(database, &application, "PRAGMA application_id", NULL);
	if (r < 0)
		return r;
	if (application != APPLICATION_ID && (application || version))
		return -EBADMSG;
	if (version > MICA_DATABASE_VERSION) {
		*ret_version = (int)version;
		return -EPROTONOSUPPORT;
	}
	for (; r == 0 && version < MICA_DATABASE_VERSION; version++)
		r = execute(database, mica_schema_steps[version]);
	/* Pragmas have no parameters. */
	(void)snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
		       MICA_DATABASE_VERSION);
	if (r == 0)
		r = execute(database, marks);
	if (r == 0)
		r = sync_directory(database);
	return r < 0 ? r : mica_database_commit(database);
}

/* SQLite's own waits longer and longer, so that it loses against one who writes again and again. */
static int wait_a_moment(void *userdata, int tries)
{
	const struct mica_database *database = userdata;

	if (tries >= database->wait_ms)
		return 0;
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return 1;
}

static void set_waiting(struct mica_database *database)
{
	if (database->wait_ms)
		(void)sqlite3_busy_handler(database->connection, wait_a_moment, database);
	else
		(void)sqlite3_busy_timeout(database->connection, WAIT_MS);
}

/* What SQLite does by itself leaves the log as long as it is: who writes to it next, in the same process, begins it
 * anew. But a command writes once, and the next command does not know how much was copied. */
static int shorten_log(void *userdata, sqlite3 *connection, const char *schema, int pages)
{
	struct mica_database *database = userdata;

	if (pages < (database->lasting ? LASTING_CHECKPOINT_PAGES : CHECKPOINT_PAGES))
		return SQLITE_OK;
	/* Who reads it now is not waited for. */
	(void)sqlite3_busy_handler(connection, NULL, NULL);
	(void)sqlite3_wal_checkpoint_v2(connection, schema,
					database->lasting ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
					NULL, NULL);
	set_waiting(database);
	return SQLITE_OK;
}

static int configure(struct mica_database *database, int *ret_version)
{
	sqlite3 *connection = database->connection;
	int persist = 1;
	int64_t version = 0;
	int r;

	(void)sqlite3_extended_result_codes(connection, 1);
	set_waiting(database);
	/* A command that ends must not wait for three more fsyncs: the log stays, the next one reads it. */
	(void)sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_file_control(connection, NULL, SQLITE_FCNTL_PERSIST_WAL, &persist);
	(void)sqlite3_wal_hook(connection, shorten_log, database);
	r = mica_database_number(database, &version, "PRAGMA user_version", NULL);
	if (r == 0 && version > MICA_DATABASE_VERSION) {
		*ret_version = (int)version;
		return -EPROTONOSUPPORT;
	}
	database->durable = true;
	if (r == 0)
		r = execute(database, "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL");
	if (r < 0 || version == MICA_DATABASE_VERSION)
		return r;
	/* Pages have a size and the file a mode for good. */
	r = execute(database, "PRAGMA page_size=" PAGE_SIZE "; PRAGMA journal_mode=WAL");
	return r < 0 ? r : migrate(database, ret_version);
}

/* Who opens the log so that it is made if need be has SQLite flush the directory with the first commit, for its name.
 * One that has something in it has been there since the database was made. */
static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_vfs *system = vfs->pAppData;
	struct stat stat_of_it;
	int code;

	if (flags & SQLITE_OPEN_WAL && stat(name, &stat_of_it) == 0 && stat_of_it.st_size > 0) {
		code = system->xOpen(system, name, file, flags & ~SQLITE_OPEN_CREATE, ret_flags);
		if (code == SQLITE_OK)
			return code;
	}
	return system->xOpen(system, name, file, flags, ret_flags);
}

/* Sets SQLite up. The file system to be used is the system's but for open_file: its name, or NULL, which is the
 * system's own. */
static const char *file_system(void)
{
	static sqlite3_vfs own;
	sqlite3_vfs *system;

	if (own.zName)
		return own.zName;
	/* Before SQLite does anything: no locks, for mica has no second thread, and no statistics of memory. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	system = sqlite3_vfs_find(NULL);
	if (!system)
		return NULL;
	own = *system;
	own.pNext = NULL;
	own.zName = "mica";
	own.pAppData = system;
	own.xOpen = open_file;
	return sqlite3_vfs_register(&own, 0) == SQLITE_OK ? own.zName : NULL;
}

int mica_database_open(const char *path, struct mica_database **ret, int *ret_version)
{
	_cleanup_database_ struct mica_database *database = calloc(1, sizeof(*database));
	int r;

	if (!database)
		return -ENOMEM;
	/* NOMUTEX: one thread has one store. */
	if (sqlite3_open_v2(path, &database->connection,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    file_system()) != SQLITE_OK)
		return database->connection ? last_error(database) : -ENOMEM;
	r = configure(database, ret_version);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(database);
	return 0;
}

void mica_database_set_wait(struct mica_database *database, int milliseconds)
{
	database->wait_ms = milliseconds;
	set_waiting(database);
}

void mica_database_stay(struct mica_database *database)
{
	database->lasting = true;
}

void mica_database_close(struct mica_database **database)
{
	if (!*database)
		return;
	mica_database_rollback(*database);
	for (size_t i = 0; i < (*database)->kept_count; i++)
		(void)sqlite3_finalize((*database)->kept[i]);
	(void)sqlite3_close((*database)->connection);
	free(*database);
	*database = NULL;
}

struct report {
	void (*report)(const char *line, void *userdata);
	void *userdata;
};

static int report_integrity(const struct mica_row *row, void *userdata)
{
	const struct report *report = userdata;
	const char *line = mica_row_text(row, 0);

	if (line && strcmp(line, "ok") != 0)
		report->report(line, report->userdata);
	return 0;
}

int mica_database_check(struct mica_database *database, void (*report)(const char *line, void *userdata),
			void *userdata)
{
	struct report told = { report, userdata };
	int r = mica_database_query(database, report_integrity, &told, "PRAGMA integrity_check", NULL);

	if (r == 0)
		r = mica_database_query(
			database, report_integrity, &told,
			"SELECT 'table ' || \"table\" || ' refers to a row of ' || parent || ' that is not there'"
			" FROM pragma_foreign_key_check",
			NULL);
	return r;
}
