/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/deadline.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
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
