/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parts of `mica volume`.
 */
#ifndef MICA_CMD_VOLUME_H
#define MICA_CMD_VOLUME_H

#include "cmd/cmd.h"
#include "store/store.h"

enum mica_volume_list_form {
	MICA_VOLUME_LIST_TEXT,
	MICA_VOLUME_LIST_NAMES,
	MICA_VOLUME_LIST_JSON,
};

/** Prints the volumes. Returns the exit status. */
int mica_cmd_volume_list(struct mica_store *store, enum mica_volume_list_form form);

extern const struct mica_command mica_command_volume_backup;
extern const struct mica_command mica_command_volume_restore;
extern const struct mica_command mica_command_volume_sync;

#endif
