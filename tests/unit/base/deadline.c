/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/deadline.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int work(size_t index, void *userdata)
{
	switch (index) {
	case 1:
		for (;;)
			(void)pause();
	case 2:
		return -ENOENT;
	case 3:
		(void)raise(SIGKILL);
	}
	return *(const int *)userdata;
}

Test(deadline, each_ends)
{
	int value = 7, results[4] = {};

	cr_assert_eq(mica_deadline_run_all(work, &value, 4, 500, results), 0);
	cr_assert_eq(results[0], 7);
	cr_assert_eq(results[1], -ETIMEDOUT);
	cr_assert_eq(results[2], -ENOENT);
	cr_assert_eq(results[3], -EIO);
	cr_assert_eq(mica_deadline_run_all(work, &value, 0, 500, results), 0);
}

Test(deadline, one)
{
	int value = 3;

	cr_assert_eq(mica_deadline_run(work, &value, 10000), 3);
}

/* A child that never ends must keep nobody waiting who reads what the caller writes, nor a lock of the caller's. */
static int look_at_descriptors(size_t index, void *userdata)
{
	char target[32] = "";

	if (readlink(index ? "/proc/self/fd/2" : "/proc/self/fd/1", target, sizeof(target) - 1) < 0 ||
	    strcmp(target, "/dev/null") != 0)
		return -EPIPE;
	return fcntl(*(const int *)userdata, F_GETFD) < 0 ? 0 : 1;
}

Test(deadline, nothing_of_the_callers)
{
	int fd = open("/", O_RDONLY), results[2] = { -1, -1 };

	cr_assert_gt(fd, STDERR_FILENO);
	cr_assert_eq(mica_deadline_run_all(look_at_descriptors, &fd, 2, 10000, results), 0);
	cr_assert_eq(results[0], 0);
	cr_assert_eq(results[1], 0);
	cr_assert_eq(mica_deadline_run(look_at_descriptors, &fd, 10000), 1);
	(void)close(fd);
}
