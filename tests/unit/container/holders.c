/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree of our own stands for the machine. What a process has open is told by fdinfo, so a test says in which mount it
 * lies; root and cwd are real links, which lie in the mount that the tree lies in (`real_mount`).
 */
#include "container/holders.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/identity.h"
#include "fixture.h"

#define UNION_MOUNT 2000000002
#define OTHER_MOUNT 2000000003
#define UNION_DEVICE "0:99999"

static char root[] = "/tmp/mica-holders.XXXXXX";
static struct mica_identity *identity;
static struct mica_holders *found;
static int real_mount;

__attribute__((format(printf, 1, 2))) static const char *path(const char *format, ...)
{
	static char buffers[4][4096];
	static unsigned next;
	char *buffer = buffers[next++ % 4];
	va_list arguments;
	int n = snprintf(buffer, sizeof(buffers[0]), "%s", root);

	va_start(arguments, format);
	(void)vsnprintf(buffer + n, sizeof(buffers[0]) - (size_t)n, format, arguments);
	va_end(arguments);
	return buffer;
}

static void make_directories(const char *directory)
{
	char command[8192];

	(void)snprintf(command, sizeof(command), "mkdir -p '%s'", directory);
	cr_assert_eq(system(command), 0);
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "we");

	cr_assert_not_null(out, "%s", name);
	(void)fputs(text, out);
	cr_assert_eq(fclose(out), 0);
}

/** A process in the namespace of process `like` (its own number: in a new one). */
static void add_process(int pid, int like, const char *mountinfo)
{
	char comm[32];

	make_directories(path("/proc/%d/ns", pid));
	make_directories(path("/proc/%d/fd", pid));
	make_directories(path("/proc/%d/fdinfo", pid));
	make_directories(path("/proc/%d/map_files", pid));
	make_directories(path("/proc/%d/task/%d", pid, pid));
	if (like == pid)
		write_file(path("/proc/%d/ns/mnt", pid), "");
	else
		cr_assert_eq(link(path("/proc/%d/ns/mnt", like), path("/proc/%d/ns/mnt", pid)), 0);
	(void)snprintf(comm, sizeof(comm), "process%d\n", pid);
	write_file(path("/proc/%d/comm", pid), comm);
	write_file(path("/proc/%d/mountinfo", pid), mountinfo);
	cr_assert_eq(symlink("/outside-of-the-tree", path("/proc/%d/root", pid)), 0);
}

static void add_descriptor(int pid, int fd, const char *text, int mount)
{
	char info[100];

	cr_assert_eq(symlink(text, path("/proc/%d/fd/%d", pid, fd)), 0);
	(void)snprintf(info, sizeof(info), "pos:\t0\nflags:\t0100000\nmnt_id:\t%d\nino:\t1\n", mount);
	write_file(path("/proc/%d/fdinfo/%d", pid, fd), info);
}

static const char host_mounts[] = "2000000001 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
				  "2000000002 2000000001 " UNION_DEVICE " / /srv/merged rw - overlay overlay "
				  "rw,lowerdir=/srv/lower:/srv/base,upperdir=/srv/upper,workdir=/srv/work\n"
				  "2000000003 2000000001 8:2 / /data rw - xfs /dev/sdb rw\n";

static void setup(void)
{
	static const char *const directories[] = { "lower",    "base",     "upper/etc", "work/work",  "merged", "free",
						   "o/y/diff", "o/x/diff", "o/x/work",  "o/x/merged", "o/l" };
	struct statx st;

	cr_assert_not_null(mkdtemp(root));
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		make_directories(path("/srv/%s", directories[i]));
	make_directories(path("/data/sub"));
	cr_assert_eq(statx(AT_FDCWD, root, 0, STATX_MNT_ID, &st), 0);
	real_mount = (int)st.stx_mnt_id;
	make_directories(path("/proc/self"));
	write_file(path("/proc/self/mountinfo"), host_mounts);
	add_process(1, 1, host_mounts);
}

static void teardown(void)
{
	char command[100];

	mica_holders_free(&found);
	mica_identity_free(&identity);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", root);
	cr_assert_eq(system(command), 0);
}

TestSuite(holders, .init = setup, .fini = teardown);

static int find(const char *name)
{
	const struct mica_identity_options options = { .root = root };
	int r;

	mica_holders_free(&found);
	mica_identity_free(&identity);
	r = mica_identity_new(&options, &identity);
	cr_assert_eq(r, 0);
	return mica_holders_find(identity, name, &found);
}

static const struct mica_holder *holder(int pid, enum mica_hold hold)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->holders[i].pid == pid && found->holders[i].hold == hold)
			return &found->holders[i];
	return NULL;
}

static void assert_role(const char *name, enum mica_role role)
{
	cr_assert_eq(find(name), 0, "%s", name);
	cr_assert_eq(found->role, role, "%s is %s", name, mica_role_name(found->role));
}

Test(holders, roles)
{
	assert_role("/srv/upper", MICA_ROLE_UPPER);
	cr_assert_str_eq(found->path, "/srv/upper");
	cr_assert_eq(found->union_count, 1);
	cr_assert_str_eq(found->unions[0]->mount_point, "/srv/merged");
	cr_assert_str_eq(found->unions[0]->upper, "/srv/upper");
	cr_assert_str_eq(found->unions[0]->work, "/srv/work");
	cr_assert_eq(found->unions[0]->layers, 2);
	cr_assert(found->unions[0]->on_host);
	cr_assert_null(found->unions[0]->container);
	cr_assert_eq(found->count, 1);
	cr_assert_eq(found->holders[0].hold, MICA_HOLD_MOUNT);
	cr_assert_eq(found->holders[0].held_union, found->unions[0]);
	assert_role("/srv/upper/etc/", MICA_ROLE_UPPER);
	assert_role("/srv/work", MICA_ROLE_WORK);
	assert_role("/srv/base", MICA_ROLE_LOWER);
	cr_assert_eq(found->unions[0]->layer, 2);
	assert_role("/srv/merged", MICA_ROLE_MERGED);
	assert_role("/srv", MICA_ROLE_ABOVE);
	assert_role("/srv/free", MICA_ROLE_DIRECTORY);
	cr_assert_eq(found->count, 0);
	cr_assert_str_eq(found->type, "ext4");
	assert_role("/data", MICA_ROLE_MOUNT_POINT);
	cr_assert_eq(found->count, 0);
	cr_assert_str_eq(found->type, "xfs");
}

Test(holders, symlinks_and_missing_paths)
{
	cr_assert_eq(symlink("upper", path("/srv/link")), 0);
	assert_role("/srv/link/../upper/", MICA_ROLE_UPPER);
	cr_assert_str_eq(found->path, "/srv/upper");
	cr_assert_eq(find("/srv/missing"), -ENOENT);
	write_file(path("/srv/file"), "");
	cr_assert_eq(find("/srv/file/x"), -ENOTDIR);
	assert_role("/srv/file", MICA_ROLE_DIRECTORY);
}

Test(holders, descriptors)
{
	add_process(10, 1, host_mounts);
	add_descriptor(10, 3, "/srv/merged/etc/x", UNION_MOUNT);
	add_descriptor(10, 4, "/data/sub/y", OTHER_MOUNT);
	add_descriptor(10, 5, "socket:[1]", 9);
	add_descriptor(10, 6, "/data/submarine", OTHER_MOUNT);
	cr_assert_eq(find("/srv/upper"), 0);
	cr_assert_eq(found->count, 2);
	cr_assert_eq(holder(10, MICA_HOLD_FILE)->fd, 3);
	cr_assert_str_eq(holder(10, MICA_HOLD_FILE)->at, "/srv/merged/etc/x");
	cr_assert_str_eq(holder(10, MICA_HOLD_FILE)->comm, "process10");
	cr_assert(holder(10, MICA_HOLD_FILE)->on_host);
	cr_assert_not(holder(10, MICA_HOLD_FILE)->unmounted);
	cr_assert_eq(find("/data/sub"), 0);
	cr_assert_eq(found->count, 1);
	cr_assert_eq(holder(10, MICA_HOLD_FILE)->fd, 4);
	cr_assert_eq(find("/data"), 0);
	cr_assert_eq(found->count, 2);
}

Test(holders, links_of_a_process)
{
	char mounts[500];

	(void)snprintf(mounts, sizeof(mounts),
		       "2000000001 1 8:1 / / rw - ext4 d rw\n%d 2000000001 8:2 / /data rw - xfs d rw\n", real_mount);
	write_file(path("/proc/self/mountinfo"), mounts);
	write_file(path("/proc/1/mountinfo"), mounts);
	add_process(10, 1, mounts);
	cr_assert_eq(symlink(path("/data/sub"), path("/proc/10/cwd")), 0);
	write_file(path("/data/program"), "");
	cr_assert_eq(symlink(path("/data/program"), path("/proc/10/exe")), 0);
	cr_assert_eq(symlink(path("/data/program"), path("/proc/10/map_files/1-2")), 0);
	cr_assert_eq(symlink(path("/data/program"), path("/proc/10/map_files/2-3")), 0);
	cr_assert_eq(find("/data"), 0);
	cr_assert_eq(found->count, 3);
	cr_assert_not_null(holder(10, MICA_HOLD_CWD));
	cr_assert_not_null(holder(10, MICA_HOLD_EXE));
	cr_assert_not_null(holder(10, MICA_HOLD_MAPPED));
}

Test(holders, namespaces_of_others)
{
	static const char mounts[] = "2000000010 1 8:1 / / rw - ext4 d rw\n"
				     "2000000011 2000000010 " UNION_DEVICE " / /leaked rw - overlay overlay "
				     "rw,lowerdir=/srv/lower:/srv/base,upperdir=/srv/upper,workdir=/srv/work\n";

	add_process(20, 20, mounts);
	add_process(21, 20, mounts);
	add_process(30, 30, "2000000020 1 8:1 / / rw - ext4 d rw\n");
	cr_assert_eq(find("/srv/upper"), 0);
	cr_assert_eq(found->count, 4);
	cr_assert_not_null(holder(20, MICA_HOLD_NAMESPACE));
	cr_assert_not_null(holder(21, MICA_HOLD_NAMESPACE));
	cr_assert_eq(holder(20, MICA_HOLD_NAMESPACE)->mnt_ns, namespace_of(path("/proc/20/ns/mnt")));
	cr_assert_eq(holder(20, MICA_HOLD_NAMESPACE)->held_union, found->unions[0]);
	/* Others come before the host. */
	cr_assert_str_eq(found->holders[0].at, "/leaked");
	cr_assert_str_eq(found->holders[3].at, "/srv/merged");
	/* Who has it open by a descriptor keeps it too. */
	char text[64];
	(void)snprintf(text, sizeof(text), "mnt:[%u]", namespace_of(path("/proc/20/ns/mnt")));
	add_descriptor(30, 7, text, 4);
	cr_assert_eq(find("/srv/upper"), 0);
	cr_assert_eq(found->count, 5);
	cr_assert_eq(holder(30, MICA_HOLD_NAMESPACE_FILE)->fd, 7);
	cr_assert_eq(found->gaps.namespaces, 0);
	/* One that cannot be entered is said. */
	add_descriptor(30, 8, "mnt:[1]", 4);
	cr_assert_eq(find("/srv/upper"), 0);
	cr_assert_eq(found->gaps.namespaces, 1);
}

Test(holders, a_thread_with_its_own_namespace)
{
	static const char mounts[] = "2000000010 1 8:1 / / rw - ext4 d rw\n"
				     "2000000011 2000000010 8:2 / /copy rw - xfs d rw\n";

	add_process(10, 1, host_mounts);
	make_directories(path("/proc/10/task/12/ns"));
	write_file(path("/proc/10/task/12/ns/mnt"), "");
	write_file(path("/proc/10/task/12/mountinfo"), mounts);
	cr_assert_eq(symlink("/outside-of-the-tree", path("/proc/10/task/12/root")), 0);
	cr_assert_eq(find("/data"), 0);
	cr_assert_eq(found->count, 2);
	cr_assert_eq(holder(10, MICA_HOLD_NAMESPACE)->tid, 12);
	cr_assert_str_eq(found->holders[0].at, "/copy");
}

Test(holders, relative_layers)
{
	static const char mounts[] = "2000000001 1 8:1 / / rw - ext4 d rw\n"
				     "2000000002 2000000001 " UNION_DEVICE " / /srv/o/x/merged rw - overlay overlay "
				     "rw,lowerdir=l/ABC,upperdir=x/diff,workdir=x/work\n";

	cr_assert_eq(symlink("../y/diff", path("/srv/o/l/ABC")), 0);
	write_file(path("/proc/self/mountinfo"), mounts);
	write_file(path("/proc/1/mountinfo"), mounts);
	assert_role("/srv/o/y/diff", MICA_ROLE_LOWER);
	assert_role("/srv/o/x/diff", MICA_ROLE_UPPER);
	cr_assert_str_eq(found->unions[0]->upper, "/srv/o/x/diff");
	/* Another directory of that name is not meant. */
	make_directories(path("/x/diff"));
	assert_role("/x/diff", MICA_ROLE_DIRECTORY);
}

Test(holders, bind_mounts_and_submounts)
{
	static const char mounts[] = "2000000001 1 8:1 / / rw - ext4 d rw\n"
				     "2000000002 2000000001 8:1 /srv/free /mnt/bind rw - ext4 d rw\n"
				     "2000000003 2000000001 8:1 /srv/free/in /mnt/in rw - ext4 d rw\n"
				     "2000000004 2000000001 8:1 /srv/freedom /mnt/other rw - ext4 d rw\n"
				     "2000000005 2000000001 0:9 / /srv/free/tmp rw - tmpfs t rw\n";

	write_file(path("/proc/self/mountinfo"), mounts);
	write_file(path("/proc/1/mountinfo"), mounts);
	add_process(10, 1, mounts);
	add_descriptor(10, 3, "/mnt/bind/x", UNION_MOUNT);
	add_descriptor(10, 4, "/srv/free/y", 2000000001);
	add_descriptor(10, 5, "/srv/freedom/y", 2000000001);
	assert_role("/srv/free", MICA_ROLE_DIRECTORY);
	cr_assert_eq(found->count, 5);
	cr_assert_str_eq(found->holders[0].at, "/mnt/bind");
	cr_assert_str_eq(found->holders[1].at, "/mnt/in");
	cr_assert_eq(found->holders[2].hold, MICA_HOLD_SUBMOUNT);
	cr_assert_str_eq(found->holders[3].at, "/mnt/bind/x");
	cr_assert_str_eq(found->holders[4].at, "/srv/free/y");
}
