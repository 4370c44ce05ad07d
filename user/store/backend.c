// SPDX-License-Identifier: BSD-2-Clause
#include "store/backend_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/format.h"
#include "container/json.h"
#include "store/quota.h"

/* A server that does not answer within this time is called unreachable. */
#define ANSWER_MS 2000

static int check_size(const json_t *options, char *reason, size_t reason_size)
{
	const char *size = mica_json_string(options, "size");
	uint64_t bytes;

	if (!size || mica_format_parse_bytes(size, &bytes) == 0)
		return 0;
	(void)snprintf(reason, reason_size, "size=%s is no size; as in size=64M", size);
	return -EINVAL;
}

static const char *const local_options[] = { "size", NULL };

static int prepare_local(const json_t *options, int directory_fd, uint32_t project, char *reason, size_t reason_size)
{
	const char *size = mica_json_string(options, "size");
	uint64_t bytes = 0;

	if (!size || mica_format_parse_bytes(size, &bytes) < 0)
		return 0;
	return mica_quota_set(directory_fd, project, bytes, reason, reason_size);
}

static const struct mica_backend local = {
	.name = "local",
	.summary = "a directory in the store",
	.options = local_options,
	.check = check_size,
	.prepare = prepare_local,
};

static const char *const tmpfs_options[] = { "size", "mode", "uid", "gid", NULL };

static int set_string(int context_fd, const char *key, const char *value)
{
	return fsconfig(context_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

static int configure_tmpfs(const json_t *options, int context_fd, char *reason, size_t reason_size)
{
	const char *size = mica_json_string(options, "size");
	char number[24];
	uint64_t bytes;
	int r = 0;

	if (size && mica_format_parse_bytes(size, &bytes) == 0) {
		(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)bytes);
		r = set_string(context_fd, "size", number);
	}
	for (size_t i = 1; r == 0 && tmpfs_options[i]; i++) {
		const char *value = mica_json_string(options, tmpfs_options[i]);

		if (!value)
			continue;
		r = set_string(context_fd, tmpfs_options[i], value);
		if (r < 0)
			(void)snprintf(reason, reason_size, "the kernel does not take %s=%s", tmpfs_options[i], value);
	}
	return r;
}

static int mount_tmpfs(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	_cleanup_close_ int context_fd = fsopen("tmpfs", FSOPEN_CLOEXEC);
	_cleanup_close_ int mount_fd = -EBADF;
	int r = context_fd < 0 ? -errno : configure_tmpfs(options, context_fd, reason, reason_size);

	if (r < 0)
		return r;
	if (fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mount_fd < 0 || move_mount(mount_fd, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

static unsigned attributes_tmpfs(const json_t *options)
{
	(void)options;
	return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
}

static bool owns_tmpfs(const json_t *options, const struct mica_mountinfo *mountinfo,
		       const struct mica_mount_entry *mount)
{
	(void)options;
	(void)mountinfo;
	return strcmp(mount->type, "tmpfs") == 0 && strcmp(mount->root, "/") == 0;
}

static const struct mica_backend tmpfs = {
	.name = "tmpfs",
	.summary = "in memory, gone when it is unmounted",
	.options = tmpfs_options,
	.check = check_size,
	.mount = mount_tmpfs,
	.owns = owns_tmpfs,
	.attributes = attributes_tmpfs,
};

static const char *const bind_options[] = { "source", NULL };

static int check_bind(const json_t *options, char *reason, size_t reason_size)
{
	const char *source = mica_json_string(options, "source");
	struct stat stat_of_it;

	if (source && source[0] == '/' && stat(source, &stat_of_it) == 0 && S_ISDIR(stat_of_it.st_mode))
		return 0;
	(void)snprintf(reason, reason_size, "bind wants source=DIR, the absolute path of a directory%s%s",
		       source ? ", and not " : "", source ? source : "");
	return -EINVAL;
}

static int mount_bind(const json_t *options, const char *directory, char *reason, size_t reason_size)
{
	const char *source = mica_json_string(options, "source");
	_cleanup_close_ int tree_fd = -EBADF;

	if (!source)
		return -EINVAL;
	tree_fd = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree_fd < 0) {
		(void)snprintf(reason, reason_size, "cannot open its source %s", source);
		return -errno;
	}
	return move_mount(tree_fd, "", AT_FDCWD, directory, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? -errno : 0;
}

static bool shows(const struct mica_mountinfo *mountinfo, const char *path, const struct mica_mount_entry *mount)
{
	_cleanup_free_ char *root = NULL;
	uint32_t device = 0;

	return mica_mountinfo_locate(mountinfo, path, &device, &root) == 0 && device == mount->device &&
	       strcmp(root, mount->root) == 0;
}

static bool owns_bind(const json_t *options, const struct mica_mountinfo *mountinfo,
		      const struct mica_mount_entry *mount)
{
	const char *source = mica_json_string(options, "source");
	_cleanup_free_ char *real = NULL;

	if (!source || shows(mountinfo, source, mount))
		return source;
	real = realpath(source, NULL);
	return real && shows(mountinfo, real, mount);
}

static const struct mica_backend bind = {
	.name = "bind",
	.summary = "a directory of the host, which is never removed",
	.options = bind_options,
	.check = check_bind,
	.mount = mount_bind,
	.remote = true, /* it may show a directory of a server */
	.owns = owns_bind,
};

static int ask(size_t index, void *questions)
{
	const struct mica_backend_question *question = (const struct mica_backend_question *)questions + index;
	struct statfs found;

	if (question->backend->ask)
		return question->backend->ask(question->options);
	return statfs(question->directory, &found) < 0 ? -errno : 0;
}

int mica_backend_answer(const struct mica_backend_question *questions, size_t count, int *results)
{
	return mica_deadline_run_all(ask, (void *)questions, count, ANSWER_MS, results);
}

const struct mica_backend *const mica_backends[] = {
	&local, &tmpfs, &bind, &mica_backend_nfs, &mica_backend_glusterfs, &mica_backend_mount, &mica_backend_block,
	NULL,
};

const struct mica_backend *mica_backend_find(const char *name)
{
	for (size_t i = 0; mica_backends[i]; i++)
		if (strcmp(mica_backends[i]->name, name) == 0)
			return mica_backends[i];
	return NULL;
}
