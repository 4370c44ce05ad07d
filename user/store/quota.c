// SPDX-License-Identifier: BSD-2-Clause
#include "store/quota.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than Debian 12's header. */
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#define BLOCK_BYTES 1024

static int limit(int directory_fd, uint32_t project, uint64_t bytes)
{
	struct if_dqblk block = {
		.dqb_bhardlimit = (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES,
		.dqb_bsoftlimit = (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES,
		.dqb_valid = QIF_BLIMITS,
	};

	return syscall(SYS_quotactl_fd, directory_fd, QCMD(Q_SETQUOTA, PRJQUOTA), project, &block) < 0 ? -errno : 0;
}

static int set_project(int directory_fd, uint32_t project)
{
	struct fsxattr attributes;

	if (ioctl(directory_fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -errno;
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return ioctl(directory_fd, FS_IOC_FSSETXATTR, &attributes) < 0 ? -errno : 0;
}

int mica_quota_set(int directory_fd, uint32_t project, uint64_t bytes, char *reason, size_t reason_size)
{
	int r = limit(directory_fd, project, bytes);

	if (r == 0)
		r = set_project(directory_fd, project);
	switch (r) {
	case 0:
		return 0;
	case -ESRCH:
	case -ENOTTY:
	case -ENOSYS:
	case -EINVAL:
	case -EOPNOTSUPP:
	case -ENOTBLK:
		(void)snprintf(
			reason, reason_size,
			"size= needs project quotas in the store's file system, and it has none (%s): ext4 made with "
			"`-O quota,project`, or XFS, each mounted with -o prjquota",
			strerror(-r));
		return -EOPNOTSUPP;
	default:
		(void)snprintf(reason, reason_size, "cannot limit its size: %s", strerror(-r));
		return r;
	}
}

void mica_quota_clear(int directory_fd, uint32_t project)
{
	(void)limit(directory_fd, project, 0);
}
