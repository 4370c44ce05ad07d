// SPDX-License-Identifier: BSD-2-Clause
#include "store/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_write.h"
#include "store/import_internal.h"
#include "store/layer_internal.h"
#include "store/tree.h"
#include "store/tree_copy.h"

/* A copy in staging/, on the disk, and the digest of the archive that it would make. */
static int copy_tree(struct mica_store *store, int tree_fd, struct mica_imported_layer *layer)
{
	_cleanup_close_ int diff_fd = -EBADF;
	struct mica_digest digest;
	char reason[512] = "";
	int r = mica_stage_begin(store, &layer->stage);

	if (r < 0)
		return r;
	r = mica_layer_stage(&layer->stage);
	if (r == 0) {
		diff_fd = mica_tree_open(layer->stage.fd, "diff", O_RDONLY | O_DIRECTORY);
		r = diff_fd < 0 ? diff_fd : mica_tree_copy(tree_fd, diff_fd);
	}
	mica_digest_begin(&digest);
	if (r == 0)
		r = mica_archive_digest_layer(diff_fd, &digest, reason, sizeof(reason));
	if (r == 0)
		r = mica_tree_size(diff_fd, &layer->bytes);
	if (r == 0 && syncfs(diff_fd) < 0)
		r = -errno;
	mica_digest_end(&digest, layer->digest);
	return r < 0 ? mica_store_refuse(store, r, "cannot copy the container's files%s%s", reason[0] ? " at " : "",
					 reason)
		     : 0;
}

static int add_diff_id(json_t *config, const char *digest, size_t *ret_count)
{
	json_t *rootfs = json_object_get(config, "rootfs"), *digests;

	if (!json_is_object(rootfs)) {
		rootfs = json_pack("{s:s, s:[]}", "type", "layers", "diff_ids");
		if (json_object_set_new(config, "rootfs", rootfs) < 0)
			return -ENOMEM;
	}
	digests = json_object_get(rootfs, "diff_ids");
	if (!json_is_array(digests) || json_array_append_new(digests, json_string(digest)) < 0)
		return -EBADMSG;
	*ret_count = json_array_size(digests);
	return 0;
}

static int make_image(struct mica_store *store, const struct mica_commit *commit, struct mica_imported_layer *layer,
		      struct mica_imported_image *image)
{
	_cleanup_free_ char *text = NULL;
	struct mica_import_image planned = { .config.name = (char *)"the new image" };
	int r = add_diff_id(commit->config, layer->digest, &planned.layer_count);

	if (r < 0)
		return mica_store_refuse(store, r, "the image that it stands on has a damaged configuration");
	text = json_dumps(commit->config, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	r = mica_imported_image_begin(image, store, &planned, text, strlen(text));
	if (r == 0 && commit->name)
		r = mica_imported_image_name(image, commit->name);
	if (r < 0)
		return r;
	/* The same change was committed before: its layer is there. */
	if (mica_imported_layer_exists(image, image->layer_count - 1))
		return 0;
	image->layers[image->layer_count - 1].bytes = layer->bytes;
	image->layers[image->layer_count - 1].stage = layer->stage;
	layer->stage = MICA_STAGE_NONE;
	return 0;
}

int mica_image_commit(struct mica_store *store, const struct mica_commit *commit, char **ret_id)
{
	struct mica_imported_image image = { .store = store };
	struct mica_imported_layer layer = { .stage = MICA_STAGE_NONE };
	_cleanup_free_ char *id = NULL;
	int r = copy_tree(store, commit->tree_fd, &layer);

	if (r == 0)
		r = make_image(store, commit, &layer, &image);
	if (r == 0) {
		id = strdup(mica_digest_hex(image.id));
		r = id ? mica_imported_commit(store, &image, 1) : -ENOMEM;
	}
	mica_stage_end(&layer.stage);
	mica_imported_image_free(&image);
	if (r == 0)
		*ret_id = TAKE_PTR(id);
	return r;
}
