// SPDX-License-Identifier: BSD-2-Clause
/*
 * Asynchronous ways: the kernel's AIO, and io_uring, by their system calls.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "writes.h"

static char data[16384] __attribute__((aligned(4096)));

static void submit_aio(int fd, size_t bytes, struct result *result)
{
	struct iocb call = {
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)data,
		.aio_nbytes = bytes,
	};
	struct iocb *calls[] = { &call };
	struct io_event event;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context) < 0)
		error(1, errno, "io_setup");
	if (syscall(SYS_io_submit, context, 1, calls) != 1)
		error(1, errno, "io_submit");
	if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		error(1, errno, "io_getevents");
	errno = event.res < 0 ? (int)-event.res : 0;
	count(result, bytes, event.res, "aio write");
	(void)syscall(SYS_io_destroy, context);
}

static void way_aio(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	(void)source;
	submit_aio(fd, 6000, result);
	(void)close(fd);
}

static void way_aio_direct(const char *path, const char *source, struct result *result)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0644);

	(void)source;
	if (fd < 0) {
		result->skipped = "no O_DIRECT on this file system";
		return;
	}
	result->either = true;
	submit_aio(fd, 8192, result);
	(void)close(fd);
}

struct uring {
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_params parameters;
};

static bool uring_open(struct uring *uring)
{
	struct io_uring_params *p = &uring->parameters;

	uring->fd = (int)syscall(SYS_io_uring_setup, 4, p);
	if (uring->fd < 0)
		return false;
	uring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(__u32), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, uring->fd, IORING_OFF_SQ_RING);
	uring->cq = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, uring->fd, IORING_OFF_CQ_RING);
	uring->sqe = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, uring->fd, IORING_OFF_SQES);
	if (uring->sq == MAP_FAILED || uring->cq == MAP_FAILED || uring->sqe == MAP_FAILED)
		error(1, errno, "io_uring mmap");
	return true;
}

/** Submits the first entry and waits for its result. */
static long uring_run(struct uring *uring)
{
	struct io_uring_params *p = &uring->parameters;
	struct io_uring_cqe *cqe = (void *)(uring->cq + p->cq_off.cqes);
	unsigned *tail = (void *)(uring->sq + p->sq_off.tail), *array = (void *)(uring->sq + p->sq_off.array);

	array[0] = 0;
	atomic_store_explicit((_Atomic unsigned *)tail, *tail + 1, memory_order_release);
	if (syscall(SYS_io_uring_enter, uring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		error(1, errno, "io_uring_enter");
	errno = cqe->res < 0 ? -cqe->res : 0;
	return cqe->res;
}

static void uring_write(const char *path, unsigned flags, struct result *result)
{
	struct uring uring = {};
	int fd = open_or_die(path, O_WRONLY | O_CREAT);

	if (!uring_open(&uring)) {
		result->skipped = "io_uring is not allowed";
		return;
	}
	*uring.sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_WRITE,
		.flags = flags,
		.fd = fd,
		.addr = (uintptr_t)data,
		.len = 9000,
	};
	count(result, 9000, uring_run(&uring), "io_uring write");
	(void)close(fd);
}

static void way_uring(const char *path, const char *source, struct result *result)
{
	(void)source;
	uring_write(path, 0, result);
}

static void way_uring_worker(const char *path, const char *source, struct result *result)
{
	(void)source;
	uring_write(path, IOSQE_ASYNC, result);
}

static void way_uring_splice(const char *path, const char *source, struct result *result)
{
	int fd = open_or_die(path, O_WRONLY | O_CREAT), ends[2];
	struct uring uring = {};

	(void)source;
	if (pipe(ends) < 0 || write(ends[1], data, 7000) != 7000)
		error(1, errno, "pipe");
	if (!uring_open(&uring)) {
		result->skipped = "io_uring is not allowed";
		return;
	}
	*uring.sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_SPLICE,
		.fd = fd,
		.off = (__u64)-1,
		.splice_fd_in = ends[0],
		.splice_off_in = (__u64)-1,
		.len = 7000,
	};
	result->always_result = true;
	count(result, 7000, uring_run(&uring), "io_uring splice");
	(void)close(fd);
}

const struct way async_ways[] = {
	{ "aio", way_aio },
	{ "aio-direct", way_aio_direct },
	{ "uring", way_uring },
	{ "uring-worker", way_uring_worker },
	{ "uring-splice", way_uring_splice },
	{},
};
