/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/cgroup.h"
#include "fixture.h"

static int find_cgroup2(const struct mica_mount_entry *mount, void *userdata)
{
	if (strcmp(mount->type, "cgroup2") != 0)
		return 0;
	*(char **)userdata = strdup(mount->target);
	return 1;
}

Test(cgroup, real_ones)
{
	struct mica_mountinfo *mounts = NULL;
	struct mica_cgroups cgroups;
	struct mica_host host;
	char *root = NULL, path[256];
	struct stat st;

	cr_assert_eq(mica_host_init(&host, NULL), 0);
	cr_assert_eq(mica_mountinfo_new("/proc/self/mountinfo", &mounts), 0);
	cr_assert_eq(mica_cgroups_init(&cgroups, &host, mounts), 0);
	if (mica_mountinfo_each(mounts, find_cgroup2, &root) != 1 || stat(root, &st) < 0)
		cr_skip("no cgroup v2 here");
	if (!mica_cgroups_path(&cgroups, st.st_ino))
		cr_skip("no permission for open_by_handle_at");
	cr_assert_str_eq(mica_cgroups_path(&cgroups, st.st_ino), "/");
	cr_assert_null(mica_cgroups_path(&cgroups, 0));
	cr_assert_null(mica_cgroups_path(&cgroups, 0xfffffff0));

	(void)snprintf(path, sizeof(path), "%s/mica-test-%d", root, (int)getpid());
	if (mkdir(path, 0755) == 0) {
		cr_assert_eq(stat(path, &st), 0);
		cr_assert_str_eq(mica_cgroups_path(&cgroups, st.st_ino), path + strlen(root));
		rmdir(path);
		/* The cache outlives it. */
		cr_assert_str_eq(mica_cgroups_path(&cgroups, st.st_ino), path + strlen(root));
	}
	free(root);
	mica_cgroups_free(&cgroups);
	mica_mountinfo_free(&mounts);
	mica_host_free(&host);
}
