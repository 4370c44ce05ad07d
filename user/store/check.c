// SPDX-License-Identifier: BSD-2-Clause
#include "store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/digest.h"
#include "store/layer_internal.h"
#include "store/tree.h"
#include "store/union_elsewhere.h"

#define LOST "lost+found"

struct check {
	struct mica_store *store;
	bool repair;
	void (*tell)(const char *sentence, bool repaired, void *userdata);
	void *userdata;
	struct mica_check_result result;
};

__attribute__((format(printf, 3, 4))) static void tell(struct check *check, bool repaired, const char *format, ...)
{
	char sentence[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	check->result.problems++;
	check->result.repaired += repaired;
	check->tell(sentence, repaired, check->userdata);
}

static void tell_database(const char *line, void *userdata)
{
	tell(userdata, false, "the database: %s", line);
}

/* Directories that are empty by nature can be made again. */
static void check_empty_directory(struct check *check, const char *id, int layer_fd, const char *name)
{
	if (faccessat(layer_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	tell(check, check->repair && mkdirat(layer_fd, name, 0700) == 0, "layer %s has no directory %s", id, name);
}

static bool forget_refs(struct check *check, const char *id)
{
	return mica_database_run(check->store->database, "UPDATE layers SET refs = 0 WHERE id = ?", "t", id) == 0;
}

static void check_mount(struct check *check, const char *id, const struct mica_layer_row *row, int layer_fd)
{
	_cleanup_free_ char *upper = NULL;
	bool mounted = mica_layer_mounted(layer_fd);

	if (mounted && !row->refs)
		tell(check, check->repair && mica_layer_unmount(check->store, id, layer_fd) == 0,
		     "layer %s is mounted, and nobody got it", id);
	if (mounted || !row->refs || !row->has_parent)
		return;
	if (asprintf(&upper, "%s/layers/%s/diff", check->store->root, id) < 0) {
		upper = NULL;
		return;
	}
	if (!row->immutable && mica_union_mounted_elsewhere(upper) != 0)
		return;
	tell(check, check->repair && forget_refs(check, id), "layer %s was got and is mounted nowhere", id);
}

static int check_layer(struct check *check, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_lock(check->store, id, &row, &fd);

	if (r == -ENOENT) /* removed while this looks */
		return 0;
	if (r < 0) {
		tell(check, false, "layer %s: %s", id, mica_store_reason(check->store));
		return 0;
	}
	if (faccessat(fd, "diff", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		tell(check, false, "layer %s has lost its files: no directory diff", id);
	check_empty_directory(check, id, fd, "work");
	check_empty_directory(check, id, fd, "merged");
	check_mount(check, id, &row, fd);
	return 0;
}

static int check_layers(struct check *check)
{
	_cleanup_strings_ struct mica_strings ids = {};
	int r = mica_database_query(check->store->database, mica_row_add_text, &ids,
				    "SELECT id FROM layers ORDER BY number", NULL);

	for (size_t i = 0; r == 0 && i < ids.count; i++)
		r = check_layer(check, ids.items[i]);
	return r;
}

static int check_volumes(struct check *check)
{
	_cleanup_strings_ struct mica_strings names = {};
	int r = mica_database_query(check->store->database, mica_row_add_text, &names, "SELECT name FROM volumes",
				    NULL);

	for (size_t i = 0; r == 0 && i < names.count; i++)
		if (faccessat(check->store->volumes_fd, names.items[i], F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			tell(check, false, "volume %s has lost its directory", names.items[i]);
	return r;
}

/* An image's id is the digest of its configuration. */
static int check_image(const struct mica_row *row, void *userdata)
{
	const char *config = mica_row_text(row, 1);
	char digest[MICA_DIGEST_SIZE];
	struct mica_digest hash;

	mica_digest_begin(&hash);
	mica_digest_add(&hash, config, strlen(config));
	mica_digest_end(&hash, digest);
	if (strcmp(mica_digest_hex(digest), mica_row_text(row, 0)) != 0)
		tell(userdata, false, "image %.12s: its configuration is not what its id says", mica_row_text(row, 0));
	return 0;
}

/* Moves a directory that no row knows out of the way, whole. */
static bool move_to_lost(struct check *check, int directory_fd, const char *name)
{
	_cleanup_close_ int lost_fd = -EBADF;

	if (mkdirat(check->store->root_fd, LOST, 0700) < 0 && errno != EEXIST)
		return false;
	lost_fd = mica_tree_open(check->store->root_fd, LOST, O_RDONLY | O_DIRECTORY);
	return lost_fd >= 0 && renameat2(directory_fd, name, lost_fd, name, RENAME_NOREPLACE) == 0 &&
	       fsync(lost_fd) == 0;
}

static int is_known(struct check *check, const char *sql, const char *name, bool *ret)
{
	int64_t count;
	int r = mica_database_number(check->store->database, &count, sql, "t", name);

	if (r == 0)
		*ret = count;
	return r;
}

/* With the database locked against writers, so that nothing is between its commit and its rename unseen: a row's tree
 * may be in staging/ still, but never the other way round. */
static int check_directories(struct check *check, int directory_fd, const char *what, const char *sql)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(directory_fd);
	const struct dirent *entry;
	bool known = false;

	if (!directory)
		return -errno;
	while ((errno = 0, entry = readdir(directory))) {
		int r;

		if (entry->d_name[0] == '.')
			continue;
		r = is_known(check, sql, entry->d_name, &known);
		if (r < 0)
			return r;
		if (!known)
			tell(check, check->repair && move_to_lost(check, directory_fd, entry->d_name),
			     "%s/%s/%s is in no row of the database; --repair moves it to %s/" LOST, check->store->root,
			     what, entry->d_name, check->store->root);
	}
	return -errno;
}

static int check_staging(struct check *check)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(check->store->staging_fd);
	const struct dirent *entry;

	if (!directory)
		return -errno;
	while ((errno = 0, entry = readdir(directory))) {
		_cleanup_close_ int entry_fd = -EBADF;

		if (entry->d_name[0] == '.')
			continue;
		entry_fd =
			openat(check->store->staging_fd, entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		/* Somebody works on it, or it is gone. */
		if (entry_fd < 0 || flock(entry_fd, LOCK_EX | LOCK_NB) < 0)
			continue;
		/* Opening the store tried to: something is mounted in it, or it is marked immutable. */
		tell(check, false, "%s/staging/%s was left by a process that died, and cannot be removed",
		     check->store->root, entry->d_name);
	}
	return -errno;
}

static int check_places(struct check *check)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	int r = mica_transaction_begin(&transaction, check->store->database, true);

	if (r < 0)
		return r;
	r = check_directories(check, check->store->layers_fd, "layers",
			      "SELECT (SELECT count(*) FROM layers WHERE id = ?1)"
			      " + (SELECT count(*) FROM trash WHERE id = ?1)");
	if (r == 0)
		r = check_directories(check, check->store->volumes_fd, "volumes",
				      "SELECT (SELECT count(*) FROM volumes WHERE name = ?1)"
				      " + (SELECT count(*) FROM trash WHERE id = 'volume/' || ?1)");
	if (r == 0)
		r = check_directories(check, check->store->containers_fd, "containers",
				      "SELECT (SELECT count(*) FROM containers WHERE id = ?1)"
				      " + (SELECT count(*) FROM trash WHERE id = 'container/' || ?1)");
	if (r == 0)
		r = check_staging(check);
	return r;
}

int mica_store_check(struct mica_store *store, bool repair,
		     void (*tell_user)(const char *sentence, bool repaired, void *userdata), void *userdata,
		     struct mica_check_result *ret)
{
	struct check check = { .store = store, .repair = repair, .tell = tell_user, .userdata = userdata };
	int r = mica_database_check(store->database, tell_database, &check);

	store->reason[0] = '\0';
	if (r == 0)
		r = mica_database_query(store->database, check_image, &check, "SELECT id, config FROM images", NULL);
	if (r == 0)
		r = check_layers(&check);
	if (r == 0)
		r = check_volumes(&check);
	if (r == 0)
		r = check_places(&check);
	if (r == 0)
		*ret = check.result;
	return r;
}
