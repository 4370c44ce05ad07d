// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "cmd/store.h"
#include "cmd/volume.h"
#include "store/volume_state.h"

static void print_json(const struct mica_volume_standing *volume)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:I}", "name", volume->name, "driver",
				   volume->backend, "state", mica_volume_state_name(volume->state), "directory",
				   volume->directory, "anonymous", (int)volume->anonymous, "containers",
				   (json_int_t)volume->containers, "users", (json_int_t)volume->users);

	if (object)
		(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(object);
}

static void print(const struct mica_volume_standing *volume, enum mica_volume_list_form form)
{
	if (form == MICA_VOLUME_LIST_NAMES)
		(void)puts(volume->name);
	else if (form == MICA_VOLUME_LIST_JSON)
		print_json(volume);
	else
		(void)printf("%-9s  %-11s  %10" PRId64 "  %5" PRId64 "  %s\n", volume->backend,
			     mica_volume_state_name(volume->state), volume->containers, volume->users, volume->name);
}

int mica_cmd_volume_list(struct mica_store *store, enum mica_volume_list_form form)
{
	_cleanup_volume_standings_ struct mica_volume_standings volumes = {};
	int r = mica_volume_standings_read(store, form != MICA_VOLUME_LIST_NAMES, &volumes);

	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot list the volumes");
	if (form == MICA_VOLUME_LIST_TEXT)
		(void)printf("%-9s  %-11s  %10s  %5s  %s\n", "DRIVER", "STATE", "CONTAINERS", "USERS", "NAME");
	for (size_t i = 0; i < volumes.count; i++)
		print(&volumes.items[i], form);
	return MICA_EXIT_OK;
}
