// SPDX-License-Identifier: BSD-2-Clause
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/container.h"
#include "store/store_internal.h"
#include "store/tree.h"
#include "store/volume_internal.h"

#define RESERVE "reserve"
#define RESERVE_BYTES (512 << 10)

/* Of a store that does not exist: there is nowhere else to keep it. */
static char open_reason[1024];

int mica_store_refuse(struct mica_store *store, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(store->reason, sizeof(store->reason), format, arguments);
	va_end(arguments);
	return error;
}

int mica_store_database_failed(struct mica_store *store, int error)
{
	return mica_store_refuse(store, error, "the database %s/mica.db: %s", store->root,
				 mica_database_message(store->database));
}

const char *mica_store_reason(const struct mica_store *store)
{
	return store->reason;
}

void mica_store_relax(struct mica_store *store)
{
	store->relaxed = true;
	mica_database_relax(store->database);
}

const char *mica_store_open_reason(void)
{
	return open_reason;
}

void mica_store_set_patience(struct mica_store *store, int milliseconds)
{
	mica_database_set_wait(store->database, milliseconds);
}

void mica_store_stay(struct mica_store *store)
{
	mica_database_stay(store->database);
}

void mica_store_set_guard(struct mica_store *store, const struct mica_store_guard *guard)
{
	store->guard = guard;
}

const char *mica_store_root(const struct mica_store *store)
{
	return store->root;
}

int64_t mica_store_now(void)
{
	return (int64_t)mica_clock_ns(CLOCK_REALTIME);
}

/* Makes a directory and those above it; on the disk when it returns. */
static int make_path(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat stat;

	if (!copy)
		return -ENOMEM;
	if (lstat(path, &stat) == 0)
		return S_ISDIR(stat.st_mode) ? 0 : -ENOTDIR;
	for (char *end = strchrnul(copy + 1, '/');; end = strchrnul(end + 1, '/')) {
		char separator = *end;

		*end = '\0';
		if (mkdir(copy, separator ? 0755 : 0711) < 0 && errno != EEXIST)
			return -errno;
		if (!separator)
			return 0;
		*end = separator;
	}
}

static int open_directory(struct mica_store *store, const char *name, int *ret_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(store->root_fd, name, flags);
	bool made = false;

	if (fd < 0 && errno == ENOENT) {
		made = mkdirat(store->root_fd, name, 0700) == 0;
		fd = !made && errno != EEXIST ? -1 : openat(store->root_fd, name, flags);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return made && fsync(store->root_fd) < 0 ? -errno : 0;
}

static int absolute(const char *root, char **ret)
{
	char directory[PATH_MAX];
	char *path = NULL;
	size_t size;

	if (root[0] == '/')
		path = strdup(root);
	else if (!getcwd(directory, sizeof(directory)))
		return -errno;
	else if (asprintf(&path, "%s/%s", strcmp(directory, "/") == 0 ? "" : directory, root) < 0)
		path = NULL;
	if (!path)
		return -ENOMEM;
	for (size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	*ret = path;
	return 0;
}

static int open_directories(struct mica_store *store)
{
	_cleanup_free_ char *boot = NULL;
	int r = make_path(store->root);

	if (r < 0)
		return mica_store_refuse(store, r, "cannot make %s", store->root);
	store->root_fd = open(store->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root_fd < 0)
		return mica_store_refuse(store, -errno, "cannot open %s", store->root);
	r = open_directory(store, "layers", &store->layers_fd);
	if (r == 0)
		r = open_directory(store, "staging", &store->staging_fd);
	if (r == 0)
		r = open_directory(store, "volumes", &store->volumes_fd);
	if (r == 0)
		r = open_directory(store, "containers", &store->containers_fd);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot make the directories of %s", store->root);
	r = mica_file_read("/proc/sys/kernel/random/boot_id", 100, &boot, NULL);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot read /proc/sys/kernel/random/boot_id");
	(void)snprintf(store->boot, sizeof(store->boot), "%.36s", boot);
	return 0;
}

static int open_database(struct mica_store *store)
{
	_cleanup_free_ char *path = NULL;
	int version = 0;
	int r;

	if (asprintf(&path, "%s/mica.db", store->root) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = mica_database_open(path, &store->database, &version);
	if (r == -EPROTONOSUPPORT)
		return mica_store_refuse(
			store, r,
			"%s was made by a newer mica (version %d of its tables, this mica knows %d); use that one",
			path, version, MICA_DATABASE_VERSION);
	if (r == -EBADMSG)
		return mica_store_refuse(store, r, "%s is damaged, or is no database of mica's", path);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot open the database %s", path);
	return 0;
}

/* Room that nobody else can take, for removals on a full disk: they write too, before they free anything. */
static void keep_reserve(const struct mica_store *store)
{
	_cleanup_close_ int fd = -EBADF;

	if (faccessat(store->root_fd, RESERVE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	fd = openat(store->root_fd, RESERVE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) != 0)
		(void)unlinkat(store->root_fd, RESERVE, 0);
}

bool mica_store_make_room(struct mica_store *store)
{
	return unlinkat(store->root_fd, RESERVE, 0) == 0;
}

static int open_store(struct mica_store *store, const char *root, bool recover)
{
	int r = absolute(root, &store->root);

	if (r < 0 || !store->root)
		return r;
	r = open_directories(store);
	if (r == 0)
		r = open_database(store);
	if (r < 0 || !recover)
		return r;
	r = mica_stage_recover(store);
	if (r == 0)
		r = mica_volume_recover(store);
	if (r == 0)
		r = mica_container_recover(store);
	if (r == 0)
		keep_reserve(store);
	return r;
}

static int make_store(const char *root, bool recover, struct mica_store **ret)
{
	_cleanup_store_ struct mica_store *store = calloc(1, sizeof(*store));
	int r;

	open_reason[0] = '\0';
	if (!store)
		return -ENOMEM;
	store->root_fd = store->layers_fd = store->staging_fd = store->volumes_fd = store->containers_fd = -EBADF;
	r = open_store(store, root ? root : MICA_STORE_ROOT, recover);
	if (r < 0) {
		(void)memcpy(open_reason, store->reason, sizeof(open_reason));
		return r;
	}
	store->reason[0] = '\0';
	*ret = TAKE_PTR(store);
	return 0;
}

int mica_store_open(const char *root, struct mica_store **ret)
{
	return make_store(root, true, ret);
}

int mica_store_open_again(const char *root, struct mica_store **ret)
{
	return make_store(root, false, ret);
}

void mica_store_close(struct mica_store **store)
{
	if (!*store)
		return;
	mica_database_close(&(*store)->database);
	mica_cleanup_close(&(*store)->layers_fd);
	mica_cleanup_close(&(*store)->staging_fd);
	mica_cleanup_close(&(*store)->volumes_fd);
	mica_cleanup_close(&(*store)->containers_fd);
	mica_cleanup_close(&(*store)->root_fd);
	free((*store)->root);
	free(*store);
	*store = NULL;
}
