// SPDX-License-Identifier: BSD-2-Clause
#include "store/reconcile_act.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/layer_internal.h"
#include "store/reattach.h"
#include "store/union_plan.h"
#include "store/volume_internal.h"
#include "store/volume_users.h"

#define LOOKED_AT (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

/* Where the reason of a failure goes. */
struct words {
	char *text;
	size_t size;
};

__attribute__((format(printf, 3, 4))) static int say(const struct words *words, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(words->text, words->size, format, arguments);
	va_end(arguments);
	return error;
}

static int say_live(const struct words *words, const struct mica_live_union *live, const char *upper)
{
	if (live->mount_point)
		return say(words, 0, "its file system lives at %s in the mount namespace %" PRIu32, live->mount_point,
			   live->mnt_ns);
	return say(
		words, -EBUSY,
		"its upper is in use by a union that is mounted nowhere any more; `mica holders %s` tells who keeps it",
		upper);
}

/* Whether the union of an upper lives: only then is it brought back from there. */
static void choose_union(struct mica_reconcile_report *report, const struct words *words)
{
	_cleanup_live_union_ struct mica_live_union live = MICA_LIVE_UNION_NONE;
	const char *upper = report->kept->plan.upper;
	int r = mica_live_union_find(upper, &live);

	report->step = MICA_STEP_MOUNT;
	if (r < 0) {
		report->step = MICA_STEP_WAIT;
		(void)say(words, r, "cannot tell whether its upper %s is in use: %s", upper, strerror(-r));
	} else if (r > 0)
		report->step = say_live(words, &live, upper) < 0 ? MICA_STEP_WAIT : MICA_STEP_REATTACH;
}

void mica_reconcile_choose(struct mica_reconcile_report *report, const struct mica_drift_found *found, bool search,
			   char *text, size_t size)
{
	const struct mica_kept *kept = report->kept;
	const struct words words = { text, size };
	struct stat stat;

	report->step = MICA_STEP_WAIT;
	switch (found->drift) {
	case MICA_DRIFT_REMOUNTED:
		report->step = MICA_STEP_REMOUNT;
		break;
	case MICA_DRIFT_COVERED:
	case MICA_DRIFT_FOREIGN:
		if (found->other)
			(void)say(&words, 0, "%s (%s, mount %d) is mounted %s it; that is left alone",
				  *found->other->source ? found->other->source : "something", found->other->type,
				  found->other->id, found->drift == MICA_DRIFT_COVERED ? "over" : "in the place of");
		else
			(void)say(&words, 0, "a directory above it is covered by another mount; that is left alone");
		break;
	default:
		/* The store's own directories are not a server's. */
		if (lstat(kept->target, &stat) < 0 || !S_ISDIR(stat.st_mode))
			(void)say(&words, 0, "the mount point is no directory");
		else if (search && kept->kind != MICA_KEPT_VOLUME && kept->plan.upper)
			choose_union(report, &words);
		else
			report->step = MICA_STEP_MOUNT;
	}
}

static int mount_union(const struct mica_store *store, const struct mica_kept *kept, const struct words *words)
{
	struct mica_union_reason reason;
	int r = mica_union_plan_mount(store, &kept->plan, kept->target, &reason);

	return r < 0 ? say(words, r, "%s: %s", reason.text, strerror(-r)) : 0;
}

/* One that is brought back has its guard, unless that went meanwhile. */
static int cover(const struct mica_store *store, const struct mica_kept *kept, const struct words *words)
{
	struct mica_union_reason reason;
	int r = mica_union_plan_cover(store, &kept->plan, kept->target, &reason);

	return r < 0 ? say(words, r, "%s: %s", reason.text, strerror(-r)) : 0;
}

static int remount(const struct mica_kept *kept, const struct mica_mount_entry *found, const struct words *words)
{
	unsigned wanted = mica_drift_wanted_attributes(kept, found);
	struct mount_attr change = { .attr_set = wanted, .attr_clr = LOOKED_AT & ~wanted };

	if (mica_drift_is_frozen(kept, found) && mount(NULL, kept->target, NULL, MS_REMOUNT, NULL) < 0)
		return say(words, -errno, "cannot make it writable: %s", strerror(errno));
	if (mount_setattr(AT_FDCWD, kept->target, AT_SYMLINK_NOFOLLOW, &change, sizeof(change)) < 0)
		return say(words, -errno, "cannot set its flags: %s", strerror(errno));
	return 0;
}

/* The union's upper is free, or its union is brought back. Looked at with the union locked, just before it is mounted.
 */
static int reattach(struct mica_reconcile_report *report, const struct words *words)
{
	_cleanup_live_union_ struct mica_live_union live = MICA_LIVE_UNION_NONE;
	const struct mica_kept *kept = report->kept;
	int r = mica_live_union_find(kept->plan.upper, &live);

	if (r < 0)
		return say(words, r, "cannot tell whether its upper is in use: %s", strerror(-r));
	if (r == 0)
		return -ENODEV;
	r = say_live(words, &live, kept->plan.upper);
	report->step = r < 0 ? MICA_STEP_WAIT : MICA_STEP_REATTACH;
	if (r < 0)
		return r;
	r = mica_live_union_attach(&live, kept->target, mica_drift_wanted_attributes(kept, NULL));
	return r < 0 ? say(words, r == -ENODEV ? -EBUSY : r, "cannot bring it back from %s: %s", live.mount_point,
			   strerror(-r))
		     : 0;
}

struct locked {
	struct mica_store *store;
	struct mica_layer_row layer;
	struct mica_volume_place place;
	int fd;
	struct mica_transaction transaction;
};

static void unlock(const struct locked *locked)
{
	mica_transaction_end(&locked->transaction);
	mica_cleanup_close(&locked->fd);
	mica_volume_place_free(&locked->place);
}

/* Against whoever mounts or unmounts it by a command of mica's. -ENOENT: it should not be there any more. */
static int lock(struct mica_store *store, const struct mica_kept *kept, struct locked *ret)
{
	int64_t there = 0;
	int r;

	ret->store = store;
	switch (kept->kind) {
	case MICA_KEPT_UNION:
		r = mica_transaction_begin(&ret->transaction, store->database, false);
		if (r < 0)
			return mica_store_database_failed(store, r);
		r = mica_database_number(store->database, &there, "SELECT count(*) FROM unions WHERE target = ?", "t",
					 kept->name);
		return r < 0 ? mica_store_database_failed(store, r) : there ? 0 : -ENOENT;
	case MICA_KEPT_LAYER:
		r = mica_layer_lock(store, kept->name, &ret->layer, &ret->fd);
		return r == 0 && !ret->layer.refs ? -ENOENT : r;
	default:
		r = mica_volume_lock(store, kept->name, true, &ret->place, &ret->fd);
		if (r == 0)
			r = mica_volume_users_count(store, kept->name, &there);
		return r == 0 && !there ? -ENOENT : r;
	}
}

static int mount_kept(struct mica_reconcile_report *report, const struct locked *locked, const struct words *words)
{
	const struct mica_kept *kept = report->kept;
	int r = kept->plan.upper ? reattach(report, words) : -ENODEV;

	if (r == 0 && kept->plan.guarded)
		return cover(locked->store, kept, words);
	if (r != -ENODEV)
		return r;
	report->step = MICA_STEP_MOUNT;
	words->text[0] = '\0';
	if (kept->kind == MICA_KEPT_UNION)
		return mount_union(locked->store, kept, words);
	r = kept->kind == MICA_KEPT_LAYER
		    ? mica_layer_restore(locked->store, kept->name, &locked->layer)
		    : mica_volume_mount_locked(locked->store, kept->name, &locked->place, locked->fd);
	return r < 0 ? say(words, r, "%s: %s", mica_store_reason(locked->store), strerror(-r)) : 0;
}

/* Between looking and mounting somebody may have mounted something there: then ours lies over it, and goes. */
static int look_again(const struct mica_kept *kept, const struct words *words)
{
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	int r = mica_mounts_new("/proc/self/mountinfo", &mounts);

	if (r < 0 || !mica_drift_lies_over(kept, mounts))
		return 0;
	(void)umount2(kept->target, UMOUNT_NOFOLLOW);
	return say(words, -EBUSY, "somebody else mounted something in its place at the same moment");
}

int mica_reconcile_act(struct mica_store *store, struct mica_reconcile_report *report, char *text, size_t size)
{
	_cleanup_(unlock) struct locked locked = { .fd = -EBADF };
	_cleanup_mounts_ struct mica_mounts *mounts = NULL;
	const struct words words = { text, size };
	struct mica_drift_found found = {};
	int r = lock(store, report->kept, &locked);

	if (r == -ENOENT)
		return say(&words, r, "it is not wanted any more");
	if (r < 0)
		return say(&words, r, "%s: %s", mica_store_reason(store), strerror(-r));
	r = mica_mounts_new("/proc/self/mountinfo", &mounts);
	if (r == 0)
		r = mica_drift_find(report->kept, mounts, &found);
	if (r < 0)
		return say(&words, r, "cannot look at the mounts: %s", strerror(-r));
	if (found.drift == MICA_DRIFT_NONE)
		return 0;
	if (found.drift == MICA_DRIFT_REMOUNTED)
		return remount(report->kept, found.mount, &words);
	if (found.drift != MICA_DRIFT_UNMOUNTED)
		return say(&words, -EBUSY, "somebody else mounted something in its place");
	r = mount_kept(report, &locked, &words);
	return r == 0 ? look_again(report->kept, &words) : r;
}
