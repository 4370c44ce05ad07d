// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "store/layer_internal.h"
#include "store/tree.h"
#include "store/union_elsewhere.h"
#include "store/union_mount.h"
#include "store/union_text.h"

bool mica_layer_mounted(int layer_fd)
{
	struct statx statx_of_it;

	if (statx(layer_fd, "merged", AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &statx_of_it) < 0)
		return false;
	return statx_of_it.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

int mica_layer_unmount(struct mica_store *store, const char *id, int layer_fd)
{
	char path[64];

	/* By the descriptor, so that no symlink and no rename can lead elsewhere. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/merged", layer_fd);
	while (mica_layer_mounted(layer_fd))
		if (umount2(path, UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
			return mica_store_refuse(
				store, -errno, "cannot unmount %s/layers/%s/merged; `mica holders` tells who keeps it",
				store->root, id);
	return 0;
}

static int add_lowers(const struct mica_store *store, const struct mica_strings *chain, size_t from,
		      struct mica_union_plan *plan)
{
	plan->lowers = calloc(chain->count + 1, sizeof(*plan->lowers));
	if (!plan->lowers)
		return -ENOMEM;
	for (size_t i = from; i < chain->count; i++) {
		if (asprintf(&plan->lowers[plan->lower_count], "%s/layers/%s/diff", store->root, chain->items[i]) < 0)
			return -ENOMEM;
		plan->lower_count++;
	}
	return 0;
}

int mica_layer_plan(struct mica_store *store, const char *id, bool immutable, struct mica_union_plan *ret)
{
	_cleanup_strings_ struct mica_strings chain = {};
	int r = mica_layer_chain(store, id, &chain);

	if (r == 0)
		r = add_lowers(store, &chain, immutable ? 0 : 1, ret);
	if (r < 0 || immutable)
		return r;
	if (asprintf(&ret->upper, "%s/layers/%s/diff", store->root, id) < 0)
		return -ENOMEM;
	return asprintf(&ret->work, "%s/layers/%s/work", store->root, id) < 0 ? -ENOMEM : 0;
}

int mica_layer_mount_plan(struct mica_store *store, const char *id, const struct mica_union_plan *plan,
			  const char *label, const char *target)
{
	_cleanup_free_ char *context = NULL;
	/* A writable layer's tree must stay one that its own archive can say: no redirects, no files without their
	 * data. */
	const char *options[5] = { "redirect_dir=off", "metacopy=off", "index=off" };
	struct mica_union_reason reason;
	int r;

	if (label && asprintf(&context, "context=%s", label) < 0)
		return -ENOMEM;
	options[3] = context;
	r = mica_union_mount(
		&(struct mica_union_specification){
			.lowers = (const char *const *)plan->lowers,
			.lower_count = plan->lower_count,
			.upper = plan->upper,
			.work = plan->work,
			.options = options,
		},
		target, &reason);
	return r < 0 ? mica_store_refuse(store, r, "cannot mount the layer '%s': %s", id, reason.text) : 0;
}

static int mount_layer(struct mica_store *store, const char *id, const char *label, bool immutable, const char *target)
{
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	int r = mica_layer_plan(store, id, immutable, &plan);

	return r < 0 ? r : mica_layer_mount_plan(store, id, &plan, label, target);
}

/* A base has nothing below it: overlayfs wants one lower at least, so a writable base is its own tree. */
static bool needs_mount(const struct mica_layer_row *row)
{
	return row->has_parent;
}

static int set_refs(struct mica_store *store, const char *id, int64_t refs)
{
	struct mica_transaction transaction _cleanup_transaction_ = {};
	/* Mounts and their users are gone after a power cut: nothing to wait for the disk for. */
	int r = mica_transaction_begin(&transaction, store->database, false);

	if (r == 0)
		r = mica_database_run(store->database, "UPDATE layers SET refs = ?, boot = ? WHERE id = ?", "itt", refs,
				      store->boot, id);
	if (r == 0)
		r = mica_database_commit(store->database);
	return r < 0 ? mica_store_database_failed(store, r) : 0;
}

static int refuse_elsewhere(struct mica_store *store, const char *id)
{
	_cleanup_free_ char *upper = NULL;
	int r;

	if (asprintf(&upper, "%s/layers/%s/diff", store->root, id) < 0)
		return -ENOMEM;
	r = mica_union_mounted_elsewhere(upper);
	if (r > 0)
		return mica_store_refuse(
			store, -EBUSY,
			"the layer '%s' is mounted in another mount namespace; `mica holders %s` tells whose", id,
			upper);
	return r < 0 ? mica_store_refuse(store, r, "cannot tell whether '%s' is mounted elsewhere", id) : 0;
}

/* A container's union is mounted in its own namespace, where it cannot be seen from here. */
static int refuse_containers(struct mica_store *store, const char *id)
{
	int64_t containers = 0;
	int r = mica_database_number(store->database, &containers, "SELECT count(*) FROM containers WHERE layer = ?",
				     "t", id);

	if (r < 0)
		return mica_store_database_failed(store, r);
	return containers ? mica_store_refuse(store, -EBUSY,
					      "the layer '%s' is a container's; use mica exec, cp or export", id)
			  : 0;
}

int mica_layer_get(struct mica_store *store, const char *id, const char *label, char **ret_path)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct mica_layer_row row = {};
	bool mounted, made = false;
	int r = mica_layer_lock(store, id, &row, &fd);

	if (r == 0)
		r = refuse_containers(store, id);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/layers/%s/%s", store->root, id, needs_mount(&row) ? "merged" : "diff") < 0) {
		path = NULL;
		return -ENOMEM;
	}
	mounted = mica_layer_mounted(fd);
	if (needs_mount(&row) && !mounted) {
		/* Somebody has it, and it is not mounted here: it was unmounted behind our back, or is in a namespace
		 * of its own. Never two unions on one upper. */
		if (row.refs && !row.immutable)
			r = refuse_elsewhere(store, id);
		if (r == 0)
			r = mount_layer(store, id, label, row.immutable, path);
		if (r < 0)
			return r;
		made = true;
	}
	r = set_refs(store, id, row.refs + 1);
	if (r < 0) {
		if (made)
			(void)mica_layer_unmount(store, id, fd);
		return r;
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

int mica_layer_restore(struct mica_store *store, const char *id, const struct mica_layer_row *row)
{
	_cleanup_free_ char *path = NULL;

	if (!needs_mount(row))
		return 0;
	if (asprintf(&path, "%s/layers/%s/merged", store->root, id) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return mount_layer(store, id, NULL, row->immutable, path);
}

int mica_layer_put(struct mica_store *store, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_lock(store, id, &row, &fd);

	if (r < 0)
		return r;
	if (row.refs)
		r = set_refs(store, id, row.refs - 1);
	if (r < 0 || row.refs > 1)
		return r;
	return mica_layer_unmount(store, id, fd);
}

static int add_id(const struct mica_layer *layer, void *userdata)
{
	return mica_strings_add(userdata, layer->id);
}

static int release(struct mica_store *store, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct mica_layer_row row = {};
	int r = mica_layer_lock(store, id, &row, &fd);

	if (r == -EUCLEAN || r == -ENOENT)
		return 0;
	if (r == 0 && row.refs)
		r = set_refs(store, id, 0);
	return r < 0 ? r : mica_layer_unmount(store, id, fd);
}

int mica_layer_cleanup(struct mica_store *store)
{
	_cleanup_strings_ struct mica_strings ids = {};
	int r = mica_layer_list(store, add_id, &ids);
	int failed = 0;

	if (r < 0)
		return mica_store_database_failed(store, r);
	for (size_t i = 0; i < ids.count; i++) {
		r = release(store, ids.items[i]);
		if (r < 0)
			failed = r;
	}
	return failed;
}
