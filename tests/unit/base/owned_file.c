/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/owned_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

/** A directory with a file `policy` in it. */
static void make(char *directory, char *file)
{
	_cleanup_close_ int fd = -EBADF;

	strcpy(directory, "/tmp/mica-owned-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	(void)sprintf(file, "%s/policy", directory);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "text", 4), 4);
}

static int look(const char *path, char *why)
{
	_cleanup_close_ int fd = mica_owned_file_open(path, why);

	return fd < 0 ? fd : 0;
}

Test(base_owned_file, who_can_write_it_is_looked_at)
{
	char directory[64], file[80], why[MICA_OWNED_FILE_WHY_BYTES] = "";

	make(directory, file);
	cr_assert_eq(look(file, why), 0);
	cr_assert_str_empty(why);
	cr_assert_eq(chmod(file, 0602), 0);
	cr_assert_eq(look(file, why), -EPERM);
	cr_assert_not_null(strstr(why, "writable by others"), "%s", why);
	*why = '\0';
	cr_assert_eq(chmod(file, 0660), 0);
	cr_assert_eq(look(file, why), 0, "the caller's group is no other: %s", why);
	/* As another user this test cannot give it to a group. */
	if (chown(file, (uid_t)-1, 12345) == 0) {
		cr_assert_eq(look(file, why), -EPERM);
		cr_assert_not_null(strstr(why, "writable by others"), "%s", why);
		cr_assert_eq(chown(file, (uid_t)-1, 0), 0);
	}
	cr_assert_eq(chmod(file, 0600), 0);
	cr_assert_eq(look(file, why), 0);
	cr_assert_eq(look("/nonexistent/x", why), -ENOENT);
}

Test(base_owned_file, whose_it_is_is_looked_at)
{
	char directory[64], file[80], why[MICA_OWNED_FILE_WHY_BYTES] = "";

	make(directory, file);
	/* As another user this test cannot give it away. */
	if (chown(file, 12345, 0) < 0)
		return;
	cr_assert_eq(look(file, why), -EPERM);
	cr_assert_not_null(strstr(why, "12345"), "%s", why);
}

Test(base_owned_file, so_are_its_directories)
{
	char directory[64], file[80], link[80], why[MICA_OWNED_FILE_WHY_BYTES] = "";

	make(directory, file);
	cr_assert_eq(chmod(directory, 0777), 0);
	cr_assert_eq(look(file, why), -EPERM);
	cr_assert_not_null(strstr(why, directory), "%s", why);
	cr_assert_eq(chmod(directory, 01777), 0);
	cr_assert_eq(look(file, why), 0, "nobody else can rename in a sticky directory");
	/* By a link elsewhere, and by a path from where we are. */
	(void)sprintf(link, "%s-link", directory);
	cr_assert_eq(symlink(file, link), 0);
	cr_assert_eq(look(link, why), 0);
	cr_assert_eq(chmod(directory, 0777), 0);
	cr_assert_eq(look(link, why), -EPERM);
	cr_assert_eq(chdir(directory), 0);
	cr_assert_eq(look("policy", why), -EPERM);
	cr_assert_eq(chmod(directory, 0755), 0);
	cr_assert_eq(look("./policy", why), 0);
}
