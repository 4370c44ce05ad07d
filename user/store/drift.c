// SPDX-License-Identifier: BSD-2-Clause
#include "store/drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "store/union_observe.h"

struct place {
	const struct mica_mount_entry *mount;
	/** In the table: of several at one place, the last is on top. */
	size_t position;
};

struct mica_mounts {
	struct mica_mountinfo *mountinfo;
	/** By target, then position. */
	struct place *places;
	size_t count;
};

static int count_mount(const struct mica_mount_entry *mount, void *userdata)
{
	(void)mount;
	++*(size_t *)userdata;
	return 0;
}

static int add_mount(const struct mica_mount_entry *mount, void *userdata)
{
	struct mica_mounts *mounts = userdata;

	mounts->places[mounts->count] = (struct place){ .mount = mount, .position = mounts->count };
	mounts->count++;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->mount->target, y->mount->target);

	return order ? order : x->position < y->position ? -1 : 1;
}

int mica_mounts_new(const char *path, struct mica_mounts **ret)
{
	_cleanup_mounts_ struct mica_mounts *mounts = calloc(1, sizeof(*mounts));
	size_t count = 0;
	int r;

	if (!mounts)
		return -ENOMEM;
	r = mica_mountinfo_new(path, &mounts->mountinfo);
	if (r < 0)
		return r;
	(void)mica_mountinfo_all(mounts->mountinfo, count_mount, &count);
	mounts->places = calloc(count + 1, sizeof(*mounts->places));
	if (!mounts->places)
		return -ENOMEM;
	(void)mica_mountinfo_all(mounts->mountinfo, add_mount, mounts);
	qsort(mounts->places, mounts->count, sizeof(*mounts->places), compare_places);
	*ret = TAKE_PTR(mounts);
	return 0;
}

void mica_mounts_free(struct mica_mounts **mounts)
{
	if (!*mounts)
		return;
	mica_mountinfo_free(&(*mounts)->mountinfo);
	free((*mounts)->places);
	free(*mounts);
	*mounts = NULL;
}

/* First place at a target, or where it would be. */
static size_t first_at(const struct mica_mounts *mounts, const char *target)
{
	size_t low = 0, high = mounts->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(mounts->places[middle].mount->target, target) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool mica_mounts_has(const struct mica_mounts *mounts, const char *target)
{
	size_t place = first_at(mounts, target);

	return place < mounts->count && strcmp(mounts->places[place].mount->target, target) == 0;
}

static int is_ours(const struct mica_kept *kept, const struct mica_mounts *mounts, const struct mica_mount_entry *mount)
{
	return kept->kind == MICA_KEPT_VOLUME ? kept->backend->owns(kept->options, mounts->mountinfo, mount)
					      : mica_union_is_planned(&kept->plan, mount);
}

static bool has_word(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (; words; words = strchr(words, ',')) {
		words += *words == ',';
		if (strncmp(words, word, size) == 0 && (!words[size] || words[size] == ','))
			return true;
	}
	return false;
}

unsigned mica_drift_attributes(const struct mica_mount_entry *mount)
{
	return (has_word(mount->flags, "ro") ? MOUNT_ATTR_RDONLY : 0u) |
	       (has_word(mount->flags, "nosuid") ? MOUNT_ATTR_NOSUID : 0u) |
	       (has_word(mount->flags, "nodev") ? MOUNT_ATTR_NODEV : 0u) |
	       (has_word(mount->flags, "noexec") ? MOUNT_ATTR_NOEXEC : 0u);
}

unsigned mica_drift_wanted_attributes(const struct mica_kept *kept, const struct mica_mount_entry *mount)
{
	if (kept->kind == MICA_KEPT_VOLUME)
		return kept->backend->attributes ? kept->backend->attributes(kept->options)
						 : mica_drift_attributes(mount);
	return !kept->plan.upper || kept->plan.readonly ? MOUNT_ATTR_RDONLY : 0;
}

bool mica_drift_is_frozen(const struct mica_kept *kept, const struct mica_mount_entry *mount)
{
	if (mica_drift_wanted_attributes(kept, mount) & MOUNT_ATTR_RDONLY || strncmp(mount->options, "ro", 2) != 0 ||
	    (mount->options[2] && mount->options[2] != ','))
		return false;
	/* Of a volume's file system, which others may use, only where it is mica's alone. */
	return kept->kind != MICA_KEPT_VOLUME || strcmp(mount->type, "tmpfs") == 0;
}

int mica_drift_find(const struct mica_kept *kept, const struct mica_mounts *mounts, struct mica_drift_found *ret)
{
	const struct place *top = NULL, *ours = NULL;
	int r;

	*ret = (struct mica_drift_found){};
	for (size_t i = first_at(mounts, kept->target);
	     i < mounts->count && strcmp(mounts->places[i].mount->target, kept->target) == 0; i++) {
		r = is_ours(kept, mounts, mounts->places[i].mount);
		if (r < 0)
			return r;
		top = &mounts->places[i];
		if (r > 0)
			ours = top;
	}
	if (!top)
		ret->drift = MICA_DRIFT_UNMOUNTED;
	else if (top != ours || !mica_mountinfo_is_visible(mounts->mountinfo, top->mount)) {
		ret->drift = ours ? MICA_DRIFT_COVERED : MICA_DRIFT_FOREIGN;
		ret->other = top != ours ? top->mount : NULL;
	} else if (mica_drift_attributes(ours->mount) != mica_drift_wanted_attributes(kept, ours->mount) ||
		   mica_drift_is_frozen(kept, ours->mount)) {
		ret->drift = MICA_DRIFT_REMOUNTED;
		ret->mount = ours->mount;
	}
	return 0;
}

bool mica_drift_lies_over(const struct mica_kept *kept, const struct mica_mounts *mounts)
{
	bool over = false, foreign = false;

	for (size_t i = first_at(mounts, kept->target);
	     i < mounts->count && strcmp(mounts->places[i].mount->target, kept->target) == 0; i++) {
		bool ours = is_ours(kept, mounts, mounts->places[i].mount) > 0;

		over = ours && foreign;
		foreign |= !ours;
	}
	return over;
}

const char *mica_drift_name(enum mica_drift drift)
{
	static const char *const names[] = {
		[MICA_DRIFT_NONE] = "none",           [MICA_DRIFT_UNMOUNTED] = "unmounted",
		[MICA_DRIFT_REMOUNTED] = "remounted", [MICA_DRIFT_COVERED] = "covered",
		[MICA_DRIFT_FOREIGN] = "foreign",
	};

	return drift < _MICA_DRIFT_MAX ? names[drift] : "?";
}
