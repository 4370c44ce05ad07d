// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/archive_library.h"
#include "store/archive_path.h"
#include "store/tree.h"

#define READ_LIMIT (8 << 20)
/* Links to links; docker save of old made one at most. */
#define LINKS_MAX 8
#define ENTRIES_MAX 65536

struct entry {
	char *name;
	/* Of its data in the archive. */
	off_t offset;
	uint64_t size;
	/* It is a link to another; NULL: a file. */
	char *link;
};

struct mica_import_source {
	/* A directory, or a seekable uncompressed archive. */
	int fd;
	bool directory;
	const struct mica_import_options *options;
	struct entry *entries;
	size_t count;
	uint64_t size, read;
};

static void progress(uint64_t bytes, void *userdata)
{
	struct mica_import_source *source = userdata;

	source->read += bytes;
	if (source->options->progress)
		source->options->progress(source->read, source->size, source->options->userdata);
}

static const struct entry *find(const struct mica_import_source *source, const char *name)
{
	/* As tar has it: the last of a name counts. */
	for (size_t i = source->count; i-- > 0;)
		if (strcmp(source->entries[i].name, name) == 0)
			return &source->entries[i];
	return NULL;
}

/* The target of a symlink, relative to the link's directory, as a name of an entry. */
static int resolve_symlink(const char *name, const char *target, struct mica_buffer *ret)
{
	const char *slash = strrchr(name, '/');

	mica_buffer_reset(ret);
	if (*target == '/')
		return -EBADMSG;
	if (slash)
		(void)mica_buffer_append(ret, name, (size_t)(slash - name));
	while (*target) {
		size_t size = strcspn(target, "/");

		if (size == 2 && target[0] == '.' && target[1] == '.') {
			if (!ret->size)
				return -EBADMSG;
			while (ret->size && ret->data[ret->size - 1] != '/')
				ret->size--;
			ret->size -= ret->size > 0;
		} else if (size && !(size == 1 && target[0] == '.')) {
			if (ret->size)
				(void)mica_buffer_append_byte(ret, '/');
			(void)mica_buffer_append(ret, target, size);
		}
		target += size + strspn(target + size, "/");
	}
	return mica_buffer_string(ret) ? 0 : -ENOMEM;
}

static int link_of(struct archive_entry *entry, const char *name, struct mica_buffer *ret)
{
	int r;

	if (libarchive.archive_entry_hardlink(entry))
		r = mica_archive_path_clean(libarchive.archive_entry_hardlink(entry), ret);
	else
		r = resolve_symlink(name, libarchive.archive_entry_symlink(entry), ret);
	return r == -EINVAL ? -EBADMSG : r;
}

static int add_entry(struct mica_import_source *source, struct archive *tar, struct archive_entry *entry)
{
	_cleanup_buffer_ struct mica_buffer name = {}, link = {};
	bool links = libarchive.archive_entry_hardlink(entry) || libarchive.archive_entry_filetype(entry) == AE_IFLNK;
	const char *given = libarchive.archive_entry_pathname(entry);
	struct entry *entries;
	int r = given ? mica_archive_path_clean(given, &name) : -EINVAL;

	/* What is neither: of a layer, or of no interest. What leads out cannot be asked for. */
	if (r == -EINVAL || (!links && libarchive.archive_entry_filetype(entry) != AE_IFREG))
		return 0;
	if (r == 0 && links) {
		r = link_of(entry, name.data, &link);
		if (r == -EBADMSG)
			return 0;
	}
	if (r < 0)
		return r;
	/* A plain archive may have any number: it is no image, whose files are few. */
	if (source->count == ENTRIES_MAX)
		return 0;
	entries = reallocarray(source->entries, source->count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	source->entries = entries;
	entries[source->count++] = (struct entry){
		.name = TAKE_PTR(name.data),
		.offset = libarchive.archive_filter_bytes(tar, 0),
		.size = (uint64_t)libarchive.archive_entry_size(entry),
		.link = links ? TAKE_PTR(link.data) : NULL,
	};
	return 0;
}

/* libarchive skips data by seeking. */
static int read_entries(struct mica_import_source *source)
{
	struct archive_entry *entry;
	struct archive *tar;
	int r = ARCHIVE_FATAL, error = mica_archive_library_load();

	if (error < 0)
		return error;
	tar = libarchive.archive_read_new();
	if (!tar)
		return -ENOMEM;
	if (lseek(source->fd, 0, SEEK_SET) == 0 && libarchive.archive_read_support_format_tar(tar) == ARCHIVE_OK &&
	    libarchive.archive_read_support_format_empty(tar) == ARCHIVE_OK &&
	    libarchive.archive_read_support_filter_none(tar) == ARCHIVE_OK &&
	    libarchive.archive_read_open_fd(tar, source->fd, 65536) == ARCHIVE_OK)
		while (error == 0 &&
		       ((r = libarchive.archive_read_next_header(tar, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN))
			error = add_entry(source, tar, entry);
	(void)libarchive.archive_read_free(tar);
	if (error < 0)
		return error;
	return r == ARCHIVE_EOF ? 0 : -EBADMSG;
}

/* Uncompressed and seekable: to be used as it is. */
static bool is_plain(int fd)
{
	static const struct {
		const char *magic;
		size_t size;
	} compressed[] = { { "\x1f\x8b", 2 }, { "\x28\xb5\x2f\xfd", 4 }, { "\xfd\x37zXZ", 5 }, { "BZh", 3 } };
	char start[8];

	if (lseek(fd, 0, SEEK_SET) < 0 || pread(fd, start, sizeof(start), 0) < (ssize_t)sizeof(start))
		return false;
	for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++)
		if (memcmp(start, compressed[i].magic, compressed[i].size) == 0)
			return false;
	return true;
}

static int copy_input(struct mica_archive_input *input, int to_fd)
{
	const void *data;
	size_t size;
	int r;

	while ((r = mica_archive_input_read(input, &data, &size)) == 0 && size) {
		const char *at = data;

		while (size) {
			ssize_t done = write(to_fd, at, size);

			if (done < 0 && errno != EINTR)
				return -errno;
			if (done > 0) {
				at += done;
				size -= (size_t)done;
			}
		}
	}
	return r;
}

static int spool(struct mica_import_source *source, int fd, int spool_fd)
{
	_cleanup_input_ struct mica_archive_input *input = NULL;
	_cleanup_close_ int copy = openat(spool_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct mica_archive_source whole = { .fd = fd, .offset = -1, .progress = progress, .userdata = source };
	int r = copy < 0 ? -errno : 0;

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE)
		r = -errno;
	if (r == 0)
		r = mica_archive_input_new(&whole, &input);
	if (r == 0)
		r = copy_input(input, copy);
	if (r == 0)
		source->fd = TAKE_FD(copy);
	return r;
}

int mica_import_source_new(int fd, int spool_fd, const struct mica_import_options *options,
			   struct mica_import_source **ret)
{
	_cleanup_source_ struct mica_import_source *source = calloc(1, sizeof(*source));
	struct stat stat;
	int r = 0;

	if (!source)
		return -ENOMEM;
	source->fd = -EBADF;
	source->options = options;
	if (fstat(fd, &stat) < 0)
		return -errno;
	source->directory = S_ISDIR(stat.st_mode);
	if (!source->directory)
		source->size = S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0;
	if (source->directory || is_plain(fd)) {
		source->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (source->fd < 0)
			return -errno;
	} else {
		r = spool(source, fd, spool_fd);
		/* Reading the copy is no progress on the way to the end. */
		source->read = 0;
		if (r == 0 && fstat(source->fd, &stat) == 0)
			source->size = (uint64_t)stat.st_size;
	}
	if (r == 0 && !source->directory)
		r = read_entries(source);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(source);
	return 0;
}

void mica_import_source_free(struct mica_import_source **source)
{
	if (!*source)
		return;
	for (size_t i = 0; i < (*source)->count; i++) {
		free((*source)->entries[i].name);
		free((*source)->entries[i].link);
	}
	free((*source)->entries);
	mica_cleanup_close(&(*source)->fd);
	free(*source);
	*source = NULL;
}

bool mica_import_source_has(const struct mica_import_source *source, const char *name)
{
	if (source->directory)
		return faccessat(source->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return find(source, name);
}

static int open_in_directory(struct mica_import_source *source, const char *name, struct mica_archive_source *ret)
{
	_cleanup_close_ int fd = mica_tree_open(source->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat stat;

	if (fd == -ELOOP)
		return -EBADMSG;
	if (fd < 0)
		return fd;
	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;
	*ret = (struct mica_archive_source){ .offset = 0, .size = (uint64_t)stat.st_size };
	ret->fd = TAKE_FD(fd);
	return 0;
}

int mica_import_source_open(struct mica_import_source *source, const char *name, struct mica_archive_source *ret)
{
	struct mica_archive_source opened = {};
	const struct entry *entry;
	int r = 0;

	if (source->directory) {
		r = open_in_directory(source, name, &opened);
		if (r < 0)
			return r;
	} else {
		entry = find(source, name);
		for (unsigned links = 0; entry && entry->link; links++) {
			if (links == LINKS_MAX)
				return -EBADMSG;
			entry = find(source, entry->link);
		}
		if (!entry)
			return -ENOENT;
		opened = (struct mica_archive_source){ .offset = entry->offset, .size = entry->size };
		opened.fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 0);
		if (opened.fd < 0)
			return -errno;
	}
	opened.progress = progress;
	opened.userdata = source;
	*ret = opened;
	return 0;
}

int mica_import_source_whole(struct mica_import_source *source, struct mica_archive_source *ret)
{
	int fd;

	if (source->directory)
		return -EISDIR;
	fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	*ret = (struct mica_archive_source){
		.fd = fd, .offset = 0, .size = source->size, .progress = progress, .userdata = source
	};
	return 0;
}

int mica_import_source_read(struct mica_import_source *source, const char *name, char **ret, size_t *ret_size)
{
	struct mica_archive_source opened = {};
	_cleanup_free_ char *text = NULL;
	size_t done = 0;
	int r = mica_import_source_open(source, name, &opened);
	_cleanup_close_ int fd = r < 0 ? -EBADF : opened.fd;

	if (r < 0)
		return r;
	if (opened.size > READ_LIMIT)
		return -EFBIG;
	text = malloc(opened.size + 1);
	if (!text)
		return -ENOMEM;
	while (done < opened.size) {
		ssize_t got = pread(fd, text + done, opened.size - done, opened.offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EBADMSG;
		done += (size_t)got;
	}
	text[done] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = done;
	return 0;
}
