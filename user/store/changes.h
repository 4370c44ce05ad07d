/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_STORE_CHANGES_H
#define MICA_STORE_CHANGES_H

#include <stddef.h>

#include "store/layer.h"

/** As mica_layer_changes, of layers anywhere: fds[0] is compared with what the others show, topmost first. */
int mica_layers_compare(const int *fds, size_t count,
			int (*take)(enum mica_change_kind kind, const char *path, void *userdata), void *userdata);

#endif
