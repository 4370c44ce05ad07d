/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"

static void make_file(char *path, size_t size)
{
	_cleanup_close_ int fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	for (size_t i = 0; i < size; i++)
		cr_assert_eq(write(fd, "x", 1), 1);
}

Test(base_file, reads_a_file_of_unknown_size)
{
	_cleanup_free_ char *content = NULL;
	size_t size = 0;

	cr_assert_eq(mica_file_read("/proc/self/status", SIZE_MAX, &content, &size), 0);
	cr_assert_gt(size, 0u);
	cr_assert_eq(strlen(content), size);
}

Test(base_file, keeps_the_limit)
{
	char path[] = "/tmp/mica-unit-file-XXXXXX";
	_cleanup_free_ char *content = NULL;
	size_t size = 99;

	make_file(path, 5000);
	cr_assert_eq(mica_file_read(path, 4999, &content, &size), -EFBIG);
	cr_assert_null(content);
	cr_assert_eq(size, 99u);
	cr_assert_eq(mica_file_read(path, 5000, &content, NULL), 0);
	cr_assert_eq(strlen(content), 5000u);
	cr_assert_eq(unlink(path), 0);
}

Test(base_file, empty_is_an_empty_string)
{
	_cleanup_free_ char *content = NULL;
	size_t size = 99;

	cr_assert_eq(mica_file_read("/dev/null", 0, &content, &size), 0);
	cr_assert_str_eq(content, "");
	cr_assert_eq(size, 0u);
}

Test(base_file, reports_errno)
{
	_cleanup_free_ char *content = NULL;

	cr_assert_eq(mica_file_read("/nonexistent/x", 10, &content, NULL), -ENOENT);
	cr_assert_eq(mica_file_read("/", 10, &content, NULL), -EISDIR);
	cr_assert_null(content);
}
