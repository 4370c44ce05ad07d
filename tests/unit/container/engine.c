/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(engine, names)
{
	char *names = mica_engine_names();

	cr_assert_str_eq(names, "docker, podman, containerd, mica, crun and runc");
	free(names);
}

Test(engine, copy)
{
	struct mica_engine_container from = { .id = "i", .name = "n", .pid = 3, .root_directory = "/r" }, *copy;

	for (int i = 0; i < 40; i++)
		cr_assert_eq(mica_engine_container_add_volume(&from, i ? "v" : NULL, i == 1 ? NULL : "/s", "/d"), 0);
	copy = mica_engine_container_copy(&from);
	cr_assert_str_eq(copy->id, "i");
	cr_assert_null(copy->image);
	cr_assert_eq(copy->pid, 3);
	cr_assert_str_eq(copy->root_directory, "/r");
	cr_assert_eq(copy->volume_count, 40);
	cr_assert_null(copy->volumes[0].name);
	cr_assert_null(copy->volumes[1].source);
	cr_assert_str_eq(copy->volumes[39].destination, "/d");
	mica_engine_container_free(&copy);
	from.id = from.name = from.root_directory = NULL;
	copy = malloc(sizeof(*copy));
	*copy = from;
	mica_engine_container_free(&copy);
}
