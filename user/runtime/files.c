// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "store/archive_write.h"
#include "store/container.h"
#include "store/container_root.h"
#include "store/store_internal.h"

void mica_container_files_close(const struct mica_container_files *files)
{
	mica_cleanup_close(&files->root_fd);
	mica_cleanup_close(&files->lock_fd);
}

int mica_container_files_open(struct mica_store *store, const char *id, struct mica_container_files *ret)
{
	struct mica_container_files files = MICA_CONTAINER_FILES_NONE;
	int pid = mica_container_init_pid(id);
	int r;

	if (pid) {
		r = mica_process_open_root(pid, &files.root_fd);
		if (r == 0 && mica_container_init_pid(id) == pid) {
			*ret = files;
			return 0;
		}
		mica_container_files_close(&files);
		files = MICA_CONTAINER_FILES_NONE;
		if (r < 0 && mica_container_init_pid(id))
			return mica_store_refuse(store, r, "cannot look into the container '%.12s'", id);
	}
	/* It ended meanwhile, perhaps: whoever kept it is waited for. */
	r = mica_container_lock(store, id, true, &files.lock_fd);
	if (r == 0)
		r = mica_layer_open_root(store, id, true, &files.root_fd);
	if (r < 0) {
		mica_container_files_close(&files);
		return r;
	}
	*ret = files;
	return 0;
}

int mica_container_export(struct mica_store *store, const char *id, int fd)
{
	_cleanup_container_files_ struct mica_container_files files = MICA_CONTAINER_FILES_NONE;
	char reason[512] = "";
	int r = mica_container_files_open(store, id, &files);

	if (r < 0)
		return r;
	r = mica_archive_write_layer(files.root_fd, fd, reason, sizeof(reason));
	return r < 0 ? mica_store_refuse(store, r, "cannot export the container%s%s", reason[0] ? " at " : "", reason)
		     : 0;
}
