/* SPDX-License-Identifier: BSD-2-Clause */
/* Drift, from tables of mounts as the kernel writes them. */
#include "store/drift.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define ROOT "20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define OURS(flags, super) \
	"30 20 0:40 / /srv/mnt " flags " shared:2 - overlay mica " super ",lowerdir+=/l,upperdir=/u,workdir=/w\n"
#define OTHER "31 20 0:41 / /srv/mnt rw shared:3 - tmpfs foreign rw\n"

static struct mica_drift_found find(const char *table, struct mica_kept *kept, struct mica_mounts **ret_mounts)
{
	static char *lowers[] = { (char *)"/l", NULL };
	char path[] = "/tmp/mica-drift-XXXXXX";
	struct mica_drift_found found = {};
	int fd = mkstemp(path);
	FILE *out = fdopen(fd, "w");

	(void)fputs(table, out);
	(void)fclose(out);
	if (!kept->plan.lowers) {
		kept->plan.lowers = lowers;
		kept->plan.lower_count = 1;
	}
	cr_assert_eq(mica_mounts_new(path, ret_mounts), 0);
	(void)unlink(path);
	cr_assert_eq(mica_drift_find(kept, *ret_mounts, &found), 0);
	return found;
}

static enum mica_drift drift_of(const char *table, bool readonly)
{
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	struct mica_kept kept = { .kind = MICA_KEPT_UNION, .target = (char *)"/srv/mnt" };

	kept.plan.upper = (char *)"/u";
	kept.plan.work = (char *)"/w";
	kept.plan.readonly = readonly;
	return find(table, &kept, &mounts).drift;
}

Test(drift, kinds)
{
	cr_assert_eq(drift_of(ROOT OURS("rw,relatime", "rw"), false), MICA_DRIFT_NONE);
	cr_assert_eq(drift_of(ROOT, false), MICA_DRIFT_UNMOUNTED);
	cr_assert_eq(drift_of(ROOT OURS("ro,relatime", "rw"), false), MICA_DRIFT_REMOUNTED);
	cr_assert_eq(drift_of(ROOT OURS("rw,noexec,relatime", "rw"), false), MICA_DRIFT_REMOUNTED);
	cr_assert_eq(drift_of(ROOT OURS("rw,relatime", "ro"), false), MICA_DRIFT_REMOUNTED);
	cr_assert_eq(drift_of(ROOT OURS("ro,relatime", "rw"), true), MICA_DRIFT_NONE);
	cr_assert_eq(drift_of(ROOT OURS("rw,relatime", "rw"), true), MICA_DRIFT_REMOUNTED);
	cr_assert_eq(drift_of(ROOT OTHER, false), MICA_DRIFT_FOREIGN);
	cr_assert_eq(drift_of(ROOT OURS("rw", "rw") "32 30 0:41 / /srv/mnt rw - tmpfs foreign rw\n", false),
		     MICA_DRIFT_COVERED);
	/* Over a directory above it. */
	cr_assert_eq(drift_of(ROOT OURS("rw", "rw") "33 20 0:42 / /srv rw - tmpfs foreign rw\n", false),
		     MICA_DRIFT_COVERED);
	/* Another union. */
	cr_assert_eq(drift_of(ROOT "30 20 0:40 / /srv/mnt rw - overlay x rw,lowerdir+=/l,upperdir=/x,workdir=/w\n",
			      false),
		     MICA_DRIFT_FOREIGN);
	/* A directory of ours, bound there. */
	cr_assert_eq(drift_of(ROOT
			      "30 20 0:40 /sub /srv/mnt rw - overlay mica rw,lowerdir+=/l,upperdir=/u,workdir=/w\n",
			      false),
		     MICA_DRIFT_FOREIGN);
}

Test(drift, lies_over)
{
	static const char table[] =
		ROOT OTHER "34 31 0:40 / /srv/mnt rw - overlay mica rw,lowerdir+=/l,upperdir=/u,workdir=/w\n";
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	struct mica_kept kept = { .kind = MICA_KEPT_UNION, .target = (char *)"/srv/mnt" };

	kept.plan.upper = (char *)"/u";
	kept.plan.work = (char *)"/w";
	cr_assert_eq(find(table, &kept, &mounts).drift, MICA_DRIFT_NONE);
	cr_assert(mica_drift_lies_over(&kept, mounts));
	cr_assert(mica_mounts_has(mounts, "/srv/mnt"));
	cr_assert_not(mica_mounts_has(mounts, "/srv"));
}
