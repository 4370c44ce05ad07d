/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "container/mountinfo.h"
#include "fixture.h"

static const char mounts[] = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
			     "2 1 8:2 / /home rw - ext4 /dev/sda2 rw\n"
			     "this is no mount\n"
			     "3 1 8:1 /srv/data /mnt/a\\040b rw - ext4 /dev/sda1 rw\n"
			     "4 1 8:3 / /var rw - ext4 /dev/sda3 rw\n"
			     "5 4 8:4 / /var/lib rw - ext4 /dev/sda4 rw\n"
			     "6 4 0:30 / /var rw - tmpfs tmpfs rw\n"
			     "7 1 8:5 /@root /sub rw - btrfs /dev/sda5 rw\n"
			     "8 1 8:5 / /top rw - btrfs /dev/sda5 rw\n";

static struct mica_mountinfo *parse(const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct mica_mountinfo *mountinfo = NULL;

	cr_assert_eq(mica_mountinfo_new_stream(in, &mountinfo), 0);
	fclose(in);
	return mountinfo;
}

static const char *host_path(struct mica_mountinfo *mountinfo, uint32_t device, const char *path)
{
	static char buffer[MICA_HOST_PATH_BYTES];

	return mica_mountinfo_host_path(mountinfo, device, bytes(path), buffer, sizeof(buffer)) == 0 ? buffer : NULL;
}

Test(mountinfo, host_path)
{
	struct mica_mountinfo *m = parse(mounts);

	cr_assert_str_eq(host_path(m, DEVICE(8, 1), "/etc/passwd"), "/etc/passwd");
	cr_assert_str_eq(host_path(m, DEVICE(8, 1), "/"), "/");
	cr_assert_str_eq(host_path(m, DEVICE(8, 2), "/"), "/home");
	cr_assert_str_eq(host_path(m, DEVICE(8, 2), "/me/x"), "/home/me/x");
	/* The first place, not the bind mount. */
	cr_assert_str_eq(host_path(m, DEVICE(8, 1), "/srv/data/x"), "/srv/data/x");
	/* A subvolume's root is cut off; what is outside of it is seen elsewhere. */
	cr_assert_str_eq(host_path(m, DEVICE(8, 5), "/@root/x"), "/sub/x");
	cr_assert_str_eq(host_path(m, DEVICE(8, 5), "/@rooted/x"), "/top/@rooted/x");
	cr_assert_null(host_path(m, DEVICE(9, 9), "/x"));
	mica_mountinfo_free(&m);
	cr_assert_null(m);
}

Test(mountinfo, covered)
{
	struct mica_mountinfo *m = parse(mounts);

	/* Hidden by the mount on /home; by the tmpfs over /var; by that, the mount below. */
	cr_assert_null(host_path(m, DEVICE(8, 1), "/home/x"));
	cr_assert_null(host_path(m, DEVICE(8, 3), "/x"));
	cr_assert_null(host_path(m, DEVICE(8, 4), "/x"));
	cr_assert_str_eq(host_path(m, DEVICE(0, 30), "/x"), "/var/x");
	mica_mountinfo_free(&m);
}

static void assert_located(const struct mica_mountinfo *m, const char *path, uint32_t device, const char *fs_path)
{
	uint32_t found = 0;
	char *found_path = NULL;

	cr_assert_eq(mica_mountinfo_locate(m, path, &found, &found_path), 0);
	cr_assert_eq(found, device);
	cr_assert_str_eq(found_path, fs_path);
	free(found_path);
}

Test(mountinfo, locate)
{
	struct mica_mountinfo *m = parse(mounts);

	assert_located(m, "/", DEVICE(8, 1), "/");
	assert_located(m, "/home", DEVICE(8, 2), "/");
	assert_located(m, "/homely", DEVICE(8, 1), "/homely");
	assert_located(m, "/mnt/a b/c", DEVICE(8, 1), "/srv/data/c");
	assert_located(m, "/var/lib/x", DEVICE(0, 30), "/lib/x");
	assert_located(m, "/sub/y", DEVICE(8, 5), "/@root/y");
	mica_mountinfo_free(&m);
}

Test(mountinfo, type)
{
	struct mica_mountinfo *m = parse(mounts);

	cr_assert_str_eq(mica_mountinfo_type(m, "/"), "ext4");
	cr_assert_str_eq(mica_mountinfo_type(m, "/var/lib/none"), "tmpfs");
	cr_assert_str_eq(mica_mountinfo_type(m, "/sub"), "btrfs");
	mica_mountinfo_free(&m);
}

Test(mountinfo, contradictory)
{
	/* Mounts that are each other's parents, and no root. */
	struct mica_mountinfo *m = parse("1 2 8:1 / /a rw - ext4 a rw\n2 1 8:2 / /a rw - ext4 b rw\n");
	uint32_t device;
	char *path;

	cr_assert_eq(mica_mountinfo_locate(m, "/a/b", &device, &path), -ENOENT);
	cr_assert_null(host_path(m, DEVICE(8, 1), "/x"));
	cr_assert_null(mica_mountinfo_type(m, "/a"));
	mica_mountinfo_free(&m);
}

Test(mountinfo, too_long)
{
	struct mica_mountinfo *m = parse(mounts);
	char buffer[11];

	cr_assert_eq(mica_mountinfo_host_path(m, DEVICE(8, 2), bytes("/123456"), buffer, sizeof(buffer)),
		     -ENAMETOOLONG);
	cr_assert_eq(mica_mountinfo_host_path(m, DEVICE(8, 2), bytes("/123"), buffer, sizeof(buffer)), 0);
	cr_assert_str_eq(buffer, "/home/123");
	mica_mountinfo_free(&m);
}

Test(mountinfo, refresh_sees_a_change)
{
	char path[] = "/tmp/mica-mountinfo-XXXXXX";
	int fd = mkstemp(path);
	struct mica_mountinfo *m = NULL;

	cr_assert_gt(dprintf(fd, "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"), 0);
	cr_assert_eq(mica_mountinfo_new(path, &m), 0);
	cr_assert_eq(mica_mountinfo_refresh(m), 0);
	cr_assert_not(mica_mountinfo_has_device(m, DEVICE(8, 2)));
	cr_assert_gt(dprintf(fd, "2 1 8:2 / /home rw - ext4 /dev/sda2 rw\n"), 0);
	cr_assert_eq(mica_mountinfo_refresh(m), 1);
	cr_assert(mica_mountinfo_has_device(m, DEVICE(8, 2)));
	cr_assert_eq(mica_mountinfo_refresh(m), 0);
	mica_mountinfo_free(&m);
	close(fd);
	unlink(path);
}

Test(mountinfo, refresh_is_told_by_the_kernel)
{
	char path[] = "/tmp/mica-mountinfo-XXXXXX", *fs_path = NULL;
	struct mica_mountinfo *m = NULL;
	uint32_t device = 0;
	struct stat st;

	cr_assert_not_null(mkdtemp(path));
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		rmdir(path);
		cr_skip("no permission to mount");
	}
	cr_assert_eq(mica_mountinfo_new("/proc/thread-self/mountinfo", &m), 0);
	cr_assert_eq(mica_mountinfo_refresh(m), 0);
	cr_assert_eq(mount("tmpfs", path, "tmpfs", 0, NULL), 0);
	cr_assert_eq(mica_mountinfo_refresh(m), 1);
	cr_assert_eq(mica_mountinfo_refresh(m), 0);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(mica_mountinfo_locate(m, path, &device, &fs_path), 0);
	cr_assert_eq(device, DEVICE(major(st.st_dev), minor(st.st_dev)));
	cr_assert_str_eq(fs_path, "/");
	cr_assert_str_eq(host_path(m, device, "/x"), strcat(strcpy((char[64]){}, path), "/x"));
	free(fs_path);
	mica_mountinfo_free(&m);
	umount(path);
	rmdir(path);
}

Test(mountinfo, absent)
{
	struct mica_mountinfo *m = NULL;

	cr_assert_eq(mica_mountinfo_new("/nonexistent/mountinfo", &m), -ENOENT);
	cr_assert_null(m);
}

Test(mountinfo, path_below)
{
	cr_assert_null(mica_path_below(bytes("/ab"), "/a").data);
	cr_assert_eq(mica_path_below(bytes("/a"), "/a").size, 0);
	cr_assert_not_null(mica_path_below(bytes("/a"), "/a").data);
	cr_assert_str_eq(mica_path_below(bytes("/a/b"), "/a").data, "/b");
	cr_assert_str_eq(mica_path_below(bytes("/a/b"), "/").data, "/a/b");
	cr_assert_null(mica_path_below(bytes("/"), "/a").data);
}
