// SPDX-License-Identifier: BSD-2-Clause
#include "policy/source.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char file[] = "/tmp/mica-unit-policy-XXXXXX";

static void setup(void)
{
	int fd = mkstemp(file);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "kind: Policy\n", 13), 13);
	(void)close(fd);
}

static void teardown(void)
{
	(void)unlink(file);
}

TestSuite(policy_source, .init = setup, .fini = teardown);

static int read_it(mode_t mode, char *said, size_t size)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_sources_ struct mica_policy_sources sources = {};
	const char *files[] = { file };
	int r;

	cr_assert_eq(chmod(file, mode), 0);
	r = mica_policy_sources_read(files, 1, &sources, &messages);
	cr_expect_eq(sources.count, r == 0);
	(void)strncpy(said, r ? mica_policy_messages_text(&messages) : "", size - 1);
	return r;
}

Test(policy_source, what_only_the_caller_can_write_is_read)
{
	char said[256] = "";

	cr_expect_eq(read_it(0644, said, sizeof(said)), 0, "%s", said);
	cr_expect_eq(read_it(0600, said, sizeof(said)), 0, "%s", said);
	/* The caller's own group is the caller. */
	cr_expect_eq(read_it(0664, said, sizeof(said)), 0, "%s", said);
}

Test(policy_source, what_others_can_write_is_refused)
{
	char said[256] = "";

	cr_expect_eq(read_it(0646, said, sizeof(said)), -EINVAL);
	cr_expect(strstr(said, "can be written by others (mode 0646)"), "%s", said);
}

Test(policy_source, what_belongs_to_another_user_is_refused)
{
	char said[256] = "";

	if (geteuid())
		cr_skip_test("only root can give a file away");
	cr_assert_eq(chown(file, 1234, 0), 0);
	cr_expect_eq(read_it(0644, said, sizeof(said)), -EINVAL);
	cr_expect(strstr(said, "belongs to user 1234"), "%s", said);
}
