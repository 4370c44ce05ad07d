/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
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

/* Without a mount, so that nothing can be looked up. */
static struct mica_cgroups told = { .mount_fd = -EBADF };

static void add(uint64_t id, uint64_t parent, const char *path)
{
	/* Of that size, so that ASan sees any read behind it. */
	size_t size = strlen(path);
	char *copy = malloc(size ? size : 1);

	cr_assert_not_null(copy);
	memcpy(copy, path, size);
	cr_assert_eq(mica_cgroups_add(&told, id, parent, (struct mica_bytes){ .data = copy, .size = size }), 0);
	free(copy);
}

Test(cgroup, what_was_told_is_known)
{
	cr_assert_null(mica_cgroups_path(&told, 5));
	add(5, 1, "/machine.slice/libpod-5.scope");
	cr_assert_str_eq(mica_cgroups_path(&told, 5), "/machine.slice/libpod-5.scope");
	/* An id has one path for ever. */
	add(5, 1, "/other");
	cr_assert_str_eq(mica_cgroups_path(&told, 5), "/machine.slice/libpod-5.scope");
	add(0, 1, "/zero");
	add(6, 1, "");
	add(7, 1, "relative");
	cr_assert_eq(told.paths.count, 1u);
	mica_cgroups_free(&told);
}

Test(cgroup, in_a_namespace_paths_begin_at_its_root)
{
	add(20, 1, "/");
	add(21, 20, "/pod");
	told.partial = true;
	add(22, 21, "/kubepods/pod/web");
	add(23, 20, "/kubepods/db");
	add(24, 22, "/kubepods/pod/web/init");
	/* Neither is there a parent to be found. */
	add(25, 99, "/kubepods/elsewhere");
	cr_assert_str_eq(mica_cgroups_path(&told, 22), "/pod/web");
	cr_assert_str_eq(mica_cgroups_path(&told, 23), "/db");
	cr_assert_str_eq(mica_cgroups_path(&told, 24), "/pod/web/init");
	cr_assert_null(mica_cgroups_path(&told, 25));
	mica_cgroups_free(&told);
}

Test(cgroup, what_is_used_outlives_any_number_of_others)
{
	char path[64];

	add(1, 0, "/busy");
	add(2, 0, "/idle");
	for (uint64_t id = 1000; id < 1000 + 5 * MICA_CGROUPS_LIMIT; id++) {
		(void)snprintf(path, sizeof(path), "/flood-%llu", (unsigned long long)id);
		add(id, 0, path);
		cr_assert_leq(told.paths.count, (size_t)MICA_CGROUPS_LIMIT);
		cr_assert_str_eq(mica_cgroups_path(&told, 1), "/busy");
		/* Nor is the newest dropped to make room. */
		if (id % 64 == 0)
			cr_assert_str_eq(mica_cgroups_path(&told, id), path);
	}
	cr_assert_null(mica_cgroups_path(&told, 2));
	cr_assert_eq(told.paths.count, (size_t)MICA_CGROUPS_LIMIT);
	for (size_t i = 0; i < MICA_CGROUPS_LIMIT; i++)
		cr_assert_not_null(mica_table_get(&told.paths, told.ids[i]), "%zu", i);
	mica_cgroups_free(&told);
}
