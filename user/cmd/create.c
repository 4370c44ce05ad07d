// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>

#include "base/error.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "store/container.h"

static int run(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_(mica_cmd_container_free) struct mica_cmd_container container = {};
	char id[MICA_CONTAINER_ID_SIZE];
	int status = mica_cmd_container_parse(false, argc, argv, &container, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_container_make(store, &container.options, id, NULL);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot make the container");
	(void)puts(id);
	return MICA_EXIT_OK;
}

const struct mica_command mica_command_create = {
	.name = "create",
	.summary = "make a container, without running it",
	.run = run,
};
