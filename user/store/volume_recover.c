// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "container/json.h"
#include "store/volume_internal.h"

#define DATA "_data"
/* Holds the boot of the kernel in which directories were looked for last. */
#define MARK "boot"

static bool is_done(const struct mica_store *store)
{
	_cleanup_free_ char *mark = NULL;

	return mica_file_read_at(store->root_fd, MARK, 100, &mark, NULL) == 0 && strcmp(mark, store->boot) == 0;
}

static void set_done(const struct mica_store *store)
{
	size_t size = strlen(store->boot);
	_cleanup_close_ int fd =
		openat(store->root_fd, MARK, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	/* Of one that is not whole nobody believes that it is this boot. */
	if (fd < 0 || write(fd, store->boot, size) != (ssize_t)size)
		(void)unlinkat(store->root_fd, MARK, 0);
}

static int make_directory(int directory_fd, const char *name, mode_t mode)
{
	if (mkdirat(directory_fd, name, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	return fchmodat(directory_fd, name, mode, 0) < 0 ? -errno : 0;
}

static int make_again(struct mica_store *store, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	int r = make_directory(store->volumes_fd, name, 0700);

	if (r < 0)
		return r;
	fd = openat(store->volumes_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : make_directory(fd, DATA, 0755);
}

struct recovery {
	struct mica_store *store;
	size_t count;
};

static int recover_one(const struct mica_row *row, void *userdata)
{
	struct recovery *recovery = userdata;
	_cleanup_json_ json_t *options = mica_json_parse(mica_row_text(row, 2), strlen(mica_row_text(row, 2)));
	const char *name = mica_row_text(row, 0);
	int r = mica_stage_finish_volume(recovery->store, name, mica_row_text(row, 1));

	recovery->count++;
	/* One with a size has been brought to the disk before its row. */
	if (r < 0 && r != -ENOENT && r != -EEXIST)
		return r;
	return options && json_object_get(options, "size") ? 0 : make_again(recovery->store, name);
}

int mica_volume_recover(struct mica_store *store)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	struct recovery recovery = { store, 0 };
	int r;

	if (is_done(store))
		return 0;
	/* Nobody makes or removes volumes meanwhile. */
	r = mica_transaction_begin(&transaction, store->database, false);
	if (r < 0)
		return mica_store_database_failed(store, r);
	r = mica_database_query(store->database, recover_one, &recovery,
				"SELECT name, stage, options FROM volumes WHERE stage IS NOT NULL", NULL);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot make the directories of volumes in %s/volumes", store->root);
	if (recovery.count && !store->relaxed && syncfs(store->root_fd) < 0)
		return mica_store_refuse(store, -errno, "cannot bring %s to the disk", store->root);
	if (recovery.count)
		r = mica_database_run(store->database, "UPDATE volumes SET stage = NULL", NULL);
	if (r == 0)
		r = mica_database_commit(store->database);
	if (r < 0)
		return mica_store_database_failed(store, r);
	set_done(store);
	return 0;
}
