// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "operation.h"
#include "scenarios.h"

/** Where do_mounts() mounts: a file system of its own, and in it two directories and a file. */
struct places {
	const char *top, *one, *two, *file;
};

static struct places places_on(const char *base)
{
	return (struct places){
		.top = format("%s/mnt", base),
		.one = format("%s/mnt/x", base),
		.two = format("%s/mnt/y z", base),
		.file = format("%s/mnt/f", base),
	};
}

void set_up_mounts(const char *base)
{
	make_directory(places_on(base).top);
}

static void do_places(enum who who, struct places at)
{
	ON_MOUNTS("mount", at.top, .path2 = "mine", .text = "tmpfs|size=1m", .flags = MS_NOSUID | MS_NODEV);
	/* Not an event: a file system that is no union, of somebody who is no container. */
	ON_MOUNTS("mkdir", at.one, .mode = 0755);
	ON_MOUNTS("mkdir", at.two, .mode = 0755);
	ON_MOUNTS("mknod", at.file, .mode = S_IFREG | 0600);
}

/** mount(2) and umount2(2) with each of their flags. */
static void do_flags(enum who who, struct places at)
{
	ON_MOUNTS("mount", at.one, .path2 = "none", .text = "tmpfs|");
	ON_MOUNTS("mount", at.two, .path2 = at.one, .flags = MS_BIND);
	ON_MOUNTS("mount", at.two, .path2 = "none", .flags = MS_REMOUNT | MS_BIND | MS_RDONLY);
	ON_MOUNTS("mount", at.file, .path2 = "/etc/passwd", .flags = MS_BIND);
	ON_MOUNTS("umount", at.file, .flags = 0);
	ON_MOUNTS("umount", at.two, .flags = 0);
	ON_MOUNTS("mount", at.two, .path2 = at.one, .flags = MS_MOVE);
	ON_MOUNTS("mount", at.two, .path2 = "none", .flags = MS_SHARED);
	ON_MOUNTS("mount", at.two, .path2 = "none", .flags = MS_SLAVE);
	ON_MOUNTS("mount", at.two, .path2 = "none", .flags = MS_PRIVATE | MS_REC);
	ON_MOUNTS("mount", at.two, .path2 = "none", .flags = MS_REMOUNT | MS_RDONLY, .text = "|");
	ON_MOUNTS("mount", at.one, .path2 = at.two, .flags = MS_BIND | MS_REC);
	ON_MOUNTS("umount", at.one, .flags = MNT_DETACH);
	ON_MOUNTS("umount", at.one, .flags = 0);
	ON_MOUNTS("umount", at.two, .flags = UMOUNT_NOFOLLOW);
}

static void do_failures(enum who who, struct places at)
{
	ON_MOUNTS("mount", at.one, .path2 = "none", .text = "nosuchfs|");
	ON_MOUNTS("mount", at.one, .path2 = "none", .text = "tmpfs|nosuchoption=1");
	ON_MOUNTS("mount", format("%s/nothing", at.top), .path2 = "none", .text = "tmpfs|");
	ON_MOUNTS("mount", at.one, .path2 = "none",
		  .text = format("overlay|lowerdir=%s/nothing,upperdir=%s,workdir=%s", at.top, at.one, at.two));
	ON_MOUNTS("mount", at.one, .path2 = "/nowhere", .flags = MS_BIND);
	ON_MOUNTS("mount", at.one, .path2 = "none", .text = "tmpfs|");
	ON_MOUNTS("umount", at.top, .flags = 0);
	ON_MOUNTS("umount", at.one, .flags = 0);
}

/** fsopen(2), fsmount(2), open_tree(2) and move_mount(2). */
static void do_new_interface(enum who who, struct places at)
{
	ON_MOUNTS("fsopen", NULL, .text = "tmpfs");
	ON_MOUNTS("fsconfig", NULL, .text = "source", .path2 = "by fsopen");
	ON_MOUNTS("fsconfig-create", NULL);
	ON_MOUNTS("fsmount", NULL);
	ON_MOUNTS("attach", at.one);
	ON_MOUNTS("close", NULL, .flags = 1);
	ON_MOUNTS("close", NULL);
	ON_MOUNTS("open_tree", at.one);
	ON_MOUNTS("attach", at.two);
	ON_MOUNTS("close", NULL, .flags = 1);
	ON_MOUNTS("umount", at.one, .flags = 0);
	ON_MOUNTS("move_mount", at.one, .path2 = at.two);
	ON_MOUNTS("move_mount", format("%s/nothing", at.top), .path2 = at.one);
	ON_MOUNTS("umount", at.one, .flags = 0);
}

/** A tmpfs. */
static void mount_and_unmount(enum who who, const char *point, const char *source)
{
	ON_MOUNTS("mount", point, .path2 = source, .text = "tmpfs|");
	ON_MOUNTS("umount", point, .flags = 0);
}

/** In a union, and of a part of a union. */
static void do_part_of_union(enum who who, struct places at, struct union_fs *u)
{
	const char *in_union = format("%s/c", u->point);

	mount_and_unmount(who, in_union, "on a union");
	ON_MOUNTS("mount", at.one, .path2 = in_union, .flags = MS_BIND);
	ON_MOUNTS("umount", at.one, .flags = 0);
}

/** The union as fsopen(2) builds it, attached nowhere. */
static void build_union(enum who who, struct union_fs *u)
{
	ON_MOUNTS("fsopen", NULL, .text = "overlay");
	ON_MOUNTS("fsconfig", NULL, .text = "lowerdir", .path2 = u->lower[0]);
	ON_MOUNTS("fsconfig", NULL, .text = "upperdir", .path2 = u->upper);
	ON_MOUNTS("fsconfig", NULL, .text = "workdir", .path2 = u->work);
	ON_MOUNTS("fsconfig-create", NULL);
}

static void do_whole_union(enum who who, struct union_fs *u)
{
	bool cold = false;

	mount_union(who, u);
	IN_UNION("chmod", "/file", .mode = 0600);
	ON_MOUNTS("umount", u->point, .flags = 0);
	build_union(who, u);
	ON_MOUNTS("fsmount", NULL);
	ON_MOUNTS("close", NULL);
	ON_MOUNTS("attach", u->point);
	ON_MOUNTS("close", NULL, .flags = 1);
	IN_UNION("unlink", "/file");
	ON_MOUNTS("umount", u->point, .flags = MNT_DETACH);
	/* built and never attached */
	build_union(who, u);
	ON_MOUNTS("close", NULL);
}

void do_mounts(const char *base, struct union_fs *u, struct union_fs *fresh)
{
	enum who who = OTHER_NS;
	struct places at = places_on(base);

	do_places(who, at);
	do_flags(who, at);
	do_failures(who, at);
	do_new_interface(who, at);
	do_part_of_union(who, at, u);
	do_whole_union(who, fresh);
	ON_MOUNTS("umount", at.top, .flags = 0);
}

void do_host_mounts(const char *base, struct union_fs *u)
{
	mount_and_unmount(SELF, places_on(base).top, "host's own");
	mount_and_unmount(SELF, format("%s/c", u->point), "on a union");
}
