// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ways that move bytes from one file to another inside the kernel.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "writes.h"

static char data[16384];

static void way_splice(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), ends[2];

	(void)source;
	if (pipe(ends) < 0 || write(ends[1], data, 10000) != 10000)
		error(1, errno, "pipe");
	result->always_result = true;
	count(result, 10000, splice(ends[0], NULL, fd, NULL, 10000, 0), "splice");
	(void)close(fd);
}

static void way_vmsplice(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), ends[2];
	struct iovec part = { data, 5000 };

	(void)source;
	if (pipe(ends) < 0 || vmsplice(ends[1], &part, 1, 0) != 5000)
		error(1, errno, "vmsplice");
	result->always_result = true;
	count(result, 9000, splice(ends[0], NULL, fd, NULL, 9000, SPLICE_F_MOVE), "splice");
	(void)close(fd);
}

static void way_sendfile(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), in = open_or_die(source, O_RDONLY);

	result->always_result = true;
	count(result, 30000, sendfile(fd, in, NULL, 30000), "sendfile");
	(void)close(fd);
}

static void way_copy_range(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), in = open_or_die(source, O_RDONLY);

	result->always_result = true;
	/* Neither of a page's size nor at its start: no file system can share the blocks. */
	count(result, 20001, copy_file_range(in, &(loff_t){ 7 }, fd, NULL, 20001, 0), "copy_file_range");
	(void)close(fd);
}

static void way_copy_shared(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), in = open_or_die(source, O_RDONLY);

	result->always_result = true;
	count(result, SOURCE_BYTES, copy_file_range(in, NULL, fd, NULL, SOURCE_BYTES, 0), "copy_file_range");
	(void)close(fd);
}

static void way_reflink(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), in = open_or_die(source, O_RDONLY);

	result->always_result = true;
	if (ioctl(fd, FICLONE, in) < 0)
		result->skipped = "no reflinks on this file system";
	else
		count(result, SOURCE_BYTES, SOURCE_BYTES, "FICLONE");
	(void)close(fd);
}

const struct way transfer_ways[] = {
	{ "splice", way_splice },
	{ "vmsplice", way_vmsplice },
	{ "sendfile", way_sendfile },
	{ "copy-range", way_copy_range },
	{ "copy-shared", way_copy_shared },
	{ "reflink", way_reflink },
	{},
};
