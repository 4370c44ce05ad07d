/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/cleanup.h"

#include <criterion/criterion.h>
#include <fcntl.h>

Test(base_cleanup, closes_at_the_end_of_the_scope)
{
	int kept;
	{
		_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_fclose_ FILE *file = fopen("/dev/null", "re");
		_cleanup_closedir_ DIR *directory = opendir("/");
		_cleanup_free_ char *text = strdup("x");
		cr_assert(fd >= 0 && file && directory && text);
		kept = fd;
	}
	cr_assert_eq(fcntl(kept, F_GETFD), -1);
	cr_assert_eq(errno, EBADF);
}

Test(base_cleanup, none_is_not_touched)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_fclose_ FILE *file = NULL;
	_cleanup_closedir_ DIR *directory = NULL;
	_cleanup_free_ char *text = NULL;

	cr_assert(fd < 0 && !file && !directory && !text);
}

Test(base_cleanup, take_leaves_nothing_behind)
{
	_cleanup_free_ char *text = strdup("x");
	_cleanup_free_ char *taken = TAKE_PTR(text);
	int fd = 7;

	cr_assert_null(text);
	cr_assert_str_eq(taken, "x");
	cr_assert_eq(TAKE_FD(fd), 7);
	cr_assert_eq(fd, -EBADF);
}
