// SPDX-License-Identifier: BSD-2-Clause
#include "store/gunzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#define CHUNK (256 * 1024)
/* zlib's: the largest window, and only gzip's header. */
#define WINDOW_BITS (15 + 16)

struct mica_gunzip {
	int (*read)(const void **ret_data, size_t *ret_size, void *userdata);
	void *userdata;
	z_stream stream;
	/* Between two members; and behind the last. */
	bool between, ended;
	unsigned char chunk[CHUNK];
};

int mica_gunzip_new(int (*read)(const void **ret_data, size_t *ret_size, void *userdata), void *userdata,
		    struct mica_gunzip **ret)
{
	struct mica_gunzip *gunzip = calloc(1, sizeof(*gunzip));

	if (!gunzip)
		return -ENOMEM;
	gunzip->read = read;
	gunzip->userdata = userdata;
	if (inflateInit2(&gunzip->stream, WINDOW_BITS) != Z_OK) {
		free(gunzip);
		return -ENOMEM;
	}
	*ret = gunzip;
	return 0;
}

void mica_gunzip_free(struct mica_gunzip **gunzip)
{
	if (!*gunzip)
		return;
	(void)inflateEnd(&(*gunzip)->stream);
	free(*gunzip);
	*gunzip = NULL;
}

static int fill(struct mica_gunzip *gunzip)
{
	const void *data;
	size_t size;
	int r = gunzip->read(&data, &size, gunzip->userdata);

	if (r < 0)
		return r;
	gunzip->stream.next_in = (unsigned char *)data;
	gunzip->stream.avail_in = (unsigned)size;
	return 0;
}

/* At the end of a member: another one, padding, or the end. */
static void next_member(struct mica_gunzip *gunzip)
{
	if (!gunzip->stream.avail_in || gunzip->stream.next_in[0] != 0x1f)
		gunzip->ended = true;
	else
		(void)inflateReset(&gunzip->stream);
	gunzip->between = false;
}

static int step(struct mica_gunzip *gunzip)
{
	int r = 0;

	if (!gunzip->stream.avail_in)
		r = fill(gunzip);
	if (r < 0)
		return r;
	if (gunzip->between)
		next_member(gunzip);
	if (gunzip->ended)
		return 0;
	if (!gunzip->stream.avail_in)
		return -EBADMSG; /* cut off */
	r = inflate(&gunzip->stream, Z_NO_FLUSH);
	gunzip->between = r == Z_STREAM_END;
	if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
		return 0;
	return r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

int mica_gunzip_read(struct mica_gunzip *gunzip, const void **ret_data, size_t *ret_size)
{
	gunzip->stream.next_out = gunzip->chunk;
	gunzip->stream.avail_out = CHUNK;
	while (gunzip->stream.avail_out == CHUNK && !gunzip->ended) {
		int r = step(gunzip);

		if (r < 0)
			return r;
	}
	*ret_data = gunzip->chunk;
	*ret_size = CHUNK - gunzip->stream.avail_out;
	return 0;
}
