// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts that write other than by write(2), each to a file that is open already.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "act.h"

static char data[8192] __attribute__((aligned(4096))) = "x";

static int act_splice(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY), ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || write(ends[1], "x", 1) != 1)
		unable("pipe");
	now();
	return done(splice(ends[0], NULL, fd, NULL, 1, 0));
}

static int act_vmsplice(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY), ends[2];
	struct iovec piece = { data, 1 };

	if (pipe2(ends, O_CLOEXEC) < 0 || vmsplice(ends[1], &piece, 1, 0) != 1)
		unable("vmsplice");
	now();
	return done(splice(ends[0], NULL, fd, NULL, 1, 0));
}

static int act_sendfile(char **args)
{
	int from = prepare_open(args[0], O_RDONLY), fd = prepare_open(args[1], O_WRONLY);

	now();
	return done(sendfile(fd, from, NULL, 1));
}

static int act_copy_file_range(char **args)
{
	int from = prepare_open(args[0], O_RDONLY), fd = prepare_open(args[1], O_WRONLY);

	now();
	return done(copy_file_range(from, NULL, fd, NULL, 1, 0));
}

static int act_clone(char **args)
{
	int from = prepare_open(args[0], O_RDONLY), fd = prepare_open(args[1], O_WRONLY);

	now();
	return done(ioctl(fd, FICLONE, from));
}

/** A write by the kernel's AIO. */
static int act_aio(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);
	struct iocb call = {
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_buf = (uintptr_t)data, .aio_nbytes = 1
	};
	struct iocb *calls[] = { &call };
	struct io_event event;
	aio_context_t context = 0;

	now();
	if (syscall(SYS_io_setup, 1, &context) < 0)
		unable("io_setup");
	if (syscall(SYS_io_submit, context, 1, calls) != 1)
		return -errno;
	if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -errno;
	return event.res < 0 ? (int)event.res : 0;
}

static int act_pwritev2(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);
	struct iovec piece = { data, 1 };

	now();
	return done(pwritev2(fd, &piece, 1, 0, RWF_DSYNC));
}

static int act_pwrite(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);

	now();
	return done(pwrite(fd, data, 1, 0));
}

static int act_fd_append(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY | O_APPEND);

	now();
	return write_byte(fd);
}

static int act_direct(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY | O_DIRECT);

	now();
	return done(pwrite(fd, data, 4096, 0));
}

static int change_space(char **args, int mode)
{
	int fd = prepare_open(args[0], O_RDWR);

	now();
	return done(fallocate(fd, mode, 0, 4096));
}

static int act_allocate(char **args)
{
	return change_space(args, 0);
}

static int act_punch(char **args)
{
	return change_space(args, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int act_zero(char **args)
{
	return change_space(args, FALLOC_FL_ZERO_RANGE);
}

static int act_collapse(char **args)
{
	return change_space(args, FALLOC_FL_COLLAPSE_RANGE);
}

static int act_insert(char **args)
{
	return change_space(args, FALLOC_FL_INSERT_RANGE);
}

static int act_ftruncate(char **args)
{
	int fd = prepare_open(args[0], O_RDWR);

	now();
	return done(ftruncate(fd, 1));
}

const struct act transfer_acts[] = {
	{ "splice", 1, "FILE", act_splice },
	{ "vmsplice", 1, "FILE", act_vmsplice },
	{ "sendfile", 2, "FROM FILE", act_sendfile },
	{ "copy-file-range", 2, "FROM FILE", act_copy_file_range },
	{ "clone", 2, "FROM FILE", act_clone },
	{ "aio", 1, "FILE", act_aio },
	{ "pwritev2", 1, "FILE", act_pwritev2 },
	{ "pwrite", 1, "FILE", act_pwrite },
	{ "fd-append", 1, "FILE", act_fd_append },
	{ "direct", 1, "FILE", act_direct },
	{ "allocate", 1, "FILE", act_allocate },
	{ "punch", 1, "FILE", act_punch },
	{ "zero", 1, "FILE", act_zero },
	{ "collapse", 1, "FILE", act_collapse },
	{ "insert", 1, "FILE", act_insert },
	{ "ftruncate", 1, "FILE", act_ftruncate },
	{},
};
