// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does many things to bare overlays, each as one system call of a task that it knows, and writes down what was so: the
 * call and its task, what the union and all trees below it looked like before and after. mica has no part in it.
 *
 *	overlay-driver TMPFS-DIR EXT4-DIR TRUTH    says "ready" on stdout when the layers stand, then waits for a line
 *on stdin
 *
 * A line of TRUTH is {"union":…} for a union with its layers' trees, {"host":…} for the mounts at the start, {"call":…}
 * for a system call, {"end":true} at last.
 *
 * snapshot.h says what is there, union.h and layers.h what it is about, call.h, actor.h and operation.h how something
 * is done, scenarios.h what is done, truth.h how it is written down.
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layers.h"
#include "operation.h"
#include "scenarios.h"
#include "truth.h"

#define BASES 2

/** The unions on one of the base directories. */
struct unions {
	const char *base;
	/** The same but for the dentry cache. */
	struct union_fs *plain, *cold;
	struct union_fs *five, *rich, *small, *read_only, *fresh;
};

static struct union_fs *new_plain(const char *base, const char *name)
{
	struct union_fs *u = new_union(base, base, name, 3, "redirect_dir=off,metacopy=off,index=off");

	set_up_files(u);
	set_up_names(u);
	set_up_race(u);
	return u;
}

static struct union_fs *new_small(const char *base)
{
	char *upper = format("%s/small-upper", base);
	struct union_fs *u;

	make_directory(upper);
	if (mount("small", upper, "tmpfs", 0, "size=1m") < 0)
		die(upper);
	u = new_union(base, upper, "small", 1, "");
	set_up_small(u);
	return u;
}

static struct union_fs *new_of_one_file(const char *base, const char *name)
{
	struct union_fs *u = new_union(base, base, name, 1, "");

	lower_file(u, 1, "/file", 10);
	return u;
}

static struct unions new_unions(const char *base)
{
	struct unions on = { .base = base };

	on.plain = new_plain(base, "plain");
	on.cold = new_plain(base, "cold");
	on.five = new_union(base, base, "five", 5, "redirect_dir=off,metacopy=off,index=off");
	set_up_five(on.five);
	on.rich = new_union(base, base, "rich", 2, "redirect_dir=on,metacopy=on,index=on");
	set_up_rich(on.rich);
	on.read_only = new_union(base, NULL, "read-only", 2, "");
	set_up_read_only(on.read_only);
	on.fresh = new_of_one_file(base, "fresh");
	on.small = new_small(base);
	set_up_mounts(base);
	return on;
}

static void put_unions(const struct unions *on)
{
	struct union_fs *all[] = { on->plain, on->cold, on->five, on->rich, on->read_only, on->fresh, on->small };

	for (size_t i = 0; i < COUNT(all); i++)
		put_union(all[i]);
}

/** Unions that are older than the trace. */
static void mount_older(const struct unions *on)
{
	if (mount("older", on->plain->point, "overlay", 0, on->plain->options) < 0 ||
	    mount("older", on->cold->point, "overlay", 0, on->cold->options) < 0)
		die("mount");
}

static void put_host(void)
{
	fprintf(truth, "{\"host\":%lu", inode_of("/proc/self/ns/mnt"));
	put_lines("mounted", read_mounts(SELF), "");
	fprintf(truth, "}\n");
}

static void wait_for_start(void)
{
	char line[16];

	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		die("no start");
}

static void mount_unions(const struct unions *on)
{
	mount_union(SELF, on->five);
	mount_union(SELF, on->rich);
	mount_union(SELF, on->small);
	mount_union(SELF, on->read_only);
}

static void do_plain(struct union_fs *u, bool cold)
{
	do_files(u, cold);
	do_race(u);
	do_names(u, cold);
}

static void do_unions(const struct unions *on, bool cold)
{
	do_plain(on->plain, false);
	do_plain(on->cold, true);
	do_five(on->five, cold);
	do_rich(on->rich, cold);
	do_small(on->small);
	do_read_only(on->read_only);
}

static void unmount_unions(const struct unions *on)
{
	enum who who = SELF;

	ON_MOUNTS("umount", on->five->point, .flags = 0);
	ON_MOUNTS("umount", on->rich->point, .flags = 0);
	ON_MOUNTS("umount", on->plain->point, .flags = 0);
	ON_MOUNTS("umount", on->read_only->point, .flags = 0);
}

static void do_all(const struct unions on[BASES], struct union_fs *last)
{
	for (int i = 0; i < BASES; i++)
		mount_unions(&on[i]);
	do_host_mounts(on[0].base, on[0].plain);
	start_actors();
	leave_host_namespace();
	for (int i = 0; i < BASES; i++)
		do_unions(&on[i], i == 1);
	for (int i = 0; i < BASES; i++)
		do_mounts(on[i].base, on[i].plain, on[i].fresh);
	end_namespaces(last);
	for (int i = 0; i < BASES; i++)
		unmount_unions(&on[i]);
}

int main(int argc, char **argv)
{
	struct unions on[BASES];
	struct union_fs *last;

	if (argc != BASES + 2)
		return 2;
	prctl(PR_SET_NAME, "overlay-driver");
	umask(0);
	open_truth(argv[BASES + 1]);
	for (int i = 0; i < BASES; i++)
		on[i] = new_unions(argv[i + 1]);
	last = new_of_one_file(argv[1], "last");
	for (int i = 0; i < BASES; i++) {
		put_unions(&on[i]);
		mount_older(&on[i]);
	}
	put_union(last);
	put_host();
	wait_for_start();
	do_all(on, last);
	fprintf(truth, "{\"end\":true,\"driver\":%d,\"user\":%d}\n", getpid(), pid_of(OTHER_USER));
	fclose(truth);
	return 0;
}
