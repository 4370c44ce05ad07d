/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_runc.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "docker_fixture.h"
#include "taken.h"

static const struct mica_engine_ops *const ops = &mica_engine_runc;

Test(engine_runc, state)
{
	const struct mica_engine_container *container;
	struct taken taken = {};
	struct mica_host host;
	void *state = NULL;

	cr_assert_eq(mica_host_init(&host, DOCKER20), 0);
	cr_assert_eq(ops->open(&host, &state), 0);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->refresh(state), 0);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 1);
	container = taken_find(&taken, "plain");
	cr_assert_str_eq(container->name, "plain");
	cr_assert_str_eq(container->root_directory, "/srv/rec/img/b/rootfs");
	cr_assert_str_eq(container->bundle_directory, "/srv/rec/img/b");
	cr_assert_eq(container->pid, D_PLAIN_PID);
	cr_assert_eq(container->volume_count, 0);
	cr_assert_eq(ops->errors(state), 0);
	taken_free(&taken);
	ops->close(state);
	mica_host_free(&host);
}

static int parse(const char *text, struct mica_engine_container **ret)
{
	return mica_runc_parse_state("x", "/run/runc/x", text, strlen(text), ret);
}

Test(engine_runc, state_json)
{
	struct mica_engine_container *container = NULL;

	cr_assert_eq(parse("{", &container), -EBADMSG);
	cr_assert_eq(parse("{}", &container), -EBADMSG);
	cr_assert_eq(parse("{\"config\":[]}", &container), -EBADMSG);
	cr_assert_null(container);
	cr_assert_eq(
		parse("{\"init_process_pid\":-1,\"config\":{\"rootfs\":\"r\",\"labels\":[1,\"bundle\",\"bundle=b\"],"
		      "\"mounts\":[null,{\"device\":\"bind\",\"source\":\"rel\",\"destination\":\"/a\"},"
		      "{\"device\":\"bind\",\"source\":\"/s\",\"destination\":\"/d\"},{\"device\":\"tmpfs\"}]}}",
		      &container),
		0);
	cr_assert_eq(container->pid, 0);
	cr_assert_null(container->root_directory);
	cr_assert_null(container->bundle_directory);
	cr_assert_eq(container->volume_count, 1);
	cr_assert_str_eq(container->volumes[0].source, "/s");
	cr_assert_null(container->volumes[0].name);
	mica_engine_container_free(&container);
}
