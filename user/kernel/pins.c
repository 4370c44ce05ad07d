// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

struct pin_path {
	char text[512];
};

static struct pin_path pin_path(const char *directory, const char *prefix, const char *name)
{
	struct pin_path path;

	(void)snprintf(path.text, sizeof(path.text), "%s/%s%s", directory, prefix, name);
	return path;
}

bool mica_pins_are_in_bpffs(const char *directory)
{
	struct statfs found;

	return statfs(directory, &found) == 0 && (uint32_t)found.f_type == BPF_FS_MAGIC;
}

int mica_pin(int fd, const char *directory, const char *prefix, const char *name)
{
	struct pin_path path = pin_path(directory, prefix, name);

	return bpf_obj_pin(fd, path.text) ? -errno : 0;
}

int mica_pin_get(const char *directory, const char *prefix, const char *name)
{
	struct pin_path path = pin_path(directory, prefix, name);
	int fd = bpf_obj_get(path.text);

	return fd < 0 ? -errno : fd;
}

bool mica_pin_exists(const char *directory, const char *name)
{
	struct pin_path path = pin_path(directory, "", name);

	return access(path.text, F_OK) == 0;
}

int mica_pins_remove(const char *directory, const char *complete)
{
	struct pin_path sign = pin_path(directory, "", complete);
	_cleanup_closedir_ DIR *entries = opendir(directory);
	struct dirent *entry;
	int r = 0;

	if (!entries)
		return -errno;
	(void)unlink(sign.text);
	while ((entry = readdir(entries))) {
		struct pin_path path = pin_path(directory, "", entry->d_name);

		if (entry->d_name[0] != '.' && unlink(path.text) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r < 0 ? r : rmdir(directory) < 0 ? -errno : 0;
}
