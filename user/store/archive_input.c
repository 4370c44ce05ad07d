// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/archive_library.h"
#include "store/gunzip.h"

#define CHUNK (256 * 1024)

struct mica_archive_input {
	struct mica_archive_source source;
	uint64_t left;
	off_t at;
	/* libarchive's: undoes the compression, but not gzip's, whose checksum it does not look at. */
	struct archive *filter;
	struct mica_gunzip *gunzip;
	/* Read to see what it is, and not yet given to libarchive. */
	size_t looked_at;
	struct mica_digest source_digest, content_digest;
	/* Of the last read(2) that failed. */
	int error;
	char buffer[CHUNK];
};

static la_ssize_t read_source(struct mica_archive_input *input)
{
	size_t wanted = sizeof(input->buffer);
	ssize_t got;

	if (input->source.offset >= 0 && input->left < wanted)
		wanted = (size_t)input->left;
	do
		got = input->source.offset < 0 ? read(input->source.fd, input->buffer, wanted)
					       : pread(input->source.fd, input->buffer, wanted, input->at);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		input->error = -errno;
		return -1;
	}
	input->at += got;
	input->left -= (uint64_t)got;
	if (input->source.source_digest)
		mica_digest_add(&input->source_digest, input->buffer, (size_t)got);
	if (input->source.progress)
		input->source.progress((uint64_t)got, input->source.userdata);
	return got;
}

/* What libarchive reads: the source, or what comes out of gzip. */
static la_ssize_t read_filter(struct archive *archive, void *userdata, const void **ret)
{
	struct mica_archive_input *input = userdata;
	la_ssize_t got;
	size_t size;

	if (input->gunzip) {
		int r = mica_gunzip_read(input->gunzip, ret, &size);

		if (r < 0)
			libarchive.archive_set_error(archive, -r, "gzip data is damaged");
		return r < 0 ? -1 : (la_ssize_t)size;
	}
	*ret = input->buffer;
	got = input->looked_at ? (la_ssize_t)input->looked_at : read_source(input);
	input->looked_at = 0;
	if (got < 0)
		libarchive.archive_set_error(archive, -input->error, "cannot read");
	return got;
}

static int read_gunzip(const void **ret_data, size_t *ret_size, void *userdata)
{
	struct mica_archive_input *input = userdata;
	la_ssize_t got = input->looked_at ? (la_ssize_t)input->looked_at : read_source(input);

	input->looked_at = 0;
	if (got < 0)
		return input->error;
	*ret_data = input->buffer;
	*ret_size = (size_t)got;
	return 0;
}

static int look(struct mica_archive_input *input)
{
	la_ssize_t got = read_source(input);

	if (got < 0)
		return input->error;
	input->looked_at = (size_t)got;
	if (got >= 2 && memcmp(input->buffer, "\x1f\x8b", 2) == 0)
		return mica_gunzip_new(read_gunzip, input, &input->gunzip);
	return 0;
}

static int open_filter(struct mica_archive_input *input)
{
	struct archive_entry *entry;
	int r = look(input);

	if (r < 0)
		return r;
	/* Not all filters: some run programs. */
	if (libarchive.archive_read_support_filter_zstd(input->filter) != ARCHIVE_OK ||
	    libarchive.archive_read_support_filter_xz(input->filter) != ARCHIVE_OK ||
	    libarchive.archive_read_support_filter_bzip2(input->filter) != ARCHIVE_OK ||
	    libarchive.archive_read_support_format_raw(input->filter) != ARCHIVE_OK ||
	    libarchive.archive_read_support_format_empty(input->filter) != ARCHIVE_OK)
		return -ENOMEM;
	r = libarchive.archive_read_open(input->filter, input, NULL, read_filter, NULL);
	if (r == ARCHIVE_OK)
		r = libarchive.archive_read_next_header(input->filter, &entry);
	if (r == ARCHIVE_OK || r == ARCHIVE_EOF)
		return 0;
	return input->error ? input->error : -EBADMSG;
}

int mica_archive_input_new(const struct mica_archive_source *source, struct mica_archive_input **ret)
{
	_cleanup_input_ struct mica_archive_input *input = calloc(1, sizeof(*input));
	int r;

	if (!input)
		return -ENOMEM;
	input->source = *source;
	input->at = source->offset;
	input->left = source->size;
	mica_digest_begin(&input->source_digest);
	mica_digest_begin(&input->content_digest);
	r = mica_archive_library_load();
	if (r < 0)
		return r;
	input->filter = libarchive.archive_read_new();
	if (!input->filter)
		return -ENOMEM;
	r = open_filter(input);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(input);
	return 0;
}

void mica_archive_input_free(struct mica_archive_input **input)
{
	if (!*input)
		return;
	if ((*input)->filter)
		(void)libarchive.archive_read_free((*input)->filter);
	mica_gunzip_free(&(*input)->gunzip);
	free(*input);
	*input = NULL;
}

int mica_archive_input_read(struct mica_archive_input *input, const void **ret_data, size_t *ret_size)
{
	la_int64_t offset;
	int r;

	do
		r = libarchive.archive_read_data_block(input->filter, ret_data, ret_size, &offset);
	while (r == ARCHIVE_OK && *ret_size == 0);
	if (r == ARCHIVE_EOF) {
		*ret_size = 0;
		return 0;
	}
	if (r != ARCHIVE_OK)
		return input->error ? input->error : -EBADMSG;
	if (input->source.content_digest)
		mica_digest_add(&input->content_digest, *ret_data, *ret_size);
	return 0;
}

static la_ssize_t read_content(struct archive *archive, void *userdata, const void **ret)
{
	struct mica_archive_input *input = userdata;
	size_t size;
	int r = mica_archive_input_read(input, ret, &size);

	if (r < 0) {
		libarchive.archive_set_error(archive, -r, "%s", mica_archive_input_message(input));
		return -1;
	}
	return (la_ssize_t)size;
}

int mica_archive_input_tar(struct mica_archive_input *input, struct archive **ret)
{
	struct archive *tar = libarchive.archive_read_new();
	int r = -ENOMEM;

	if (tar && libarchive.archive_read_support_format_tar(tar) == ARCHIVE_OK &&
	    libarchive.archive_read_support_format_empty(tar) == ARCHIVE_OK &&
	    libarchive.archive_read_support_filter_none(tar) == ARCHIVE_OK) {
		r = libarchive.archive_read_open(tar, input, NULL, read_content, NULL);
		if (r == ARCHIVE_OK) {
			*ret = tar;
			return 0;
		}
		r = input->error ? input->error : -EBADMSG;
	}
	(void)libarchive.archive_read_free(tar);
	return r;
}

/* What stands behind the end of the compressed data belongs to the blob too. */
static int drain_source(struct mica_archive_input *input)
{
	la_ssize_t got;

	do
		got = read_source(input);
	while (got > 0);
	return got < 0 ? input->error : 0;
}

int mica_archive_input_finish(struct mica_archive_input *input, char *source, char *content)
{
	const void *data;
	size_t size;
	int r;

	do
		r = mica_archive_input_read(input, &data, &size);
	while (r == 0 && size);
	if (r == 0)
		r = drain_source(input);
	if (r < 0)
		return r;
	if (source)
		mica_digest_end(&input->source_digest, source);
	if (content)
		mica_digest_end(&input->content_digest, content);
	return 0;
}

const char *mica_archive_input_message(const struct mica_archive_input *input)
{
	const char *message = input->filter ? libarchive.archive_error_string(input->filter) : NULL;

	return message ? message : "";
}
