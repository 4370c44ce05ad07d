/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders.h: the unions, and what the path is to them. Directories are compared as files, by device and inode, never as
 * text: the options of a mount are relative, escaped, symlinks, or paths of another namespace. Done in a child, since a
 * layer may lie on a file system that does not answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "container/holders_internal.h"

/** What the child found about a directory of a union. */
struct relation {
	bool related;
	enum mica_role role;
	unsigned layer;
	/** Device of the union that the directory lies on; 0: on none. */
	uint32_t below;
	/** Followed by the directory's path on the host, if it is the upper and can be told. */
	bool has_path;
};

struct comparison {
	struct mica_holders_search *search;
	struct mica_guard *guard;
};

static uint32_t mica_device(struct mica_file_id id)
{
	return major(id.device) << 20 | minor(id.device);
}

static int add_union(struct mica_holders_search *search, size_t mount)
{
	const struct mica_mount_entry *entry = search->mounts[mount].entry;
	bool on_host = search->spaces[search->mounts[mount].space].is_host;
	uintptr_t known = (uintptr_t)mica_table_get(&search->union_by_device, entry->device);
	struct mica_live_union *u;

	if (known) {
		u = &search->unions[known - 1];
		/* The whole of it says more than a part; the host's place more than others'. */
		if ((on_host && !search->spaces[search->mounts[u->mount].space].is_host) ||
		    (strcmp(entry->root, "/") == 0 && strcmp(search->mounts[u->mount].entry->root, "/") != 0))
			u->mount = mount;
		return 0;
	}
	u = mica_holders_grow(search->unions, search->union_count);
	if (!u)
		return -ENOMEM;
	u->device = entry->device;
	u->mount = mount;
	if (mica_table_put(&search->union_by_device, entry->device, (void *)(uintptr_t)search->union_count) < 0)
		return -ENOMEM;
	return mica_overlay_options_parse(entry->options, &u->directories);
}

/** Process through whose root a namespace's paths are reached; 0: our own root. */
static int reach(const struct mica_holders_search *search, const struct mica_live_union *u)
{
	const struct mica_held_space *space = &search->spaces[search->mounts[u->mount].space];

	return space->is_own ? 0 : space->pid;
}

/** Opens a directory by an absolute path as a process sees it (0: as the host does). */
static int open_seen(const struct mica_holders_search *search, int pid, const char *path)
{
	_cleanup_free_ char *joined = NULL;
	char root[PATH_MAX];

	if (pid)
		mica_holders_proc_path(search, pid, pid, "root", root);
	if (asprintf(&joined, "%s%s", pid ? root : search->host->prefix, path) < 0) {
		joined = NULL;
		return -ENOMEM;
	}
	return open(joined, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/** Opens an option's path below `base` ("" for an absolute one), in the view of `pid`. */
static int open_below(const struct mica_holders_search *search, int pid, const char *base, const char *path)
{
	_cleanup_free_ char *joined = NULL;

	if (*path == '/')
		return open_seen(search, pid, path);
	if (!base || asprintf(&joined, "%s/%s", base, path) < 0) {
		joined = NULL;
		return -ENOENT;
	}
	return open_seen(search, pid, joined);
}

static int open_directory(const struct mica_holders_search *search, int pid, const char *base,
			  const struct mica_overlay_directory *directory)
{
	int fd = open_below(search, pid, base, directory->path);

	return fd < 0 && directory->other ? open_below(search, pid, base, directory->other) : fd;
}

/** True: all directories with a relative path are there. */
static bool fits(const struct mica_holders_search *search, const struct mica_live_union *u, int pid, const char *base)
{
	for (size_t i = 0; i < u->directories.count; i++) {
		const struct mica_overlay_directory *directory = &u->directories.items[i];
		_cleanup_close_ int fd = -EBADF;

		if (directory->path[0] == '/')
			continue;
		fd = open_directory(search, pid, base, directory);
		if (fd < 0)
			return false;
	}
	return true;
}

/** Looks for the base above an absolute path (caller frees); NULL: it is not there. */
static char *base_above(const struct mica_holders_search *search, const struct mica_live_union *u, int pid,
			const char *path)
{
	char *base = strdup(path), *slash;

	while (base && (slash = strrchr(base, '/'))) {
		*slash = '\0';
		if (fits(search, u, pid, base))
			return base;
	}
	free(base);
	return NULL;
}

/**
 * Directory that the relative paths are relative to: whoever mounted it was there. Engines are in the directory of all
 * layers, above the upper or the mount point; else above the path that was asked for, if all the others are there too.
 */
static char *find_base(const struct mica_holders_search *search, const struct mica_live_union *u, int pid)
{
	const struct mica_overlay_directories *directories = &u->directories;
	bool all_absolute = true;
	char *base = NULL;

	for (size_t i = 0; i < directories->count; i++)
		all_absolute = all_absolute && directories->items[i].path[0] == '/';
	if (all_absolute)
		return NULL;
	for (size_t i = 0; i < directories->count && !base; i++)
		if (directories->items[i].part != MICA_OVERLAY_LOWER && directories->items[i].path[0] == '/')
			base = base_above(search, u, pid, directories->items[i].path);
	if (!base)
		base = base_above(search, u, pid, search->mounts[u->mount].entry->target);
	if (!base && !pid && search->path.real)
		base = base_above(search, u, pid, search->path.real);
	return base;
}

static bool is_path(struct mica_file_id id, void *userdata)
{
	const struct mica_held_path *path = userdata;

	return id.device == path->id.device && id.inode == path->id.inode;
}

/** What the path is to a union that has this directory. False: nothing. */
static bool relate(const struct mica_held_path *path, int fd, const struct mica_overlay_directory *directory,
		   struct mica_file_id id, enum mica_role *ret)
{
	static const enum mica_role roles[] = {
		[MICA_OVERLAY_UPPER] = MICA_ROLE_UPPER,
		[MICA_OVERLAY_WORK] = MICA_ROLE_WORK,
		[MICA_OVERLAY_LOWER] = MICA_ROLE_LOWER,
	};

	for (size_t i = 0; i < path->ancestor_count; i++) {
		if (path->ancestors[i].device != id.device || path->ancestors[i].inode != id.inode)
			continue;
		*ret = roles[directory->part];
		return true;
	}
	*ret = MICA_ROLE_ABOVE;
	return id.device == path->id.device && mica_holders_each_ancestor(fd, is_path, (void *)path);
}

/** Path of an open directory on the host (caller frees); NULL: not to be told. */
static char *path_of_fd(const struct mica_holders_search *search, int fd)
{
	char link[64], text[PATH_MAX];
	size_t length = strlen(search->host->prefix);
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, text, sizeof(text) - 1);
	if (size < 0 || (size_t)size < length || memcmp(text, search->host->prefix, length) != 0)
		return NULL;
	text[size] = '\0';
	return strdup(text + length);
}

static void send_relation(struct mica_guard *guard, const struct relation *relation, const char *path)
{
	size_t path_size = path ? strlen(path) + 1 : 0, size = sizeof(*relation) + path_size;
	_cleanup_free_ char *message = malloc(size);

	if (!message)
		return;
	memcpy(message, relation, sizeof(*relation));
	if (path)
		memcpy(message + sizeof(*relation), path, path_size);
	mica_guard_send(guard, message, size);
}

/** Path on the host of a directory that was opened in the view of `pid`: what is there is the same file. */
static char *path_on_host(const struct mica_holders_search *search, int pid, const char *base,
			  const struct mica_overlay_directory *directory, int fd, struct mica_file_id id)
{
	_cleanup_close_ int there = -EBADF;
	struct mica_file_id other;
	struct statx st;

	if (!pid)
		return path_of_fd(search, fd);
	there = open_directory(search, 0, base, directory);
	if (there < 0 || mica_holders_stat(there, "", &st) < 0)
		return NULL;
	other = mica_holders_file_id(&st);
	return other.device == id.device && other.inode == id.inode ? path_of_fd(search, there) : NULL;
}

static void compare_directory(const struct comparison *comparison, const struct mica_live_union *u, int pid,
			      const char *base, const struct mica_overlay_directory *directory, int fd)
{
	const struct mica_holders_search *search = comparison->search;
	struct relation relation = { .layer = directory->layer };
	_cleanup_free_ char *path = NULL;
	struct mica_file_id id;
	struct statx st;

	if (mica_holders_stat(fd, "", &st) < 0)
		return;
	id = mica_holders_file_id(&st);
	relation.related = relate(&search->path, fd, directory, id, &relation.role);
	if (mica_device(id) != u->device && mica_table_get(&search->union_by_device, mica_device(id)))
		relation.below = mica_device(id);
	if (directory->part == MICA_OVERLAY_UPPER)
		path = path_on_host(search, pid, base, directory, fd, id);
	relation.has_path = path;
	if (relation.related || relation.below || path)
		send_relation(comparison->guard, &relation, path);
}

/** Is the upper as one sees it really this union's? Tells views apart that have different directories of one name. */
static bool is_right_view(const struct mica_holders_search *search, const struct mica_live_union *u, int pid,
			  const char *base)
{
	const struct mica_mount_entry *entry = search->mounts[u->mount].entry;
	_cleanup_close_ int root = -EBADF, upper = -EBADF;

	for (size_t i = 0; i < u->directories.count; i++)
		if (u->directories.items[i].part == MICA_OVERLAY_UPPER)
			upper = open_directory(search, pid, base, &u->directories.items[i]);
	if (upper < 0)
		return !u->directories.count || u->directories.items[0].part == MICA_OVERLAY_LOWER;
	if (strcmp(entry->root, "/") != 0 || search->host->prefix[0])
		return true;
	root = open_seen(search, reach(search, u), entry->target);
	return root < 0 || mica_holders_is_upper(root, upper) != 0;
}

/** True: all its directories are there in this view. */
static bool compare_in_view(const struct comparison *comparison, const struct mica_live_union *u, int pid)
{
	_cleanup_free_ char *base = find_base(comparison->search, u, pid);
	bool complete = true;

	if (!is_right_view(comparison->search, u, pid, base))
		return false;
	for (size_t i = 0; i < u->directories.count; i++) {
		_cleanup_close_ int fd = open_directory(comparison->search, pid, base, &u->directories.items[i]);

		if (fd >= 0)
			compare_directory(comparison, u, pid, base, &u->directories.items[i], fd);
		else
			complete = false;
		mica_guard_send(comparison->guard, NULL, 0);
	}
	return complete;
}

/** In the view of the namespace where it is mounted, for that may be where it was made; else in the host's. */
static void compare(struct mica_guard *guard, size_t index, void *userdata)
{
	const struct comparison comparison = { .search = userdata, .guard = guard };
	const struct mica_live_union *u = &comparison.search->unions[index];
	int pid = reach(comparison.search, u);

	if (!pid || !compare_in_view(&comparison, u, pid))
		(void)compare_in_view(&comparison, u, 0);
}

static int take_relation(size_t index, const void *message, size_t size, void *userdata)
{
	struct mica_holders_search *search = userdata;
	struct mica_live_union *u = &search->unions[index];
	struct relation relation;
	uint32_t *below;

	(void)size;
	memcpy(&relation, message, sizeof(relation));
	if (relation.has_path && !u->upper) {
		u->upper = strdup((const char *)message + sizeof(relation));
		if (!u->upper)
			return -ENOMEM;
	}
	if (relation.below) {
		below = mica_holders_grow(u->below, u->below_count);
		if (!below)
			return -ENOMEM;
		*below = relation.below;
	}
	if (relation.related && (!u->related || relation.role < u->role)) {
		u->related = true;
		u->role = relation.role;
		u->layer = relation.role == MICA_ROLE_LOWER ? relation.layer : 0;
	}
	return 0;
}

static void count_hanging(size_t index, void *userdata)
{
	struct mica_holders_search *search = userdata;

	(void)index;
	search->result->gaps.hanging++;
}

/** Marks the unions that stand on related ones, until there are no more. True: there were some. */
static bool mark_stacked(struct mica_holders_search *search)
{
	bool more = false;

	for (size_t i = 0; i < search->union_count; i++) {
		struct mica_live_union *u = &search->unions[i];

		for (size_t k = 0; k < u->below_count && !u->related; k++) {
			uintptr_t below = (uintptr_t)mica_table_get(&search->union_by_device, u->below[k]);

			if (!below || !search->unions[below - 1].related)
				continue;
			u->related = more = true;
			u->role = MICA_ROLE_STACKED;
		}
	}
	return more;
}

/** The directories' paths: where the upper is on the host, else as they were given. */
static int describe_directories(const struct mica_live_union *u, struct mica_held_union *held)
{
	for (size_t i = 0; i < u->directories.count; i++) {
		const struct mica_overlay_directory *directory = &u->directories.items[i];

		if (directory->part == MICA_OVERLAY_LOWER) {
			held->layers++;
			continue;
		}
		char **field = directory->part == MICA_OVERLAY_UPPER ? &held->upper : &held->work;

		free(*field);
		*field = strdup(field == &held->upper && u->upper ? u->upper : directory->path);
		if (!*field)
			return -ENOMEM;
	}
	return 0;
}

/** Container by the upper's place, else whose namespace it is mounted in. */
static const struct mica_container *container_of(struct mica_holders_search *search, const struct mica_live_union *u)
{
	const struct mica_known_container *container = NULL;
	_cleanup_free_ char *path = NULL;
	uint32_t device;

	if (u->upper && mica_mountinfo_locate(search->identity->mounts, u->upper, &device, &path) == 0)
		container = mica_container_by_upper(&search->identity->containers, device, path);
	if (!container)
		container = search->spaces[search->mounts[u->mount].space].container;
	return container ? &container->container : NULL;
}

static int describe(struct mica_holders_search *search, const struct mica_live_union *u)
{
	const struct mica_held_mount *mount = &search->mounts[u->mount];
	struct mica_held_union *held = mica_holders_add_union(search, u->device, u->role);

	if (!held)
		return -ENOMEM;
	held->layer = u->layer;
	held->container = container_of(search, u);
	held->mnt_ns = search->spaces[mount->space].inode;
	held->on_host = search->spaces[mount->space].is_host;
	held->mount_point = strdup(mount->entry->target);
	return held->mount_point ? describe_directories(u, held) : -ENOMEM;
}

int mica_holders_read_unions(struct mica_holders_search *search)
{
	struct mica_guarded_work guarded = {
		.work = compare,
		.take = take_relation,
		.unfinished = count_hanging,
		.userdata = search,
	};
	int r = 0;

	for (size_t i = 0; i < search->mount_count && r == 0; i++)
		if (strcmp(search->mounts[i].entry->type, "overlay") == 0)
			r = add_union(search, i);
	guarded.count = search->union_count;
	if (r == 0)
		r = mica_guarded_run(&guarded);
	if (r < 0)
		return r;
	for (size_t i = 0; i < search->union_count; i++) {
		if (search->unions[i].device != search->path.device)
			continue;
		search->unions[i].related = true;
		search->unions[i].role = MICA_ROLE_MERGED;
	}
	while (mark_stacked(search))
		;
	for (size_t i = 0; i < search->union_count && r == 0; i++)
		if (search->unions[i].related)
			r = describe(search, &search->unions[i]);
	return r;
}
