/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdlib.h>

static void redirect(void)
{
	cr_redirect_stderr();
}

Test(base_log, one_format, .init = redirect)
{
	errno = EAGAIN;
	mica_log_error("no %s", "way");
	cr_assert_eq(mica_log_error_errno(ENOSPC, "cannot write"), -ENOSPC);
	cr_assert_eq(mica_log_debug_errno(-EIO, "hidden"), -EIO);
	mica_log_debug("hidden");
	cr_assert_eq(errno, EAGAIN);
	(void)fflush(stderr);
	cr_assert_stderr_eq_str("mica: no way\nmica: cannot write: No space left on device\n");
}

Test(base_log, a_name_cannot_forge_a_line, .init = redirect)
{
	mica_log_warning("container '%s'", "x\nmica: all is well\033[2J");
	(void)fflush(stderr);
	cr_assert_stderr_eq_str("mica: container 'x\\nmica: all is well\\e[2J'\n");
}

Test(base_log, level_from_the_environment, .init = redirect)
{
	cr_assert_not(mica_log_shows(MICA_LOG_DEBUG));
	cr_assert_eq(setenv("MICA_DEBUG", "0", 1), 0);
	mica_log_set_level_from_environment();
	cr_assert_not(mica_log_shows(MICA_LOG_DEBUG));
	cr_assert_eq(setenv("MICA_DEBUG", "1", 1), 0);
	mica_log_set_level_from_environment();
	cr_assert(mica_log_shows(MICA_LOG_DEBUG));
	mica_log_set_level(MICA_LOG_ERROR);
	cr_assert_not(mica_log_shows(MICA_LOG_WARNING));
	(void)fputs("", stderr);
}
