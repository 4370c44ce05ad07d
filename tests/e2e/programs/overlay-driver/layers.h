/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fills the layers of a union before it is mounted. `layer` counts from 1, the topmost. Directories on the way to
 * `path` are made.
 */
#ifndef OVERLAY_DRIVER_LAYERS_H
#define OVERLAY_DRIVER_LAYERS_H

#include <sys/types.h>

#include "union.h"

/** The path on the layer's file system. */
char *in_layer(const struct union_fs *u, int layer, const char *path);

void lower_directory(struct union_fs *u, int layer, const char *path);

/** A new file, open for whoever gives it a shape of its own. */
int lower_open(struct union_fs *u, int layer, const char *path);
void write_data(int fd, off_t at, long bytes);

/** A file with `size` bytes of data. */
void lower_file(struct union_fs *u, int layer, const char *path, long size);

void lower_node(struct union_fs *u, int layer, const char *path, mode_t mode, dev_t device);
void lower_link(struct union_fs *u, int layer, const char *path, const char *path2);
void lower_symlink(struct union_fs *u, int layer, const char *path);

/** A directory that hides those of the layers below. */
void lower_opaque(struct union_fs *u, int layer, const char *path);

#endif
