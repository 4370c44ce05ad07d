/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"

#define READ_CHUNK 4096

int mica_file_read_fd(int fd, size_t limit, char **ret, size_t *ret_size)
{
	_cleanup_buffer_ struct mica_buffer buffer = {};
	for (;;) {
		/* The size in stat is 0 in /proc, and may change in the meantime elsewhere: read until the end. */
		int r = mica_buffer_reserve(&buffer, READ_CHUNK);
		if (r < 0)
			return r;
		ssize_t got = read(fd, buffer.data + buffer.size, buffer.capacity - buffer.size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		buffer.size += (size_t)got;
		if (buffer.size > limit)
			return -EFBIG;
	}

	if (!mica_buffer_string(&buffer))
		return -ENOMEM;
	*ret = TAKE_PTR(buffer.data);
	if (ret_size)
		*ret_size = buffer.size;
	return 0;
}

int mica_file_read_at(int directory_fd, const char *path, size_t limit, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : mica_file_read_fd(fd, limit, ret, ret_size);
}

int mica_file_read(const char *path, size_t limit, char **ret, size_t *ret_size)
{
	return mica_file_read_at(AT_FDCWD, path, limit, ret, ret_size);
}

int mica_file_each_number(const char *directory, int (*visit)(int number, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *open_directory = opendir(directory);
	const struct dirent *entry;
	int r = 0;

	if (!open_directory)
		return -errno;
	while (r == 0 && (entry = readdir(open_directory))) {
		size_t digits = strspn(entry->d_name, "0123456789");

		if (digits && digits < 10 && !entry->d_name[digits])
			r = visit(atoi(entry->d_name), userdata);
	}
	return r;
}

void mica_file_leave_standard(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int standard = 0; standard <= STDERR_FILENO; standard++)
		if (fd < 0 || dup2(fd, standard) < 0)
			(void)close(standard);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}
