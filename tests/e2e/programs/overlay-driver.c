// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does many things to bare overlays, each as one system call of a task that it knows, and writes down what was so: the
 * call and its task, what the union and all trees below it looked like before and after. mica has no part in it.
 *
 *	overlay-driver TMPFS-DIR EXT4-DIR TRUTH    says "ready" on stdout when the layers stand, then waits for a line on stdin
 *
 * A line of TRUTH is {"union":…} for a union with its layers' trees, {"host":…} for the mounts at the start, {"call":…}
 * for a system call, {"end":true} at last.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* glibc's <sys/mount.h> and <linux/mount.h> exclude each other. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8

#define LONG 1536
#define MAX_LAYERS 5
#define USER 1000
#define KIB 1024L
#define MIB (1024L * 1024)

static FILE *truth;

static void die(const char *what)
{
	fprintf(stderr, "overlay-driver: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *format(const char *pattern, ...)
{
	char *text;
	va_list arguments;

	va_start(arguments, pattern);
	if (vasprintf(&text, pattern, arguments) < 0)
		die("memory");
	va_end(arguments);
	return text;
}

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* ---- JSON; bytes over 127 go out as they are, the reader takes them with surrogateescape ---- */

static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if ((unsigned char)*text < 32)
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void put_key_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	put_string(out, text);
}

/* ---- what is there ---- */

static void put_xattr(FILE *out, const char *path, const char *name)
{
	char value[LONG];
	char *full = format("trusted.overlay.%s", name);
	ssize_t size = lgetxattr(path, full, value, sizeof(value) - 1);

	free(full);
	if (size < 0)
		return;
	value[size] = '\0';
	/* metacopy's value is a digest or empty: that it is there is what counts. */
	put_key_string(out, name, strcmp(name, "metacopy") == 0 ? "" : value);
}

/** The pieces of a file that hold data. */
static void put_extents(FILE *out, const char *path, off_t size)
{
	int fd = open(path, O_RDONLY | O_NOATIME);
	off_t at = 0, end;
	bool first = true;

	if (fd < 0)
		die(path);
	fprintf(out, ",\"data\":[");
	while (at < size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		fprintf(out, "%s[%ld,%ld]", first ? "" : ",", at, end - at);
		first = false;
		at = end;
	}
	fprintf(out, "]");
	close(fd);
}

/** One object as JSON; NULL: there is none. `deep`: with what only the layers and the upper tell. */
static char *describe(const char *path, bool deep)
{
	struct stat st;
	char *text;
	size_t size;
	FILE *out;
	const char *type;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			die(path);
		return NULL;
	}
	type = S_ISDIR(st.st_mode) ? "dir" : S_ISREG(st.st_mode) ? "file" : S_ISLNK(st.st_mode) ? "symlink"
	     : S_ISFIFO(st.st_mode) ? "fifo" : S_ISSOCK(st.st_mode) ? "socket" : "char";
	if (deep && S_ISCHR(st.st_mode) && st.st_rdev == 0)
		type = "whiteout";
	out = open_memstream(&text, &size);
	fprintf(out, "{\"type\":\"%s\",\"mode\":%u,\"uid\":%u,\"size\":%ld,\"ino\":%lu,\"nlink\":%lu", type,
		st.st_mode & 07777, st.st_uid, S_ISDIR(st.st_mode) ? 0 : (long)st.st_size, st.st_ino,
		S_ISDIR(st.st_mode) ? 0 : (long)st.st_nlink);
	if (deep && S_ISREG(st.st_mode))
		put_extents(out, path, st.st_size);
	if (deep) {
		put_xattr(out, path, "opaque");
		put_xattr(out, path, "redirect");
		put_xattr(out, path, "metacopy");
	}
	fputc('}', out);
	fclose(out);
	return text;
}

struct item {
	char *path;
	char *text;
};

struct tree {
	struct item *items;
	size_t count;
};

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

static void add_tree(struct tree *tree, const char *root, const char *below)
{
	char *path = format("%s%s", root, below);
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		char *rest, *whole, *text;
		bool directory;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		rest = format("%s/%s", below, entry->d_name);
		whole = format("%s%s", root, rest);
		text = describe(whole, true);
		if (!text)
			die(whole);
		directory = strncmp(text, "{\"type\":\"dir\"", 13) == 0;
		tree->items = realloc(tree->items, (tree->count + 1) * sizeof(*tree->items));
		tree->items[tree->count++] = (struct item){ rest, text };
		if (directory)
			add_tree(tree, root, rest);
		free(whole);
	}
	closedir(dir);
	free(path);
}

static struct tree read_tree(const char *root)
{
	struct tree tree = { 0 };

	add_tree(&tree, root, "");
	if (tree.count)
		qsort(tree.items, tree.count, sizeof(*tree.items), compare_items);
	return tree;
}

static void free_tree(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->items[i].path);
		free(tree->items[i].text);
	}
	free(tree->items);
}

static void put_tree(const struct tree *tree)
{
	fputc('{', truth);
	for (size_t i = 0; i < tree->count; i++) {
		if (i)
			fputc(',', truth);
		put_string(truth, tree->items[i].path);
		fprintf(truth, ":%s", tree->items[i].text);
	}
	fputc('}', truth);
}

/** {"path":[before, after], …} for what differs. */
static void put_changes(const struct tree *old, const struct tree *new)
{
	size_t i = 0, j = 0;
	bool first = true;

	fprintf(truth, ",\"changes\":{");
	while (i < old->count || j < new->count) {
		int order = i == old->count ? 1 : j == new->count ? -1 : compare_items(&old->items[i], &new->items[j]);
		const struct item *a = order <= 0 ? &old->items[i++] : NULL, *b = order >= 0 ? &new->items[j++] : NULL;

		if (a && b && strcmp(a->text, b->text) == 0)
			continue;
		if (!first)
			fputc(',', truth);
		first = false;
		put_string(truth, a ? a->path : b->path);
		fprintf(truth, ":[%s,%s]", a ? a->text : "null", b ? b->text : "null");
	}
	fputc('}', truth);
}

static char *slurp(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in || getdelim(&text, &size, EOF, in) < 0)
		die(path);
	fclose(in);
	return text;
}

/** Lines of `a` that `b` has not. */
static void put_lines(const char *key, const char *a, const char *b)
{
	char *copy = strdup(a), *save = NULL;
	bool first = true;

	fprintf(truth, ",\"%s\":[", key);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *whole = format("%s\n", line);

		if (!strstr(b, whole)) {
			if (!first)
				fputc(',', truth);
			first = false;
			put_string(truth, line);
		}
		free(whole);
	}
	fputc(']', truth);
	free(copy);
}

/* ---- unions ---- */

struct union_fs {
	const char *name;
	/** "": without upper. */
	char *point, *upper, *work, *lower[MAX_LAYERS], *options;
	int layers;
	struct tree tree;
};

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path);
}

static struct union_fs *new_union(const char *base, const char *upper_base, const char *name, int layers,
				  const char *options)
{
	struct union_fs *u = calloc(1, sizeof(*u));
	char *root = format("%s/%s", base, name), *lowers = strdup("");

	u->name = format("%s:%s", base, name);
	make_directory(root);
	u->point = format("%s/merged", root);
	make_directory(u->point);
	u->layers = layers;
	for (int i = 0; i < layers; i++) {
		u->lower[i] = format("%s/l%d", root, i + 1);
		make_directory(u->lower[i]);
		lowers = format("%s%s%s", lowers, i ? ":" : "", u->lower[i]);
	}
	if (!upper_base) {
		u->upper = strdup("");
		u->options = format("lowerdir=%s", lowers);
		return u;
	}
	root = format("%s/%s", upper_base, name);
	make_directory(root);
	u->upper = format("%s/upper", root);
	u->work = format("%s/work", root);
	make_directory(u->upper);
	make_directory(u->work);
	u->options = format("lowerdir=%s,upperdir=%s,workdir=%s%s%s", lowers, u->upper, u->work, *options ? "," : "",
			    options);
	return u;
}

/** Writes the layers down; to be called when they stand. */
static void put_union(struct union_fs *u)
{
	fprintf(truth, "{\"union\":");
	put_string(truth, u->name);
	put_key_string(truth, "point", u->point);
	put_key_string(truth, "upper", u->upper);
	put_key_string(truth, "options", u->options);
	fprintf(truth, ",\"layers\":[");
	for (int i = 0; i < u->layers; i++) {
		struct tree tree = read_tree(u->lower[i]);

		fprintf(truth, "%s{\"directory\":", i ? "," : "");
		put_string(truth, u->lower[i]);
		fprintf(truth, ",\"tree\":");
		put_tree(&tree);
		fputc('}', truth);
		free_tree(&tree);
	}
	fprintf(truth, "],\"tree\":");
	if (*u->upper)
		u->tree = read_tree(u->upper);
	put_tree(&u->tree);
	fprintf(truth, "}\n");
}

/* ---- the calls ---- */

struct call {
	char name[24];
	char path[LONG], path2[LONG], text[LONG];
	long flags, mode;
	/* What came of it. */
	long result;
	int error;
	int pid, tid, uid;
	char comm[16];
	unsigned long mnt_ns, mnt_ns_id;
	unsigned long new_ns;
	int64_t start, end, duration;
};

static int kept_fd = -1, kept_fd2 = -1;

static unsigned long inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t) /* include/uapi/linux/nsfs.h, since 6.11 */
#endif

static unsigned long namespace_id(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t id = 0;

	if (fd < 0 || ioctl(fd, NS_GET_MNTNS_ID, &id) < 0)
		id = 0;
	close(fd);
	return id;
}

static const unsigned char acl[] = {
	2, 0, 0, 0, /* POSIX_ACL_XATTR_VERSION; then tag, permissions, id */
	1, 0, 6, 0, 255, 255, 255, 255, /* owner */
	2, 0, 4, 0, USER & 255, USER >> 8, 0, 0, /* user 1000 */
	4, 0, 4, 0, 255, 255, 255, 255, /* group */
	16, 0, 4, 0, 255, 255, 255, 255, /* mask */
	32, 0, 4, 0, 255, 255, 255, 255, /* others */
};

static long set_flags(int fd)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	flags |= FS_NODUMP_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static int newns_child(void *unused)
{
	(void)unused;
	close_range(3, ~0U, 0);
	pause();
	return 0;
}

static int newns_pid;
static char newns_stack[64 * 1024] __attribute__((aligned(16)));

/** The system call, and nothing but it. */
static long do_call(struct call *c, int fd)
{
	struct timespec times[2] = { { 1000000000, 5 }, { 1000000000, 7 } };

#define IS(what) (strcmp(c->name, what) == 0)
	if (IS("open"))
		return syscall(SYS_openat, AT_FDCWD, c->path, (int)c->flags, (int)c->mode);
	if (IS("creat"))
		return syscall(SYS_creat, c->path, (int)c->mode);
	if (IS("truncate"))
		return truncate(c->path, c->mode);
	if (IS("chmod"))
		return chmod(c->path, c->mode);
	if (IS("fchmod"))
		return fchmod(fd, c->mode);
	if (IS("chown"))
		return chown(c->path, c->mode, c->mode);
	if (IS("lchown"))
		return lchown(c->path, c->mode, c->mode);
	if (IS("utimensat"))
		return utimensat(AT_FDCWD, c->path, times, 0);
	if (IS("setxattr"))
		return setxattr(c->path, "trusted.mica-test", "x", 1, 0);
	if (IS("removexattr"))
		return removexattr(c->path, "trusted.there");
	if (IS("setacl"))
		return setxattr(c->path, "system.posix_acl_access", acl, sizeof(acl), 0);
	if (IS("setflags"))
		return set_flags(fd);
	if (IS("link"))
		return link(c->path, c->path2);
	if (IS("rename"))
		return syscall(SYS_renameat2, AT_FDCWD, c->path, AT_FDCWD, c->path2, (int)c->flags);
	if (IS("mkdir"))
		return mkdir(c->path, c->mode);
	if (IS("mknod"))
		return mknod(c->path, c->mode, c->flags);
	if (IS("symlink"))
		return symlink(c->text, c->path);
	if (IS("bind")) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		memccpy(address.sun_path, c->path, 0, sizeof(address.sun_path) - 1);
		return bind(fd, (struct sockaddr *)&address, sizeof(address));
	}
	if (IS("tmpfile"))
		return kept_fd = open(c->path, O_TMPFILE | O_WRONLY, 0600);
	if (IS("linktmp"))
		return linkat(kept_fd, "", AT_FDCWD, c->path, AT_EMPTY_PATH);
	if (IS("unlink"))
		return unlink(c->path);
	if (IS("rmdir"))
		return rmdir(c->path);
	if (IS("umount"))
		return umount2(c->path, c->flags);
	if (IS("fsopen"))
		return kept_fd = syscall(SYS_fsopen, c->text, 0);
	if (IS("fsconfig"))
		return syscall(SYS_fsconfig, kept_fd, FSCONFIG_SET_STRING, c->text, c->path2, 0);
	if (IS("fsconfig-create"))
		return syscall(SYS_fsconfig, kept_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (IS("fsmount"))
		return kept_fd2 = syscall(SYS_fsmount, kept_fd, 0, 0);
	if (IS("close"))
		return close(c->flags ? kept_fd2 : kept_fd);
	if (IS("open_tree"))
		return kept_fd2 = syscall(SYS_open_tree, AT_FDCWD, c->path, OPEN_TREE_CLONE | (int)c->flags);
	if (IS("attach"))
		return syscall(SYS_move_mount, kept_fd2, "", AT_FDCWD, c->path, MOVE_MOUNT_F_EMPTY_PATH);
	if (IS("move_mount"))
		return syscall(SYS_move_mount, AT_FDCWD, c->path2, AT_FDCWD, c->path, 0);
	if (IS("unshare"))
		return unshare(CLONE_NEWNS);
	if (IS("clone-newns"))
		return newns_pid = clone(newns_child, newns_stack + sizeof(newns_stack), CLONE_NEWNS | SIGCHLD, NULL);
	if (IS("exit"))
		_exit(0);
	errno = ENOSYS;
	die(c->name);
	return -1;
}

/** What the call needs of file descriptors, opened before its time is taken: reading only, so nothing changes. */
static int prepare(const struct call *c)
{
	if (IS("fchmod") || IS("setflags"))
		return open(c->path, O_RDONLY | O_NONBLOCK);
	if (IS("bind"))
		return socket(AF_UNIX, SOCK_STREAM, 0);
	return -1;
}

static void run_call(struct call *c)
{
	int fd = prepare(c);
	int64_t start;

	c->pid = getpid();
	c->tid = syscall(SYS_gettid);
	c->uid = getuid();
	prctl(PR_GET_NAME, c->comm);
	c->mnt_ns = inode_of("/proc/thread-self/ns/mnt");
	c->mnt_ns_id = namespace_id("/proc/thread-self/ns/mnt");
	c->start = now(CLOCK_REALTIME);
	start = now(CLOCK_MONOTONIC);
	if (IS("mount")) {
		/* text is "type|data"; without a '|' there is no type */
		char type[LONG], *data = NULL;
		long flags = c->flags;

		strcpy(type, c->text);
		data = strchr(type, '|');
		if (data)
			*data++ = '\0';
		start = now(CLOCK_MONOTONIC);
		c->result = mount(*c->path2 ? c->path2 : NULL, c->path, *type ? type : NULL, flags,
				  data && *data ? data : NULL);
	} else {
		c->result = do_call(c, fd);
	}
	c->error = c->result < 0 ? errno : 0;
	c->duration = now(CLOCK_MONOTONIC) - start;
	c->end = now(CLOCK_REALTIME);
	if (fd >= 0)
		close(fd);
	if (c->result >= 0 && (IS("open") || IS("creat")))
		close(c->result);
	if (IS("unshare") && c->result == 0)
		c->new_ns = inode_of("/proc/thread-self/ns/mnt");
	if (IS("clone-newns") && c->result > 0) {
		char *path = format("/proc/%ld/ns/mnt", c->result);

		c->new_ns = inode_of(path);
		free(path);
	}
}
#undef IS

/* ---- who does it ---- */

struct actor {
	/** 0: this process. */
	int pid;
	bool thread;
	int request, reply;
	struct call *slot;
	/** Prefix of paths as it sees them. */
	char *root;
};

static struct actor self = { .root = "" }, thread = { .thread = true, .root = "" };

static struct actor *start_actor(const char *name, int uid)
{
	struct actor *actor = calloc(1, sizeof(*actor));
	int request[2], reply[2];
	char byte;

	actor->slot = mmap(NULL, sizeof(struct call), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (pipe(request) < 0 || pipe(reply) < 0)
		die("pipe");
	fflush(NULL);
	actor->pid = fork();
	if (actor->pid < 0)
		die("fork");
	if (actor->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(request[1]);
		umask(0);
		if (uid && (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0))
			die("setresuid");
		while (read(request[0], &byte, 1) == 1) {
			run_call(actor->slot);
			if (write(reply[1], "", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(request[0]);
	close(reply[1]);
	actor->request = request[1];
	actor->reply = reply[0];
	actor->root = format("/proc/%d/root", actor->pid);
	return actor;
}

static void *run_in_thread(void *call)
{
	prctl(PR_SET_NAME, "a thread");
	run_call(call);
	return NULL;
}

static void perform(struct actor *actor, struct call *c)
{
	char byte;

	if (actor->thread) {
		pthread_t id;

		if (pthread_create(&id, NULL, run_in_thread, c) || pthread_join(id, NULL))
			die("thread");
	} else if (!actor->pid) {
		run_call(c);
	} else {
		*actor->slot = *c;
		if (write(actor->request, "", 1) != 1)
			die("actor");
		if (read(actor->reply, &byte, 1) != 1 && strcmp(c->name, "exit") != 0)
			die("actor is gone");
		*c = *actor->slot;
		if (strcmp(c->name, "exit") == 0) {
			if (waitpid(actor->pid, NULL, 0) < 0)
				die("waitpid");
			c->end = now(CLOCK_REALTIME);
		}
	}
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		die("drop_caches");
	close(fd);
}

/* ---- an operation with its facts ---- */

struct operation {
	struct actor *actor;
	/** NULL: absolute paths. */
	struct union_fs *u;
	const char *call, *path, *path2, *text;
	long flags, mode;
	/** Without cached dentries. */
	bool cold;
	/** Also what mounts there are. */
	bool mounts;
};

static int operation_number;

static void put_facts(const char *key, char *text)
{
	fprintf(truth, ",\"%s\":%s", key, text ? text : "null");
	free(text);
}

static char *look(const struct operation *o, const char *path)
{
	char *whole = format("%s%s%s", o->actor->root, o->u ? o->u->point : "", path), *text = describe(whole, false);

	free(whole);
	return text;
}

static char *read_mounts(const struct actor *actor)
{
	char *path = actor->pid ? format("/proc/%d/mountinfo", actor->pid) : strdup("/proc/self/mountinfo"),
	     *text = slurp(path);

	free(path);
	return text;
}

static char *cgroup_of(int pid)
{
	char *path = format("/proc/%d/cgroup", pid), *text = slurp(path), *line = strstr(text, "0::");

	if (!line)
		die("no cgroup v2");
	line[strcspn(line, "\n")] = '\0';
	return line + 3;
}

static void put_call(const struct operation *o, const struct call *c, const char *cgroup)
{
	fprintf(truth, "{\"call\":\"%s\",\"number\":%d", o->call, operation_number++);
	if (o->u)
		put_key_string(truth, "in", o->u->name);
	if (o->path)
		put_key_string(truth, "path", o->path);
	if (o->path2)
		put_key_string(truth, "path2", o->path2);
	if (o->text)
		put_key_string(truth, "text", o->text);
	fprintf(truth, ",\"flags\":%ld,\"mode\":%ld,\"cold\":%s,\"result\":%ld,\"errno\":%d", o->flags, o->mode,
		o->cold ? "true" : "false", c->result, c->error);
	put_key_string(truth, "error", c->error ? strerrorname_np(c->error) : "");
	fprintf(truth, ",\"pid\":%d,\"tid\":%d,\"uid\":%d", c->pid, c->tid, c->uid);
	put_key_string(truth, "comm", c->comm);
	put_key_string(truth, "cgroup", cgroup);
	fprintf(truth, ",\"mnt_ns\":%lu,\"mnt_ns_id\":%lu,\"new_ns\":%lu", c->mnt_ns, c->mnt_ns_id, c->new_ns);
	fprintf(truth, ",\"start\":%ld,\"end\":%ld,\"duration\":%ld", c->start, c->end, c->duration);
}

static void absolute(char *out, const struct operation *o, const char *path)
{
	snprintf(out, LONG, "%s%s", o->u ? o->u->point : "", path);
}

/** Does it and writes it down; returns the result. */
static long op(struct operation o)
{
	struct call c = { .flags = o.flags, .mode = o.mode };
	char *before = NULL, *before2 = NULL, *old_mounts = NULL;
	char *cgroup = cgroup_of(o.actor->pid ? o.actor->pid : getpid());

	snprintf(c.name, sizeof(c.name), "%s", o.call);
	if (o.path)
		absolute(c.path, &o, o.path);
	if (o.path2)
		absolute(c.path2, &o, o.path2);
	if (o.text)
		snprintf(c.text, LONG, "%s", o.text);
	if (o.path && o.u)
		before = look(&o, o.path);
	if (o.path2 && o.u)
		before2 = look(&o, o.path2);
	if (o.mounts)
		old_mounts = read_mounts(o.actor);
	if (o.cold)
		drop_caches();
	/* Far enough apart for times to tell operations from each other. */
	usleep(10000);
	perform(o.actor, &c);
	put_call(&o, &c, cgroup);
	if (o.path && o.u) {
		put_facts("before", before);
		put_facts("after", look(&o, o.path));
	}
	if (o.path2 && o.u) {
		put_facts("before2", before2);
		put_facts("after2", look(&o, o.path2));
	}
	if (o.u && *o.u->upper) {
		struct tree tree = read_tree(o.u->upper);

		put_changes(&o.u->tree, &tree);
		free_tree(&o.u->tree);
		o.u->tree = tree;
	}
	if (o.mounts) {
		char *mounts = read_mounts(o.actor);

		put_lines("mounted", mounts, old_mounts);
		put_lines("unmounted", old_mounts, mounts);
		free(mounts);
		free(old_mounts);
	}
	fprintf(truth, "}\n");
	return c.result;
}

/* ---- set-up ---- */

static void write_data(int fd, off_t at, long bytes)
{
	char block[4096];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = 'a' + i % 26;
	while (bytes > 0) {
		size_t size = bytes < (long)sizeof(block) ? bytes : (long)sizeof(block);

		if (pwrite(fd, block, size, at) != (ssize_t)size)
			die("pwrite");
		at += size;
		bytes -= size;
	}
}

static char *in_layer(const struct union_fs *u, int layer, const char *path)
{
	char *whole = format("%s%s", u->lower[layer - 1], path);

	for (char *at = whole + strlen(u->lower[layer - 1]) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		make_directory(whole);
		*at = '/';
	}
	return whole;
}

static void lower_directory(struct union_fs *u, int layer, const char *path)
{
	make_directory(in_layer(u, layer, path));
}

static int lower_open(struct union_fs *u, int layer, const char *path)
{
	char *whole = in_layer(u, layer, path);
	int fd = open(whole, O_RDWR | O_CREAT | O_EXCL, 0644);

	if (fd < 0)
		die(whole);
	return fd;
}

static void lower_file(struct union_fs *u, int layer, const char *path, long size)
{
	int fd = lower_open(u, layer, path);

	write_data(fd, 0, size);
	/* Whoever needs an attribute to remove has one. */
	if (fsetxattr(fd, "trusted.there", "y", 1, 0) < 0)
		die("fsetxattr");
	close(fd);
}

static void lower_node(struct union_fs *u, int layer, const char *path, mode_t mode, dev_t device)
{
	if (mknod(in_layer(u, layer, path), mode, device) < 0)
		die(path);
}

static void lower_link(struct union_fs *u, int layer, const char *path, const char *path2)
{
	if (link(in_layer(u, layer, path), in_layer(u, layer, path2)) < 0)
		die(path2);
}

static void lower_symlink(struct union_fs *u, int layer, const char *path)
{
	if (symlink("nowhere", in_layer(u, layer, path)) < 0)
		die(path);
}

static void lower_opaque(struct union_fs *u, int layer, const char *path)
{
	lower_directory(u, layer, path);
	if (setxattr(in_layer(u, layer, path), "trusted.overlay.opaque", "y", 1, 0) < 0)
		die(path);
}

#define NAME_255                                                                                                \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789" \
	"0123456789012345678901234567890123456789012345678901abc"
_Static_assert(sizeof(NAME_255) == 256, "the longest name");

enum kind { FILE_OF_DATA, HOLES, ONLY_HOLE, LINK, FIFO, DEVICE, DIRECTORY, NOTHING };
enum who { SELF, THREAD, OTHER_USER, OTHER_NS };

/** One object of one layer, and one call on it. */
static const struct simple {
	const char *path;
	int layer;
	enum kind kind;
	long size;
	const char *call;
	long flags, mode;
	enum who who;
} simple[] = {
	{ "/f/wronly", 1, FILE_OF_DATA, 5000, "open", O_WRONLY, 0, SELF },
	{ "/f/rdwr", 2, FILE_OF_DATA, 4096, "open", O_RDWR, 0, THREAD },
	{ "/f/append", 3, FILE_OF_DATA, 1, "open", O_WRONLY | O_APPEND, 0, OTHER_NS },
	{ "/f/trunc", 1, FILE_OF_DATA, 70000, "open", O_WRONLY | O_TRUNC, 0, SELF },
	{ "/f/creat", 1, FILE_OF_DATA, 70000, "creat", 0, 0644, SELF },
	{ "/f/rdonly-trunc", 2, FILE_OF_DATA, 70000, "open", O_RDONLY | O_TRUNC, 0, SELF },
	{ "/f/rdonly", 3, FILE_OF_DATA, 100, "open", O_RDONLY, 0, SELF },
	{ "/f/opath", 3, FILE_OF_DATA, 100, "open", O_PATH, 0, SELF },
	{ "/f/o_creat-read", 1, FILE_OF_DATA, 100, "open", O_RDONLY | O_CREAT, 0644, SELF },
	{ "/f/o_creat-write", 1, FILE_OF_DATA, 100, "open", O_WRONLY | O_CREAT, 0644, SELF },
	{ "/f/o_excl", 1, FILE_OF_DATA, 100, "open", O_WRONLY | O_CREAT | O_EXCL, 0644, SELF },
	{ "/f/truncate", 2, FILE_OF_DATA, 70000, "truncate", 0, 100, SELF },
	{ "/f/grow", 2, FILE_OF_DATA, 100, "truncate", 0, 70000, THREAD },
	{ "/f/chmod", 3, FILE_OF_DATA, 12345, "chmod", 0, 0600, SELF },
	{ "/f/fchmod", 3, FILE_OF_DATA, 12345, "fchmod", 0, 0600, OTHER_NS },
	{ "/f/chown", 1, FILE_OF_DATA, 9999, "chown", 0, USER, SELF },
	{ "/f/utimes", 1, FILE_OF_DATA, 9999, "utimensat", 0, 0, SELF },
	{ "/f/setxattr", 1, FILE_OF_DATA, 9999, "setxattr", 0, 0, SELF },
	{ "/f/removexattr", 1, FILE_OF_DATA, 9999, "removexattr", 0, 0, SELF },
	{ "/f/acl", 1, FILE_OF_DATA, 9999, "setacl", 0, 0, SELF },
	{ "/f/setflags", 1, FILE_OF_DATA, 9999, "setflags", 0, 0, SELF },
	{ "/f/symlink", 2, LINK, 0, "lchown", 0, USER, SELF },
	{ "/f/fifo", 2, FIFO, 0, "chmod", 0, 0600, SELF },
	{ "/f/device", 2, DEVICE, 0, "chmod", 0, 0600, SELF },
	{ "/f/directory", 2, DIRECTORY, 0, "chmod", 0, 0700, SELF },
	{ "/deep/a/b/c/file", 3, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/deep-new/a/b/c/new", 3, NOTHING, 0, "open", O_WRONLY | O_CREAT, 0644, SELF },
	{ "/f/holes", 1, HOLES, 0, "chmod", 0, 0600, SELF },
	{ "/f/only-hole", 1, ONLY_HOLE, 3 * MIB + 5, "open", O_WRONLY, 0, SELF },
	{ "/f/empty", 1, FILE_OF_DATA, 0, "open", O_WRONLY, 0, SELF },
	{ "/f/mebibyte", 1, FILE_OF_DATA, MIB, "open", O_WRONLY, 0, SELF },
	{ "/f/" NAME_255, 1, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/with spaces  ", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/quote\"back\\slash", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/new\nline\ttab\033", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/Grüße-日本", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/latin1-\xe9", 2, FILE_OF_DATA, 10, "open", O_WRONLY, 0, SELF },
	{ "/f/not-permitted", 1, FILE_OF_DATA, 10, "open", O_WRONLY, 0, OTHER_USER },
	{ "/f/not-owner", 1, FILE_OF_DATA, 10, "chmod", 0, 0777, OTHER_USER },
	{ "/free/by-user", 1, NOTHING, 0, "open", O_WRONLY | O_CREAT | O_EXCL, 0600, OTHER_USER },
	{ "/free/dir-by-user", 1, NOTHING, 0, "mkdir", 0, 0700, OTHER_USER },
	{ "/mine/file", 2, FILE_OF_DATA, 33, "open", O_RDWR, 0, OTHER_USER },
	{ "/mine/times", 2, FILE_OF_DATA, 33, "utimensat", 0, 0, OTHER_USER },
};

static void lower_simple(struct union_fs *u, const struct simple *s)
{
	int fd;

	switch (s->kind) {
	case FILE_OF_DATA:
		lower_file(u, s->layer, s->path, s->size);
		break;
	case HOLES: /* a hole at the start, a short one inside, a long one, and one at the end */
		fd = lower_open(u, s->layer, s->path);
		write_data(fd, 64 * KIB, 4096);
		write_data(fd, 80 * KIB, 4096);
		write_data(fd, 5 * MIB, 100 * KIB + 77);
		if (ftruncate(fd, 8 * MIB) < 0)
			die("ftruncate");
		close(fd);
		break;
	case ONLY_HOLE:
		fd = lower_open(u, s->layer, s->path);
		if (ftruncate(fd, s->size) < 0)
			die("ftruncate");
		close(fd);
		break;
	case LINK:
		lower_symlink(u, s->layer, s->path);
		break;
	case FIFO:
		lower_node(u, s->layer, s->path, S_IFIFO | 0644, 0);
		break;
	case DEVICE:
		lower_node(u, s->layer, s->path, S_IFCHR | 0644, makedev(1, 3));
		break;
	case DIRECTORY:
		lower_directory(u, s->layer, s->path);
		break;
	case NOTHING:
		(void)in_layer(u, s->layer, s->path);
		break;
	}
	if (strncmp(s->path, "/mine/", 6) == 0 && chown(in_layer(u, s->layer, s->path), USER, USER) < 0)
		die(s->path);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void set_up_plain(struct union_fs *u)
{
	for (size_t i = 0; i < COUNT(simple); i++)
		lower_simple(u, &simple[i]);
	for (int layer = 1; layer <= u->layers; layer++)
		if (chmod(in_layer(u, layer, "/free/"), 0777) < 0 && layer == 1)
			die("/free");
	/* links and renames */
	lower_file(u, 1, "/r/linked", 100);
	lower_file(u, 1, "/r/plain", 100);
	lower_file(u, 2, "/r/over-a", 200);
	lower_file(u, 1, "/r/over-b", 300);
	lower_file(u, 3, "/r/onto-whiteout", 300);
	lower_file(u, 3, "/r/gone", 300);
	lower_file(u, 2, "/r/gone2", 300);
	lower_file(u, 1, "/r/swap-a", 10);
	lower_file(u, 3, "/r/swap-b", 20);
	lower_file(u, 1, "/r/half-a", 10);
	lower_file(u, 2, "/r/noreplace", 10);
	lower_file(u, 2, "/r/there", 10);
	lower_file(u, 2, "/far/away/file", 10);
	lower_file(u, 3, "/r/up-and-away", 10);
	lower_file(u, 2, "/r/directory/inside", 10);
	lower_symlink(u, 2, "/r/symlink");
	lower_file(u, 2, "/r/hard1", 5000);
	lower_link(u, 2, "/r/hard1", "/r/hard2");
	/* removals */
	lower_file(u, 1, "/d/lower", 10);
	lower_file(u, 2, "/d/lower2", 10);
	lower_file(u, 3, "/d/both", 10);
	lower_file(u, 1, "/d/both", 20);
	lower_file(u, 2, "/d/copied", 10);
	lower_file(u, 3, "/d/again", 10);
	lower_file(u, 3, "/d/by-ns", 10);
	lower_directory(u, 2, "/d/dir");
	lower_file(u, 2, "/d/merged/two", 10);
	lower_file(u, 3, "/d/merged/three", 10);
	lower_directory(u, 1, "/d/merged");
	lower_file(u, 3, "/d/full/inside", 10);
	lower_symlink(u, 1, "/d/symlink");
	lower_node(u, 1, "/d/fifo", S_IFIFO | 0600, 0);
	lower_file(u, 3, "/only/here/file", 10);
	lower_directory(u, 3, "/reborn");
	lower_file(u, 3, "/reborn/old", 10);
	/* creates */
	lower_directory(u, 1, "/c");
	lower_directory(u, 2, "/c");
	lower_directory(u, 3, "/c3");
	lower_file(u, 2, "/race", 2 * MIB);
}

static void set_up_five(struct union_fs *u)
{
	for (int layer = 1; layer <= 5; layer++) {
		char *path = format("/in%d", layer);

		lower_file(u, layer, path, layer * 1000);
		path = format("/gone%d", layer);
		lower_file(u, layer, path, 10);
		path = format("/shadow/in%d", layer);
		lower_file(u, layer, path, 10);
		/* stacked%d stands in layer %d and all below it */
		for (int below = layer; below <= 5; below++) {
			path = format("/stacked%d", layer);
			lower_file(u, below, path, below * 11);
		}
	}
	/* A whiteout and an opaque directory in the middle. */
	lower_file(u, 5, "/hidden", 10);
	lower_node(u, 3, "/hidden", S_IFCHR | 0600, makedev(0, 0));
	lower_opaque(u, 2, "/opaque");
	lower_file(u, 2, "/opaque/two", 10);
	lower_file(u, 4, "/opaque/four", 10);
}

static void set_up_rich(struct union_fs *u)
{
	lower_file(u, 1, "/meta", 7777);
	lower_file(u, 2, "/meta-chown", 5000);
	lower_file(u, 2, "/meta-rename", 5000);
	lower_file(u, 2, "/meta-link", 5000);
	lower_file(u, 2, "/meta-truncate", 5000);
	lower_file(u, 1, "/data", 5000);
	lower_file(u, 2, "/meta-delete", 5000);
	lower_file(u, 1, "/dir/inside", 5000);
	lower_file(u, 2, "/dir/below/inside", 5000);
	lower_file(u, 2, "/dir/stays", 50);
	lower_file(u, 2, "/dir2/inside", 5000);
	lower_file(u, 1, "/other/file", 5000);
	lower_file(u, 2, "/swap-dir/x", 10);
	lower_file(u, 2, "/swap-file", 10);
	lower_file(u, 1, "/h/one", 6000);
	lower_link(u, 1, "/h/one", "/h/two");
	lower_link(u, 1, "/h/one", "/h/three");
	lower_file(u, 2, "/h/a", 6000);
	lower_link(u, 2, "/h/a", "/h/b");
}

/* ---- the operations ---- */

static struct actor *user, *other_ns;

static struct actor *actor_of(enum who who)
{
	return who == THREAD ? &thread : who == OTHER_USER ? user : who == OTHER_NS ? other_ns : &self;
}

#define DO(call_, path_, ...) op((struct operation){ .actor = a, .u = u, .cold = cold, .call = call_, .path = path_, ##__VA_ARGS__ })

struct racer {
	pthread_barrier_t *barrier;
	struct call call;
};

static void *race(void *data)
{
	struct racer *racer = data;
	struct sched_param parameter = { .sched_priority = 1 };

	/*
	 * None of them preempts another: where the kernel preempts (7.2 does by default), a thread that comes to a
	 * program that another one was preempted in on the same CPU finds it skipped, which mica counts as perhaps
	 * lost.
	 */
	if (sched_setscheduler(0, SCHED_FIFO, &parameter) < 0)
		die("sched_setscheduler");
	pthread_barrier_wait(racer->barrier);
	run_call(&racer->call);
	return NULL;
}

/** The same file opened for writing by four threads at once: one of them copies it up. */
static void do_race(struct union_fs *u, const char *path)
{
	struct racer racers[4];
	pthread_t ids[4];
	pthread_barrier_t barrier;
	struct tree tree;

	pthread_barrier_init(&barrier, NULL, 4);
	usleep(10000);
	for (int i = 0; i < 4; i++) {
		racers[i] = (struct racer){
			.barrier = &barrier,
			.call = { .name = "open", .flags = O_WRONLY },
		};
		snprintf(racers[i].call.path, LONG, "%s%s", u->point, path);
		pthread_create(&ids[i], NULL, race, &racers[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < 4; i++) {
		struct operation o = { .actor = &self, .u = u, .call = "open", .path = path, .flags = O_WRONLY };

		put_call(&o, &racers[i].call, cgroup_of(getpid()));
		fprintf(truth, ",\"race\":%d", 4);
		tree = read_tree(u->upper);
		/* The last one has the changes of all. */
		if (i == 3) {
			put_changes(&u->tree, &tree);
			free_tree(&u->tree);
			u->tree = tree;
		} else {
			free_tree(&tree);
		}
		fprintf(truth, "}\n");
	}
}

static void do_plain(struct union_fs *u, bool cold)
{
	struct actor *a = &self;

	for (size_t i = 0; i < COUNT(simple); i++) {
		const struct simple *s = &simple[i];

		a = actor_of(s->who);
		DO(s->call, s->path, .flags = s->flags, .mode = s->mode);
	}
	a = &self;
	/* Once more on what is up already: nothing is copied up again. */
	DO("open", "/f/wronly", .flags = O_WRONLY);
	DO("open", "/f/wronly", .flags = O_WRONLY | O_TRUNC);
	DO("chmod", "/f/chmod", .mode = 0640);
	DO("truncate", "/f/grow", .mode = 5);
	do_race(u, "/race");

	/* links and renames */
	DO("link", "/r/linked", .path2 = "/r/linked-new");
	DO("link", "/r/linked-new", .path2 = "/c/linked-newer");
	DO("link", "/r/nothing", .path2 = "/r/linked-nothing");
	DO("link", "/r/linked", .path2 = "/r/plain");
	DO("rename", "/r/plain", .path2 = "/r/renamed");
	DO("rename", "/r/renamed", .path2 = "/r/renamed-again");
	DO("rename", "/r/renamed-again", .path2 = "/r/plain");
	DO("rename", "/r/over-a", .path2 = "/r/over-b");
	DO("unlink", "/r/gone");
	DO("rename", "/r/onto-whiteout", .path2 = "/r/gone");
	DO("unlink", "/r/gone2");
	a = &thread;
	DO("open", "/r/upper", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("rename", "/r/upper", .path2 = "/r/gone2");
	a = &self;
	DO("rename", "/r/swap-a", .path2 = "/r/swap-b", .flags = RENAME_EXCHANGE);
	DO("open", "/r/half-b", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("rename", "/r/half-a", .path2 = "/r/half-b", .flags = RENAME_EXCHANGE);
	DO("rename", "/r/noreplace", .path2 = "/r/there", .flags = RENAME_NOREPLACE);
	DO("rename", "/r/noreplace", .path2 = "/r/not-there", .flags = RENAME_NOREPLACE);
	DO("rename", "/far/away/file", .path2 = "/c3/file");
	a = other_ns;
	DO("rename", "/r/up-and-away", .path2 = "/c/up-and-away");
	a = &self;
	DO("rename", "/r/directory", .path2 = "/r/directory-new");
	DO("rename", "/r/symlink", .path2 = "/r/symlink-new");
	DO("rename", "/r/hard1", .path2 = "/r/hard2");
	DO("open", "/r/same1", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("link", "/r/same1", .path2 = "/r/same2");
	DO("rename", "/r/same1", .path2 = "/r/same2");
	DO("rename", "/r/nothing", .path2 = "/r/nothing-new");

	/* creates */
	DO("open", "/c/excl", .flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0644);
	DO("open", "/c/read", .flags = O_RDONLY | O_CREAT, .mode = 0444);
	DO("creat", "/c/creat", .mode = 0600);
	DO("mkdir", "/c/dir", .mode = 0755);
	DO("mkdir", "/c/dir/sub", .mode = 0755);
	DO("mkdir", "/c3/dir", .mode = 0755);
	DO("mkdir", "/c/dir", .mode = 0755);
	DO("mknod", "/c/fifo", .mode = S_IFIFO | 0600);
	DO("mknod", "/c/file", .mode = S_IFREG | 0600);
	DO("mknod", "/c/device", .mode = S_IFCHR | 0600, .flags = makedev(1, 3));
	DO("mknod", "/c/whiteout", .mode = S_IFCHR | 0600, .flags = makedev(0, 0));
	DO("symlink", "/c/symlink", .text = "some where");
	DO("bind", "/c/socket");
	DO("open", "/c/nowhere/file", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("mkdir", "/c/dir/" NAME_255, .mode = 0755);
	DO("open", "/c/dir/" NAME_255 "/" NAME_255, .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("rename", "/c/dir/sub", .path2 = "/c/sub-moved");
	DO("tmpfile", "/c");
	if (kept_fd >= 0) {
		DO("linktmp", "/c/was-tmpfile");
		close(kept_fd);
	}

	/* removals */
	DO("unlink", "/d/lower");
	DO("unlink", "/d/lower");
	DO("unlink", "/d/both");
	a = &thread;
	DO("unlink", "/d/lower2");
	a = other_ns;
	DO("unlink", "/d/by-ns");
	a = &self;
	DO("open", "/d/copied", .flags = O_WRONLY);
	DO("unlink", "/d/copied");
	DO("open", "/d/upper", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("unlink", "/d/upper");
	DO("unlink", "/d/again");
	DO("open", "/d/again", .flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0644);
	DO("unlink", "/d/again");
	DO("symlink", "/d/again", .text = "once more");
	DO("unlink", "/d/again");
	DO("mkdir", "/d/again", .mode = 0755);
	DO("rmdir", "/d/again");
	DO("rmdir", "/d/full");
	DO("unlink", "/d/full");
	DO("unlink", "/d/symlink");
	DO("unlink", "/d/fifo");
	DO("rmdir", "/d/dir");
	DO("mkdir", "/d/dir", .mode = 0755);
	DO("mkdir", "/d/dir/inside", .mode = 0755);
	DO("rmdir", "/d/dir");
	DO("rmdir", "/d/dir/inside");
	DO("rmdir", "/d/dir");
	DO("rmdir", "/d/merged");
	DO("unlink", "/d/merged/two");
	DO("unlink", "/d/merged/three");
	DO("rmdir", "/d/merged");
	DO("rmdir", "/d/nothing");
	DO("unlink", "/only/here/file");
	DO("unlink", "/reborn/old");
	DO("rmdir", "/reborn");
	DO("mkdir", "/reborn", .mode = 0755);
	DO("open", "/reborn/old", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("unlink", "/reborn/old");
	DO("rmdir", "/reborn");
	a = user;
	DO("unlink", "/d/full/inside");
	DO("unlink", "/free/by-user");
	DO("rmdir", "/free/dir-by-user");
}

static void do_five(struct union_fs *u, bool cold)
{
	struct actor *a = &self;

	for (int layer = 1; layer <= 5; layer++) {
		DO("chmod", format("/in%d", layer), .mode = 0600);
		DO("unlink", format("/gone%d", layer));
		DO("unlink", format("/shadow/in%d", layer));
		DO("open", format("/stacked%d", layer), .flags = O_WRONLY);
		DO("unlink", format("/stacked%d", layer));
	}
	DO("rmdir", "/shadow");
	DO("open", "/hidden", .flags = O_WRONLY);
	DO("open", "/hidden", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	/* No lower shows below the whiteout of layer 3: nothing to hide. */
	DO("unlink", "/hidden");
	DO("unlink", "/opaque/four");
	DO("unlink", "/opaque/two");
	DO("open", "/opaque/four", .flags = O_WRONLY | O_CREAT, .mode = 0644);
	DO("unlink", "/opaque/four");
	DO("rmdir", "/opaque");
}

static void do_rich(struct union_fs *u, bool cold)
{
	struct actor *a = &self;

	DO("chmod", "/meta", .mode = 0600);
	DO("utimensat", "/meta");
	DO("open", "/meta", .flags = O_WRONLY);
	DO("open", "/meta", .flags = O_WRONLY);
	DO("chown", "/meta-chown", .mode = USER);
	DO("open", "/meta-chown", .flags = O_WRONLY | O_TRUNC);
	DO("rename", "/meta-rename", .path2 = "/meta-renamed");
	DO("open", "/meta-renamed", .flags = O_RDWR);
	DO("link", "/meta-link", .path2 = "/meta-linked");
	DO("open", "/meta-linked", .flags = O_RDWR);
	DO("chmod", "/meta-truncate", .mode = 0600);
	DO("truncate", "/meta-truncate", .mode = 10);
	DO("open", "/data", .flags = O_WRONLY);
	DO("chmod", "/data", .mode = 0600);
	DO("chmod", "/meta-delete", .mode = 0600);
	DO("unlink", "/meta-delete");

	DO("rename", "/dir", .path2 = "/dir-new");
	DO("open", "/dir-new/inside", .flags = O_WRONLY);
	DO("unlink", "/dir-new/below/inside");
	DO("rename", "/dir-new/stays", .path2 = "/other/went");
	DO("rename", "/dir-new", .path2 = "/other/dir-newer");
	DO("rename", "/dir2", .path2 = "/other/dir2");
	DO("rmdir", "/other/dir2");
	DO("unlink", "/other/dir2/inside");
	DO("rmdir", "/other/dir2");
	DO("rename", "/swap-dir", .path2 = "/swap-file", .flags = RENAME_EXCHANGE);
	DO("mkdir", "/dir", .mode = 0755);
	DO("rename", "/dir", .path2 = "/other/plain-dir");

	DO("open", "/h/one", .flags = O_WRONLY);
	DO("open", "/h/two", .flags = O_WRONLY);
	DO("chmod", "/h/three", .mode = 0600);
	DO("unlink", "/h/one");
	DO("chmod", "/h/a", .mode = 0600);
	DO("open", "/h/b", .flags = O_WRONLY);
	DO("unlink", "/h/b");
	DO("unlink", "/h/a");
}

/** Its upper has no room for the large file. */
static void do_small(struct union_fs *u)
{
	struct actor *a = &self;
	bool cold = false;

	DO("open", "/dir/big", .flags = O_WRONLY);
	DO("chmod", "/dir/big", .mode = 0600);
	DO("open", "/dir/little", .flags = O_WRONLY);
}

static void do_read_only(struct union_fs *u)
{
	struct actor *a = &self;
	bool cold = false;

	DO("open", "/file", .flags = O_WRONLY);
	DO("chmod", "/dir/file", .mode = 0600);
	DO("unlink", "/dir/file");
	DO("mkdir", "/dir/new", .mode = 0700);
	DO("rename", "/file", .path2 = "/file2");
}

static void mount_union(struct actor *a, struct union_fs *u)
{
	char *text = format("overlay|%s", u->options);

	if (op((struct operation){ .actor = a, .call = "mount", .path = u->point, .path2 = u->name, .text = text,
				   .mounts = true }) < 0)
		die(u->options);
}

#define MOUNT(call_, path_, ...) \
	op((struct operation){ .actor = a, .mounts = true, .call = call_, .path = path_, ##__VA_ARGS__ })

/** Mounts, in a namespace that is not the host's: all of them are reported. */
static void do_mounts(struct actor *a, const char *base, struct union_fs *u, struct union_fs *fresh)
{
	char *m = format("%s/mnt", base), *x = format("%s/x", m), *y = format("%s/y z", m), *f = format("%s/f", m);

	MOUNT("mount", m, .path2 = "mine", .text = "tmpfs|size=1m", .flags = MS_NOSUID | MS_NODEV);
	/* Not an event: a file system that is no union, of somebody who is no container. */
	MOUNT("mkdir", x, .mode = 0755);
	MOUNT("mkdir", y, .mode = 0755);
	MOUNT("mknod", f, .mode = S_IFREG | 0600);
	MOUNT("mount", x, .path2 = "none", .text = "tmpfs|");
	MOUNT("mount", y, .path2 = x, .flags = MS_BIND);
	MOUNT("mount", y, .path2 = "none", .flags = MS_REMOUNT | MS_BIND | MS_RDONLY);
	MOUNT("mount", f, .path2 = "/etc/passwd", .flags = MS_BIND);
	MOUNT("umount", f, .flags = 0);
	MOUNT("umount", y, .flags = 0);
	MOUNT("mount", y, .path2 = x, .flags = MS_MOVE);
	MOUNT("mount", y, .path2 = "none", .flags = MS_SHARED);
	MOUNT("mount", y, .path2 = "none", .flags = MS_SLAVE);
	MOUNT("mount", y, .path2 = "none", .flags = MS_PRIVATE | MS_REC);
	MOUNT("mount", y, .path2 = "none", .flags = MS_REMOUNT | MS_RDONLY, .text = "|");
	MOUNT("mount", x, .path2 = y, .flags = MS_BIND | MS_REC);
	MOUNT("umount", x, .flags = MNT_DETACH);
	MOUNT("umount", x, .flags = 0);
	MOUNT("umount", y, .flags = UMOUNT_NOFOLLOW);
	/* failures */
	MOUNT("mount", x, .path2 = "none", .text = "nosuchfs|");
	MOUNT("mount", x, .path2 = "none", .text = "tmpfs|nosuchoption=1");
	MOUNT("mount", format("%s/nothing", m), .path2 = "none", .text = "tmpfs|");
	MOUNT("mount", x, .path2 = "none", .text = format("overlay|lowerdir=%s/nothing,upperdir=%s,workdir=%s", m, x, y));
	MOUNT("mount", x, .path2 = "/nowhere", .flags = MS_BIND);
	MOUNT("mount", x, .path2 = "none", .text = "tmpfs|");
	MOUNT("umount", m, .flags = 0);
	MOUNT("umount", x, .flags = 0);
	/* the new interface */
	MOUNT("fsopen", NULL, .text = "tmpfs");
	MOUNT("fsconfig", NULL, .text = "source", .path2 = "by fsopen");
	MOUNT("fsconfig-create", NULL);
	MOUNT("fsmount", NULL);
	MOUNT("attach", x);
	MOUNT("close", NULL, .flags = 1);
	MOUNT("close", NULL);
	MOUNT("open_tree", x);
	MOUNT("attach", y);
	MOUNT("close", NULL, .flags = 1);
	MOUNT("umount", x, .flags = 0);
	MOUNT("move_mount", x, .path2 = y);
	MOUNT("move_mount", format("%s/nothing", m), .path2 = x);
	MOUNT("umount", x, .flags = 0);
	/* in a union, and of a part of a union */
	MOUNT("mount", format("%s/c", u->point), .path2 = "on a union", .text = "tmpfs|");
	MOUNT("umount", format("%s/c", u->point), .flags = 0);
	MOUNT("mount", x, .path2 = format("%s/c", u->point), .flags = MS_BIND);
	MOUNT("umount", x, .flags = 0);
	/* unions */
	mount_union(a, fresh);
	op((struct operation){ .actor = a, .u = fresh, .call = "chmod", .path = "/file", .mode = 0600 });
	MOUNT("umount", fresh->point, .flags = 0);
	MOUNT("fsopen", NULL, .text = "overlay");
	MOUNT("fsconfig", NULL, .text = "lowerdir", .path2 = fresh->lower[0]);
	MOUNT("fsconfig", NULL, .text = "upperdir", .path2 = fresh->upper);
	MOUNT("fsconfig", NULL, .text = "workdir", .path2 = fresh->work);
	MOUNT("fsconfig-create", NULL);
	MOUNT("fsmount", NULL);
	MOUNT("close", NULL);
	MOUNT("attach", fresh->point);
	MOUNT("close", NULL, .flags = 1);
	op((struct operation){ .actor = a, .u = fresh, .call = "unlink", .path = "/file" });
	MOUNT("umount", fresh->point, .flags = MNT_DETACH);
	/* built and never attached */
	MOUNT("fsopen", NULL, .text = "overlay");
	MOUNT("fsconfig", NULL, .text = "lowerdir", .path2 = fresh->lower[0]);
	MOUNT("fsconfig", NULL, .text = "upperdir", .path2 = fresh->upper);
	MOUNT("fsconfig", NULL, .text = "workdir", .path2 = fresh->work);
	MOUNT("fsconfig-create", NULL);
	MOUNT("close", NULL);
	MOUNT("umount", m, .flags = 0);
}

int main(int argc, char **argv)
{
	struct union_fs *plain[2], *cold[2], *five[2], *rich[2], *small[2], *read_only[2], *fresh[2], *last;
	struct actor *a = &self;
	char line[16], *path;

	if (argc != 4)
		return 2;
	prctl(PR_SET_NAME, "overlay-driver");
	umask(0);
	truth = fopen(argv[3], "we");
	if (!truth)
		die(argv[3]);
	for (int i = 0; i < 2; i++) {
		const char *base = argv[i + 1];
		char *small_upper = format("%s/small-upper", base);

		plain[i] = new_union(base, base, "plain", 3, "redirect_dir=off,metacopy=off,index=off");
		set_up_plain(plain[i]);
		cold[i] = new_union(base, base, "cold", 3, "redirect_dir=off,metacopy=off,index=off");
		set_up_plain(cold[i]);
		five[i] = new_union(base, base, "five", 5, "redirect_dir=off,metacopy=off,index=off");
		set_up_five(five[i]);
		rich[i] = new_union(base, base, "rich", 2, "redirect_dir=on,metacopy=on,index=on");
		set_up_rich(rich[i]);
		read_only[i] = new_union(base, NULL, "read-only", 2, "");
		lower_file(read_only[i], 1, "/file", 10);
		lower_file(read_only[i], 2, "/dir/file", 10);
		fresh[i] = new_union(base, base, "fresh", 1, "");
		lower_file(fresh[i], 1, "/file", 10);
		make_directory(small_upper);
		if (mount("small", small_upper, "tmpfs", 0, "size=1m") < 0)
			die(small_upper);
		small[i] = new_union(base, small_upper, "small", 1, "");
		lower_file(small[i], 1, "/dir/big", 2 * MIB);
		lower_file(small[i], 1, "/dir/little", 10);
		path = format("%s/mnt", base);
		make_directory(path);
	}
	last = new_union(argv[1], argv[1], "last", 1, "");
	lower_file(last, 1, "/file", 10);
	for (int i = 0; i < 2; i++) {
		struct union_fs *all[] = { plain[i], cold[i], five[i], rich[i], read_only[i], fresh[i], small[i] };

		for (size_t j = 0; j < COUNT(all); j++)
			put_union(all[j]);
		/* Older than the trace. */
		if (mount("older", plain[i]->point, "overlay", 0, plain[i]->options) < 0 ||
		    mount("older", cold[i]->point, "overlay", 0, cold[i]->options) < 0)
			die("mount");
	}
	put_union(last);
	fprintf(truth, "{\"host\":%lu", inode_of("/proc/self/ns/mnt"));
	put_lines("mounted", read_mounts(&self), "");
	fprintf(truth, "}\n");
	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		die("no start");

	for (int i = 0; i < 2; i++) {
		mount_union(a, five[i]);
		mount_union(a, rich[i]);
		mount_union(a, small[i]);
		mount_union(a, read_only[i]);
	}
	/* In the host's namespace a mount is reported when a union has a part in it. */
	MOUNT("mount", format("%s/mnt", argv[1]), .path2 = "host's own", .text = "tmpfs|");
	MOUNT("umount", format("%s/mnt", argv[1]), .flags = 0);

	path = format("%s/c", plain[0]->point);
	MOUNT("mount", path, .path2 = "on a union", .text = "tmpfs|");
	MOUNT("umount", path, .flags = 0);

	user = start_actor("another user", USER);
	other_ns = start_actor("another ns", 0);
	a = other_ns;
	MOUNT("unshare", NULL);
	MOUNT("mount", "/", .path2 = "none", .flags = MS_REC | MS_PRIVATE);
	a = &self;
	for (int i = 0; i < 2; i++) {
		do_plain(plain[i], false);
		do_plain(cold[i], true);
		do_five(five[i], i == 1);
		do_rich(rich[i], i == 1);
		do_small(small[i]);
		do_read_only(read_only[i]);
	}
	for (int i = 0; i < 2; i++)
		do_mounts(other_ns, argv[i + 1], plain[i], fresh[i]);

	/* The end of a namespace takes a union with it. */
	a = other_ns;
	mount_union(a, last);
	usleep(500000);
	op((struct operation){ .actor = other_ns, .call = "exit" });
	usleep(500000);
	a = &self;
	MOUNT("clone-newns", NULL);
	usleep(500000);
	fprintf(truth, "{\"killed\":%d,\"start\":%ld", newns_pid, now(CLOCK_REALTIME));
	kill(newns_pid, SIGKILL);
	if (waitpid(newns_pid, NULL, 0) < 0)
		die("waitpid");
	fprintf(truth, ",\"end\":%ld}\n", now(CLOCK_REALTIME));
	for (int i = 0; i < 2; i++) {
		MOUNT("umount", five[i]->point, .flags = 0);
		MOUNT("umount", rich[i]->point, .flags = 0);
		MOUNT("umount", plain[i]->point, .flags = 0);
		MOUNT("umount", read_only[i]->point, .flags = 0);
	}
	fprintf(truth, "{\"end\":true,\"driver\":%d,\"user\":%d}\n", getpid(), user->pid);
	fclose(truth);
	return 0;
}
