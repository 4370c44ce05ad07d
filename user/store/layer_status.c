// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "container/mountinfo.h"
#include "store/layer_internal.h"
#include "store/tree.h"

/* overlayfs wants to be told by readdir what is a directory: the store's own file system must, for layers to be uppers.
 */
static const char *supports_d_type(const struct mica_store *store)
{
	_cleanup_closedir_ DIR *directory = mica_tree_read(store->root_fd);
	const struct dirent *entry;

	if (!directory)
		return "unknown";
	while ((entry = readdir(directory)))
		if (entry->d_type != DT_UNKNOWN)
			return "true";
	return "false";
}

static int take_number(struct mica_store *store, const char *name, const char *sql, bool boot,
		       int (*take)(const char *name, const char *value, void *userdata), void *userdata)
{
	char text[24];
	int64_t number;
	int r = mica_database_number(store->database, &number, sql, boot ? "t" : NULL, store->boot);

	if (r < 0)
		return mica_store_database_failed(store, r);
	(void)snprintf(text, sizeof(text), "%lld", (long long)number);
	return take(name, text, userdata);
}

int mica_layer_status(struct mica_store *store, int (*take)(const char *name, const char *value, void *userdata),
		      void *userdata)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mountinfo = NULL;
	const char *type = NULL;
	int r = mica_mountinfo_new("/proc/self/mountinfo", &mountinfo);

	if (r == 0)
		type = mica_mountinfo_type(mountinfo, store->root);
	r = take("Root", store->root, userdata);
	if (r == 0)
		r = take("Backing Filesystem", type ? type : "unknown", userdata);
	if (r == 0)
		r = take("Supports d_type", supports_d_type(store), userdata);
	/* By the options that layers are mounted with. */
	if (r == 0)
		r = take("Using metacopy", "false", userdata);
	if (r == 0)
		r = take("Native Overlay Diff", "true", userdata);
	if (r == 0)
		r = take("userxattr", "false", userdata);
	if (r == 0)
		r = take_number(store, "Layers", "SELECT count(*) FROM layers", false, take, userdata);
	if (r == 0)
		r = take_number(store, "In Use", "SELECT count(*) FROM layers WHERE refs AND boot = ?", true, take,
				userdata);
	if (r == 0)
		r = take_number(store, "Images", "SELECT count(*) FROM images", false, take, userdata);
	return r;
}
