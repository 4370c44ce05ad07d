/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_CMD_IMAGE_TREE_H
#define MICA_CMD_IMAGE_TREE_H

#include <stdio.h>

#include "store/store.h"

/** Prints all layers as a tree, with the images that they are the top of. 0 or a negative errno. */
int mica_cmd_print_layer_tree(struct mica_store *store, FILE *out);

#endif
