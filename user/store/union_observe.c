// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_observe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "container/mountinfo.h"
#include "container/overlay_options.h"
#include "store/union_signature.h"

/* Options name directories as they were given: they are compared by what they are, not by how they are written. */
static bool same_directory(const char *a, const char *b)
{
	struct stat stat_a, stat_b;

	if (strcmp(a, b) == 0)
		return true;
	return a[0] == '/' && stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0 && stat_a.st_dev == stat_b.st_dev &&
	       stat_a.st_ino == stat_b.st_ino;
}

static bool is_directory(const struct mica_overlay_directory *item, const char *path)
{
	return same_directory(item->path, path) || (item->other && same_directory(item->other, path));
}

/* What the kernel says of a union that mica mounted by fsconfig(2). A name with ",upperdir=" in it cannot be told apart
 * in options, but the whole text can be compared. */
static int expected_options(const struct mica_union_plan *plan, struct mica_buffer *ret)
{
	for (size_t i = 0; i < plan->lower_count; i++)
		(void)mica_buffer_appendf(ret, "%slowerdir+=%s", i ? "," : "", plan->lowers[i]);
	if (plan->upper)
		(void)mica_buffer_appendf(ret, ",upperdir=%s,workdir=%s", plan->upper, plan->work);
	return mica_buffer_string(ret) ? 0 : -ENOMEM;
}

/* A whole option: what follows it is another one, or nothing. */
static bool has_option(const char *options, const char *text)
{
	const char *found = strstr(options, text);
	size_t size = strlen(text);

	return found && (found == options || found[-1] == ',') && (!found[size] || found[size] == ',');
}

struct search {
	const char *target, *upper;
	const struct mica_union_plan *plan;
	/* Something is mounted at the target; the last of several is what is seen. */
	bool mounted, overlay, ours;
	char *found;
};

static bool is_planned(const struct mica_union_plan *plan, const struct mica_overlay_directories *list)
{
	size_t lowers = 0;
	bool upper = !plan->upper;

	for (size_t i = 0; i < list->count; i++) {
		const struct mica_overlay_directory *item = &list->items[i];

		if (item->part == MICA_OVERLAY_UPPER) {
			if (!plan->upper || !is_directory(item, plan->upper))
				return false;
			upper = true;
		} else if (item->part == MICA_OVERLAY_LOWER) {
			if (lowers == plan->lower_count || !is_directory(item, plan->lowers[lowers]))
				return false;
			lowers++;
		}
	}
	return upper && lowers == plan->lower_count;
}

static bool is_overlay_root(const struct mica_mount_entry *mount)
{
	return strcmp(mount->type, "overlay") == 0 && strcmp(mount->root, "/") == 0;
}

int mica_union_is_planned(const struct mica_union_plan *plan, const struct mica_mount_entry *mount)
{
	_cleanup_overlay_directories_ struct mica_overlay_directories list = {};
	_cleanup_buffer_ struct mica_buffer expected = {};
	char signature[MICA_UNION_SIGNATURE_SIZE];

	if (!is_overlay_root(mount))
		return 0;
	mica_union_signature((const char *const *)plan->lowers, plan->lower_count, plan->upper, plan->work, signature);
	if (strcmp(mount->source, signature) == 0)
		return 1;
	if (expected_options(plan, &expected) < 0)
		return -ENOMEM;
	if (has_option(mount->options, expected.data))
		return 1;
	if (mica_overlay_options_parse(mount->options, &list) < 0)
		return -ENOMEM;
	return is_planned(plan, &list);
}

static int compare_target(const struct mica_mount_entry *mount, void *userdata)
{
	struct search *search = userdata;
	int r;

	if (strcmp(mount->target, search->target) != 0)
		return 0;
	search->mounted = true;
	search->overlay = is_overlay_root(mount);
	r = search->plan ? mica_union_is_planned(search->plan, mount) : 0;
	search->ours = r > 0;
	return r < 0 ? r : 0;
}

static int compare_upper(const struct mica_mount_entry *mount, void *userdata)
{
	_cleanup_overlay_directories_ struct mica_overlay_directories list = {};
	_cleanup_buffer_ struct mica_buffer expected = {};
	struct search *search = userdata;

	if (strcmp(mount->type, "overlay") != 0 || search->found)
		return 0;
	(void)mica_buffer_appendf(&expected, "upperdir=%s", search->upper);
	if (!mica_buffer_string(&expected))
		return -ENOMEM;
	if (has_option(mount->options, expected.data) || mica_union_signature_has_upper(mount->source, search->upper)) {
		search->found = strdup(mount->target);
		return search->found ? 0 : -ENOMEM;
	}
	if (mica_overlay_options_parse(mount->options, &list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].part == MICA_OVERLAY_UPPER && is_directory(&list.items[i], search->upper)) {
			search->found = strdup(mount->target);
			return search->found ? 0 : -ENOMEM;
		}
	return 0;
}

int mica_union_observe(const struct mica_mountinfo *mountinfo, const struct mica_union_plan *plan, const char *target,
		       enum mica_union_state *ret)
{
	struct search search = { .target = target, .plan = plan };
	int r = mica_mountinfo_all(mountinfo, compare_target, &search);

	if (r < 0)
		return r;
	*ret = search.ours ? MICA_UNION_MOUNTED : search.mounted ? MICA_UNION_COVERED : MICA_UNION_MISSING;
	return 0;
}

int mica_union_find_upper(const struct mica_mountinfo *mountinfo, const char *upper, char **ret_target)
{
	struct search search = { .upper = upper };
	int r = mica_mountinfo_all(mountinfo, compare_upper, &search);

	if (r < 0) {
		free(search.found);
		return r;
	}
	if (search.found)
		*ret_target = search.found;
	return 0;
}

bool mica_union_is_overlay(const struct mica_mountinfo *mountinfo, const char *target)
{
	struct search search = { .target = target };

	return mica_mountinfo_all(mountinfo, compare_target, &search) == 0 && search.overlay;
}
