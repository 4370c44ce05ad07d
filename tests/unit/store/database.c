/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/database.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/mica-unit-XXXXXX";
static char path[64];

static void make_folder(void)
{
	cr_assert(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/mica.db", folder);
}

static void remove_folder(void)
{
	char command[100];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(database, .init = make_folder, .fini = remove_folder);

static int64_t number(struct mica_database *database, const char *sql)
{
	int64_t value = -1;

	cr_assert_eq(mica_database_number(database, &value, sql, NULL), 0, "%s", mica_database_message(database));
	return value;
}

Test(database, made_and_opened_again)
{
	_cleanup_database_ struct mica_database *database = NULL;
	int version = -1;

	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	cr_assert_eq(number(database, "PRAGMA user_version"), MICA_DATABASE_VERSION);
	cr_assert_eq(number(database, "PRAGMA synchronous"), 2);
	cr_assert_eq(number(database, "PRAGMA foreign_keys"), 1);
	cr_assert_eq(mica_database_run(database, "INSERT INTO trash VALUES (?)", "t", "x"), 0);
	mica_database_close(&database);
	cr_assert_null(database);
	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	cr_assert_eq(number(database, "SELECT count(*) FROM trash WHERE id = 'x'"), 1);
	cr_assert_eq(version, -1);
}

/* Each command that opens a store reads the whole log. */
Test(database, the_log_stays_short_over_many_that_write_once)
{
	struct stat status;
	char log[80];
	int version;

	for (int i = 0; i < 300; i++) {
		_cleanup_database_ struct mica_database *database = NULL;

		cr_assert_eq(mica_database_open(path, &database, &version), 0);
		struct mica_transaction transaction _cleanup_transaction_ = {};

		cr_assert_eq(mica_transaction_begin(&transaction, database, false), 0);
		cr_assert_eq(mica_database_run(database, "INSERT INTO trash VALUES (?)", "i", (int64_t)i), 0);
		cr_assert_eq(mica_database_commit(database), 0);
	}
	(void)snprintf(log, sizeof(log), "%s-wal", path);
	cr_assert_eq(stat(log, &status), 0);
	cr_assert_lt(status.st_size, 1 << 20);
}

Test(database, newer_is_refused_and_kept)
{
	_cleanup_database_ struct mica_database *database = NULL;
	int version = -1;

	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	cr_assert_eq(mica_database_run(database, "PRAGMA user_version = 99", NULL), 0);
	mica_database_close(&database);
	cr_assert_eq(mica_database_open(path, &database, &version), -EPROTONOSUPPORT);
	cr_assert_null(database);
	cr_assert_eq(version, 99);
	cr_assert_eq(mica_database_open(path, &database, &version), -EPROTONOSUPPORT);
}

Test(database, somebody_elses_is_refused)
{
	_cleanup_database_ struct mica_database *database = NULL;
	int version = -1;

	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	cr_assert_eq(mica_database_run(database, "PRAGMA application_id = 7", NULL), 0);
	cr_assert_eq(mica_database_run(database, "PRAGMA user_version = 0", NULL), 0);
	mica_database_close(&database);
	cr_assert_eq(mica_database_open(path, &database, &version), -EBADMSG);
}

Test(database, garbage_is_refused)
{
	_cleanup_database_ struct mica_database *database = NULL;
	FILE *file = fopen(path, "w");
	int version = -1;

	cr_assert(file);
	for (int i = 0; i < 10000; i++)
		(void)fputs("garbage", file);
	(void)fclose(file);
	cr_assert_eq(mica_database_open(path, &database, &version), -EBADMSG);
	cr_assert_null(database);
}

Test(database, errors_have_their_errno)
{
	_cleanup_database_ struct mica_database *database = NULL;
	int version = -1;
	int64_t value = 42;

	cr_assert_eq(mica_database_open("/nowhere/mica.db", &database, &version), -ENOENT);
	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	cr_assert_eq(mica_database_run(database, "INSERT INTO layers (id, created) VALUES ('aa', 0)", NULL), 0);
	cr_assert_eq(mica_database_run(database, "INSERT INTO layers (id, created) VALUES ('aa', 0)", NULL), -EEXIST);
	cr_assert_eq(mica_database_run(database, "INSERT INTO layers (id, parent, created) VALUES ('bb', 'cc', 0)",
				       NULL),
		     -EBUSY);
	cr_assert_eq(mica_database_run(database, "INSERT INTO layers (id, parent, created) VALUES ('bb', 'aa', 0)",
				       NULL),
		     0);
	cr_assert_eq(mica_database_run(database, "DELETE FROM layers WHERE id = 'aa'", NULL), -EBUSY);
	cr_assert_eq(mica_database_number(database, &value, "SELECT number FROM layers WHERE id = 'zz'", NULL),
		     -ENOENT);
	cr_assert_eq(value, 42);
}

Test(database, a_transaction_that_is_left_is_undone)
{
	_cleanup_database_ struct mica_database *database = NULL;
	int version = -1;

	cr_assert_eq(mica_database_open(path, &database, &version), 0);
	for (int durable = 0; durable < 2; durable++) {
		struct mica_transaction transaction _cleanup_transaction_ = {};

		cr_assert_eq(mica_transaction_begin(&transaction, database, durable), 0);
		cr_assert_eq(mica_database_run(database, "INSERT INTO trash VALUES ('x')", NULL), 0);
	}
	cr_assert_eq(number(database, "SELECT count(*) FROM trash"), 0);
}
