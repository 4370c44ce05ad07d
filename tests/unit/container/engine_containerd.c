/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_containerd.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "docker_fixture.h"
#include "taken.h"

static const struct mica_engine_ops *const ops = &mica_engine_containerd;

Test(engine_containerd, tasks)
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
	cr_assert_eq(taken.count, 4);
	container = taken_find(&taken, "ctrweb");
	cr_assert_str_eq(container->name, "ctrweb");
	cr_assert_null(container->image);
	cr_assert_str_eq(container->bundle_directory, D_TASKS "/default/ctrweb");
	cr_assert_str_eq(container->root_directory, D_TASKS "/default/ctrweb/rootfs");
	cr_assert_eq(ops->pid(state, "ctrweb"), D_CTRWEB_PID);
	cr_assert_str_eq(taken_find(&taken, "ctr2")->name, "c");
	/* Docker's, whose root is not in the bundle. */
	container = taken_find(&taken, D_WEB_ID);
	cr_assert_str_eq(container->root_directory, D_VAR "/overlay2/" D_WEB_MOUNT "/merged");
	cr_assert_eq(ops->pid(state, "none"), 0);
	cr_assert_eq(ops->errors(state), 0);
	taken_free(&taken);
	ops->close(state);
	mica_host_free(&host);
}

Test(engine_containerd, none)
{
	struct mica_host host;
	void *state = NULL;

	cr_assert_eq(mica_host_init(&host, "/nonexistent"), 0);
	cr_assert_eq(ops->open(&host, &state), 0);
	cr_assert_eq(ops->refresh(state), 0);
	ops->close(state);
	mica_host_free(&host);
}

static struct mica_engine_container *parse(const char *text)
{
	struct mica_engine_container *container = NULL;

	cr_assert_eq(mica_containerd_parse_config("id", "/tasks/ns/id", text, strlen(text), &container), 0);
	return container;
}

Test(engine_containerd, annotations)
{
	struct mica_engine_container *container = NULL;

	cr_assert_eq(mica_containerd_parse_config("id", "/d", "[]", 2, &container), -EBADMSG);
	cr_assert_eq(mica_containerd_parse_config("id", "/d", "{", 1, &container), -EBADMSG);
	container = parse("{\"annotations\":{\"io.kubernetes.cri.container-name\":\"nginx\",\"io.kubernetes.cri."
			  "sandbox-name\":\"shop-0\",\"io.kubernetes.cri.image-name\":\"nginx:1.27\"}}");
	cr_assert_str_eq(container->name, "shop-0/nginx");
	cr_assert_str_eq(container->image, "nginx:1.27");
	cr_assert_null(container->root_directory);
	mica_engine_container_free(&container);
	container = parse("{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"shop-0\"},\"root\":{\"path\":7}}");
	cr_assert_str_eq(container->name, "shop-0");
	mica_engine_container_free(&container);
	container = parse("{\"annotations\":{\"nerdctl/name\":\"web\"},\"root\":{\"path\":\"/abs\"}}");
	cr_assert_str_eq(container->name, "web");
	cr_assert_str_eq(container->root_directory, "/abs");
	mica_engine_container_free(&container);
	container = parse("{\"annotations\":[],\"root\":[]}");
	cr_assert_str_eq(container->name, "id");
	mica_engine_container_free(&container);
}

Test(engine_containerd, volume_of_path)
{
	static const char volume[] = "/var/lib/nerdctl/1935db59/volumes/default/db/_data";
	char *name = NULL;
	size_t length = 0;

	cr_assert_eq(ops->volume_of_path("/var/lib/nerdctl/1935db59/volumes/default/db/_data/x/y", &name, &length), 0);
	cr_assert_str_eq(name, "db");
	cr_assert_eq(length, strlen(volume));
	free(name);
	cr_assert_eq(ops->volume_of_path("/var/lib/nerdctl/1935db59/volumes/default", &name, &length), -ENOENT);
	cr_assert_eq(ops->volume_of_path("/var/lib/nerdctl/1935db59/names/default/db", &name, &length), -ENOENT);
	cr_assert_eq(ops->volume_of_path("/var/lib/nerdctl/", &name, &length), -ENOENT);
	cr_assert_eq(ops->volume_of_path("/etc", &name, &length), -ENOENT);
}
