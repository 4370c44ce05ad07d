// SPDX-License-Identifier: BSD-2-Clause
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call_kinds.h"

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t) /* include/uapi/linux/nsfs.h, since 6.11 */
#endif

/** 0: the kernel has none. */
static unsigned long namespace_id(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t id = 0;

	if (fd < 0 || ioctl(fd, NS_GET_MNTNS_ID, &id) < 0)
		id = 0;
	close(fd);
	return id;
}

static const struct call_kind *kind_of(const struct call *call)
{
	const struct call_kind *const families[] = { file_calls, name_calls, mount_calls };

	for (size_t i = 0; i < COUNT(families); i++)
		for (const struct call_kind *kind = families[i]; kind->name; kind++)
			if (strcmp(kind->name, call->name) == 0)
				return kind;
	errno = ENOSYS;
	die(call->name);
	return NULL;
}

static void note_task(struct call *call)
{
	call->pid = getpid();
	call->tid = syscall(SYS_gettid);
	call->uid = getuid();
	prctl(PR_GET_NAME, call->comm);
	call->mnt_ns = inode_of("/proc/thread-self/ns/mnt");
	call->mnt_ns_id = namespace_id("/proc/thread-self/ns/mnt");
}

void run_call(struct call *call)
{
	const struct call_kind *kind = kind_of(call);
	int64_t start;

	call->fd = kind->prepare ? kind->prepare(call) : -1;
	note_task(call);
	call->start = now(CLOCK_REALTIME);
	start = now(CLOCK_MONOTONIC);
	call->result = kind->run(call);
	call->error = call->result < 0 ? errno : 0;
	call->duration = now(CLOCK_MONOTONIC) - start;
	call->end = now(CLOCK_REALTIME);
	if (call->fd >= 0)
		close(call->fd);
	if (kind->finish && call->result >= 0)
		kind->finish(call);
}
