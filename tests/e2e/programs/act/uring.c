// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts by io_uring, in one of the kernel's worker threads: uring OPERATION PATH [PATH2].
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

/* Not yet in the headers. */
#define OP_FTRUNCATE 55

static int submit(struct io_uring_sqe *entry)
{
	struct io_uring_params p = {};
	int fd = (int)syscall(SYS_io_uring_setup, 4, &p);

	if (fd < 0)
		unable("io_uring_setup");
	char *sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(__u32), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = mmap(NULL, p.sq_entries * sizeof(*sqe), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);

	if (sq == MAP_FAILED || cq == MAP_FAILED || sqe == MAP_FAILED)
		unable("io_uring mmap");
	unsigned *tail = (void *)(sq + p.sq_off.tail), *array = (void *)(sq + p.sq_off.array);
	const struct io_uring_cqe *cqe = (void *)(cq + p.cq_off.cqes);

	*sqe = *entry;
	sqe->flags |= IOSQE_ASYNC;
	array[0] = 0;
	atomic_store_explicit((_Atomic unsigned *)tail, *tail + 1, memory_order_release);
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		unable("io_uring_enter");
	int result = cqe->res;

	(void)close(fd);
	return result < 0 ? result : 0;
}

static uint64_t address(const void *at)
{
	return (uintptr_t)at;
}

static int uring_openat(char **args)
{
	return submit(&(struct io_uring_sqe){
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = address(args[0]), .open_flags = O_WRONLY });
}

static int uring_openat2(char **args)
{
	struct open_how how = { .flags = O_WRONLY };

	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT2,
					      .fd = AT_FDCWD,
					      .addr = address(args[0]),
					      .len = sizeof(how),
					      .off = address(&how) });
}

static int uring_write(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);

	now();
	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_WRITE, .fd = fd, .addr = address("x"), .len = 1 });
}

static int uring_fallocate(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);

	now();
	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_FALLOCATE, .fd = fd, .addr = 8192 });
}

static int uring_ftruncate(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY);

	now();
	return submit(&(struct io_uring_sqe){ .opcode = OP_FTRUNCATE, .fd = fd, .off = 1 });
}

static int uring_splice(char **args)
{
	int fd = prepare_open(args[0], O_WRONLY), ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || write(ends[1], "x", 1) != 1)
		unable("pipe");
	now();
	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_SPLICE,
					      .fd = fd,
					      .off = (__u64)-1,
					      .len = 1,
					      .splice_fd_in = ends[0],
					      .splice_off_in = (__u64)-1 });
}

static int uring_fsetxattr(char **args)
{
	int fd = prepare_open(args[0], O_RDONLY);

	now();
	return submit(&(struct io_uring_sqe){
		.opcode = IORING_OP_FSETXATTR, .fd = fd, .addr = address("user.u"), .off = address("y"), .len = 1 });
}

static int uring_setxattr(char **args)
{
	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_SETXATTR,
					      .addr = address("user.u"),
					      .off = address("y"),
					      .len = 1,
					      .addr3 = address(args[0]) });
}

static int uring_unlinkat(char **args)
{
	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = address(args[0]) });
}

static int uring_mkdirat(char **args)
{
	return submit(&(struct io_uring_sqe){
		.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .addr = address(args[0]), .len = 0755 });
}

static int with_two(unsigned char opcode, char **args)
{
	return submit(&(struct io_uring_sqe){ .opcode = opcode,
					      .fd = AT_FDCWD,
					      .addr = address(args[0]),
					      .len = (__u32)AT_FDCWD,
					      .off = address(args[1]) });
}

static int uring_renameat(char **args)
{
	return with_two(IORING_OP_RENAMEAT, args);
}

static int uring_linkat(char **args)
{
	return with_two(IORING_OP_LINKAT, args);
}

static int uring_symlinkat(char **args)
{
	return submit(&(struct io_uring_sqe){
		.opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD, .addr = address("target"), .off = address(args[0]) });
}

static int uring_statx(char **args)
{
	struct statx info;

	return submit(&(struct io_uring_sqe){ .opcode = IORING_OP_STATX,
					      .fd = AT_FDCWD,
					      .addr = address(args[0]),
					      .len = STATX_BASIC_STATS,
					      .off = address(&info) });
}

const struct act uring_acts[] = {
	{ "uring-openat", 1, "FILE", uring_openat },
	{ "uring-openat2", 1, "FILE", uring_openat2 },
	{ "uring-write", 1, "FILE", uring_write },
	{ "uring-fallocate", 1, "FILE", uring_fallocate },
	{ "uring-ftruncate", 1, "FILE", uring_ftruncate },
	{ "uring-splice", 1, "FILE", uring_splice },
	{ "uring-fsetxattr", 1, "FILE", uring_fsetxattr },
	{ "uring-setxattr", 1, "FILE", uring_setxattr },
	{ "uring-unlinkat", 1, "FILE", uring_unlinkat },
	{ "uring-mkdirat", 1, "DIRECTORY", uring_mkdirat },
	{ "uring-renameat", 2, "OLD NEW", uring_renameat },
	{ "uring-linkat", 2, "OLD NEW", uring_linkat },
	{ "uring-symlinkat", 1, "NAME", uring_symlinkat },
	{ "uring-statx", 1, "FILE", uring_statx },
	{},
};
