/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>

#include "container/engine_crun.h"
#include "fixture.h"

static int count(struct mica_engine_container *container, void *userdata)
{
	if (strcmp(container->id, "plain") == 0) {
		cr_assert_eq(container->pid, PLAIN_PID);
		cr_assert_str_eq(container->root_directory, "/tmp/pm/b/rootfs");
		cr_assert_str_eq(container->bundle_directory, "/tmp/pm/b");
		cr_assert_null(container->image);
		cr_assert_null(container->upper_directory);
	}
	++*(int *)userdata;
	mica_engine_container_free(&container);
	return 0;
}

Test(engine_crun, state)
{
	struct mica_host host;
	void *state = NULL;
	int containers = 0;

	cr_assert_eq(mica_host_init(&host, PODMAN4), 0);
	cr_assert_eq(mica_engine_crun.open(&host, &state), 0);
	cr_assert_eq(mica_engine_crun.refresh(state), 1);
	cr_assert_eq(mica_engine_crun.refresh(state), 0);
	cr_assert_eq(mica_engine_crun.each_container(state, count, &containers), 0);
	cr_assert_eq(containers, 3);
	cr_assert_eq(mica_engine_crun.errors(state), 0);
	mica_engine_crun.close(state);
	mica_host_free(&host);
}

static int parse(const char *text, struct mica_engine_container **ret)
{
	return mica_crun_parse_status("x", text, strlen(text), ret);
}

Test(engine_crun, status)
{
	struct mica_engine_container *container = NULL;

	cr_assert_eq(parse("{", &container), -EBADMSG);
	cr_assert_eq(parse("[]", &container), -EBADMSG);
	cr_assert_eq(parse("{\"bundle\":\"relative\"}", &container), -EBADMSG);
	cr_assert_null(container);
	cr_assert_eq(parse("{\"pid\":-1,\"rootfs\":\"r\"}", &container), 0);
	cr_assert_eq(container->pid, 0);
	cr_assert_null(container->root_directory);
	mica_engine_container_free(&container);
	cr_assert_eq(parse("{\"pid\":5,\"rootfs\":\"/r\",\"bundle\":\"/b\"}", &container), 0);
	cr_assert_eq(container->pid, 5);
	cr_assert_str_eq(container->root_directory, "/r");
	mica_engine_container_free(&container);
}
