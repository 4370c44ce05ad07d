// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_data.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_library.h"

#define PAGE 4096

static bool is_zero(const char *data, size_t size)
{
	return !data[0] && memcmp(data, data + 1, size - 1) == 0;
}

static int write_all(int fd, const char *data, size_t size, uint64_t offset)
{
	while (size) {
		ssize_t done = pwrite(fd, data, size, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		offset += (uint64_t)done;
		size -= (size_t)done;
	}
	return 0;
}

/* Leaves out whole pages of zeros; what stands between them is written at once. *end: of what was written last. */
static int write_sparse(int fd, const char *data, size_t size, uint64_t offset, uint64_t *end)
{
	size_t begin = 0, at = 0;
	int r = 0;

	while (r == 0 && at < size) {
		size_t piece = PAGE - (offset + at) % PAGE;

		if (piece > size - at)
			piece = size - at;
		if (piece == PAGE && is_zero(data + at, piece)) {
			r = write_all(fd, data + begin, at - begin, offset + begin);
			begin = at + piece;
		}
		at += piece;
	}
	if (r == 0 && begin < size) {
		r = write_all(fd, data + begin, size - begin, offset + begin);
		*end = offset + size;
	}
	return r;
}

int mica_archive_write_file(struct archive *tar, int fd, uint64_t size)
{
	const void *data;
	la_int64_t offset;
	uint64_t end = 0;
	size_t piece;
	int r;

	while ((r = libarchive.archive_read_data_block(tar, &data, &piece, &offset)) == ARCHIVE_OK) {
		int error;

		if (offset < 0 || (uint64_t)offset > size || piece > size - (uint64_t)offset)
			return -EBADMSG;
		error = piece ? write_sparse(fd, data, piece, (uint64_t)offset, &end) : 0;
		if (error < 0)
			return error;
	}
	if (r != ARCHIVE_EOF)
		return -EBADMSG;
	/* It ends with a hole. */
	return end != size && ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}
