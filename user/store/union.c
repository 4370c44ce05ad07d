// SPDX-License-Identifier: BSD-2-Clause
#include "store/union.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_internal.h"
#include "store/union_mount.h"
#include "store/union_observe.h"
#include "store/union_plan.h"
#include "store/union_text.h"

#define WORK_SUFFIX ".mica-work"

static int resolve(struct mica_store *store, const char *path, char **ret)
{
	char *real = realpath(path, NULL);
	struct stat stat;

	if (!real)
		return mica_store_refuse(store, -errno, "cannot find the directory '%s'", path);
	if (lstat(real, &stat) < 0 || !S_ISDIR(stat.st_mode)) {
		free(real);
		return mica_store_refuse(store, -ENOTDIR, "'%s' is no directory", path);
	}
	*ret = real;
	return 0;
}

static int add_lower(struct mica_union_plan *plan, char *path)
{
	char **lowers = reallocarray(plan->lowers, plan->lower_count + 1, sizeof(*lowers));

	if (!lowers) {
		free(path);
		return -ENOMEM;
	}
	plan->lowers = lowers;
	lowers[plan->lower_count++] = path;
	return 0;
}

static int add_branch(struct mica_store *store, const struct mica_branches *branches, size_t index,
		      struct mica_union_plan *plan)
{
	const struct mica_branch *branch = &branches->items[index];
	char *path = NULL;
	int r = resolve(store, branch->path, &path);

	if (r < 0)
		return r;
	if (!branch->writable)
		return add_lower(plan, path);
	if (plan->upper) {
		free(path);
		return mica_store_refuse(store, -EINVAL, "only one branch can be writable, and '%s' is a second",
					 branch->path);
	}
	plan->upper = path;
	/* Those above it: overlayfs has them below, so the guard refuses what would change them. */
	plan->guarded = plan->lower_count;
	return 0;
}

static int make_work(struct mica_store *store, const char *given, struct mica_union_plan *plan)
{
	char *path = NULL;
	int r;

	if (!plan->upper)
		return given ? mica_store_refuse(store, -EINVAL,
						 "a work directory is for a writable branch, and none is")
			     : 0;
	if (!given && asprintf(&path, "%s" WORK_SUFFIX, plan->upper) < 0)
		return -ENOMEM;
	if (mkdir(given ? given : path, 0700) < 0 && errno != EEXIST) {
		r = mica_store_refuse(store, -errno, "cannot make the work directory '%s'", given ? given : path);
		free(path);
		return r;
	}
	r = resolve(store, given ? given : path, &plan->work);
	free(path);
	return r;
}

static int make_plan(struct mica_store *store, const struct mica_union_request *request, struct mica_union_plan *plan)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < request->branches->count; i++)
		r = add_branch(store, request->branches, i, plan);
	if (r == 0 && !plan->lower_count)
		r = mica_store_refuse(store, -EINVAL, "a union needs a read-only branch beside the writable one");
	if (r == 0 && !plan->upper && plan->lower_count < 2)
		r = mica_store_refuse(store, -EINVAL, "a union needs two branches");
	if (r == 0)
		r = make_work(store, request->work, plan);
	if (r < 0)
		return r;
	plan->readonly = request->readonly;
	for (size_t i = 0; request->options && request->options[i]; i++) {
		char **options = reallocarray(plan->options, plan->option_count + 2, sizeof(*options));

		if (!options)
			return -ENOMEM;
		plan->options = options;
		options[plan->option_count] = strdup(request->options[i]);
		if (!options[plan->option_count++])
			return -ENOMEM;
		options[plan->option_count] = NULL;
	}
	return 0;
}

static int mount_plan(struct mica_store *store, const struct mica_union_plan *plan, const char *target)
{
	struct mica_union_reason reason;
	int r = mica_union_plan_mount(store, plan, target, &reason);

	return r < 0 ? mica_store_refuse(store, r, "cannot mount the union: %s", reason.text) : 0;
}

/* It is there, and its guard may have gone meanwhile. */
static int cover_plan(struct mica_store *store, const struct mica_union_plan *plan, const char *target)
{
	struct mica_union_reason reason;
	int r = mica_union_plan_cover(store, plan, target, &reason);

	return r < 0 ? mica_store_refuse(store, r, "%s", reason.text) : 0;
}

/* Never a second union on one upper: the kernel only warns. */
static int check_free(struct mica_store *store, const struct mica_union_plan *plan, const char *target,
		      bool *ret_mounted)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	_cleanup_free_ char *other = NULL;
	enum mica_union_state state = MICA_UNION_MISSING;
	int r = mica_mountinfo_new("/proc/self/mountinfo", &mounts);

	if (r == 0)
		r = mica_union_observe(mounts, plan, target, &state);

	if (r == 0 && state == MICA_UNION_MOUNTED) {
		*ret_mounted = true;
		return 0;
	}
	if (r == 0 && plan->upper)
		r = mica_union_find_upper(mounts, plan->upper, &other);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot look at the mounts");
	if (other)
		return mica_store_refuse(store, -EBUSY, "'%s' is the upper of the union at '%s' already", plan->upper,
					 other);
	return 0;
}

static int write_down(struct mica_store *store, const struct mica_union_plan *plan, const char *target, bool mounted)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	_cleanup_free_ char *text = NULL;
	int r = mica_union_plan_write(plan, &text);

	if (r < 0)
		return r;
	r = mica_transaction_begin(&transaction, store->database, true);
	if (r == 0)
		r = mica_database_run(store->database,
				      "INSERT INTO unions VALUES (?, ?, ?) ON CONFLICT (target) DO UPDATE SET"
				      " specification = excluded.specification",
				      "tti", target, text, mica_store_now());
	if (r < 0)
		return mica_store_database_failed(store, r);
	/* Inside the transaction: killed before the commit, it is mounted and not written down, and said again, it is
	 * only written down. */
	r = mounted ? cover_plan(store, plan, target) : mount_plan(store, plan, target);
	if (r < 0)
		return r;
	r = mica_database_commit(store->database);
	if (r < 0 && !mounted)
		(void)umount2(target, UMOUNT_NOFOLLOW);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

static int refuse_other(struct mica_store *store, const char *target, const struct mica_union_plan *plan)
{
	_cleanup_free_ char *text = NULL;
	int64_t other = 0;
	int r = mica_union_plan_write(plan, &text);

	if (r == 0)
		r = mica_database_number(store->database, &other,
					 "SELECT count(*) FROM unions WHERE target = ? AND specification != ?", "tt",
					 target, text);
	if (r < 0)
		return mica_store_database_failed(store, r);
	return other ? mica_store_refuse(store, -EEXIST, "another union is written down for '%s'; unmount it first",
					 target)
		     : 0;
}

int mica_union_create(struct mica_store *store, const struct mica_union_request *request, const char *target)
{
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	_cleanup_free_ char *real = NULL;
	bool mounted = false;
	int r = resolve(store, target, &real);

	if (r == 0)
		r = make_plan(store, request, &plan);
	if (r == 0)
		r = refuse_other(store, real, &plan);
	if (r == 0)
		r = check_free(store, &plan, real, &mounted);
	return r < 0 ? r : write_down(store, &plan, real, mounted);
}

/* A mount point that was removed with its parent cannot be resolved any more, but is written down. */
static int real_target(struct mica_store *store, const char *target, char **ret)
{
	char *real = realpath(target, NULL);

	if (!real && target[0] == '/')
		real = strdup(target);
	if (!real)
		return mica_store_refuse(store, -errno, "cannot find '%s'", target);
	*ret = real;
	return 0;
}

/* 0: it has no guard. */
static uint64_t guard_number(const struct mica_store *store, const char *target)
{
	_cleanup_close_ int fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t number, refused;

	return fd >= 0 && store->guard && store->guard->look(fd, &number, &refused) == 0 ? number : 0;
}

int mica_union_remove(struct mica_store *store, const char *target)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	_cleanup_free_ char *real = NULL;
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	uint64_t number;
	bool overlay = false;
	int r = real_target(store, target, &real);

	if (r < 0 || !real)
		return r;
	r = mica_transaction_begin(&transaction, store->database, true);
	if (r == 0)
		r = mica_database_run(store->database, "DELETE FROM unions WHERE target = ?", "t", real);
	if (r < 0)
		return mica_store_database_failed(store, r);
	r = mica_mountinfo_new("/proc/self/mountinfo", &mounts);
	if (r < 0)
		return mica_store_refuse(store, r, "cannot look at the mounts");
	overlay = mica_union_is_overlay(mounts, real);
	if (!overlay && !mica_database_changes(store->database))
		return mica_store_refuse(store, -ENOENT, "there is no union at '%s'", target);
	number = overlay ? guard_number(store, real) : 0;
	if (overlay && umount2(real, UMOUNT_NOFOLLOW) < 0)
		return mica_store_refuse(store, -errno,
					 "cannot unmount the union at '%s'; `mica holders` tells who keeps it", target);
	if (overlay && store->guard)
		store->guard->release(number);
	r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

struct listing {
	const struct mica_mountinfo *mounts;
	const struct mica_store *store;
	int (*take)(const struct mica_union_entry *entry, void *userdata);
	void *userdata;
};

/* Fills in how much was refused. */
static bool is_guarded(const struct mica_store *store, struct mica_union_entry *entry)
{
	_cleanup_close_ int fd = open(entry->target, O_PATH | O_DIRECTORY | O_CLOEXEC);

	uint64_t number;

	return fd >= 0 && store->guard && store->guard->look(fd, &number, &entry->refused) == 0;
}

static int take_union(const struct mica_row *row, void *userdata)
{
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	const struct listing *listing = userdata;
	struct mica_union_entry entry = { .target = mica_row_text(row, 0) };
	int r = mica_union_plan_read(mica_row_text(row, 1), &plan);

	if (r == 0)
		r = mica_union_observe(listing->mounts, &plan, entry.target, &entry.state);
	if (r < 0)
		return r;
	if (entry.state == MICA_UNION_MOUNTED && plan.guarded && !is_guarded(listing->store, &entry))
		entry.state = MICA_UNION_UNGUARDED;
	entry.upper = plan.upper;
	entry.lower_count = plan.lower_count;
	return listing->take(&entry, listing->userdata);
}

int mica_union_list(struct mica_store *store, int (*take)(const struct mica_union_entry *entry, void *userdata),
		    void *userdata)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL;
	struct listing listing = { .store = store, .take = take, .userdata = userdata };
	int r = mica_mountinfo_new("/proc/self/mountinfo", &mounts);

	store->reason[0] = '\0';
	if (r < 0)
		return mica_store_refuse(store, r, "cannot look at the mounts");
	listing.mounts = mounts;
	return mica_database_query(store->database, take_union, &listing,
				   "SELECT target, specification FROM unions ORDER BY target", NULL);
}

const char *mica_union_state_name(enum mica_union_state state)
{
	static const char *const names[] = {
		[MICA_UNION_MOUNTED] = "mounted",
		[MICA_UNION_MISSING] = "missing",
		[MICA_UNION_COVERED] = "covered",
		[MICA_UNION_UNGUARDED] = "unguarded",
	};

	return state < _MICA_UNION_STATE_MAX ? names[state] : "?";
}
