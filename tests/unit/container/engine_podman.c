/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "container/engine_podman.h"
#include "fixture.h"

struct taken {
	struct mica_engine_container *containers[8];
	size_t count;
};

static int take(struct mica_engine_container *container, void *userdata)
{
	struct taken *taken = userdata;

	cr_assert_lt(taken->count, 8);
	taken->containers[taken->count++] = container;
	return 0;
}

static const struct mica_engine_container *find(const struct taken *taken, const char *name)
{
	for (size_t i = 0; i < taken->count; i++)
		if (strcmp(taken->containers[i]->name, name) == 0)
			return taken->containers[i];
	return NULL;
}

static void check_tree(const char *root)
{
	const struct mica_engine_ops *ops = &mica_engine_podman;
	const struct mica_engine_container *container;
	struct mica_host host;
	struct taken taken = {};
	void *state = NULL;

	cr_assert_eq(mica_host_init(&host, root), 0);
	cr_assert_eq(ops->open(&host, &state), 0);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->each_container(state, take, &taken), 0);
	cr_assert_eq(taken.count, 2);

	container = find(&taken, "web");
	cr_assert_str_eq(container->id, WEB_ID);
	cr_assert_str_eq(container->image, "localhost/bb2:1");
	cr_assert_str_eq(container->upper_directory, WEB_LAYER "/diff");
	cr_assert_str_eq(container->root_directory, WEB_LAYER "/merged");
	cr_assert_str_eq(container->bundle_directory, STORAGE "/overlay-containers/" WEB_ID "/userdata");
	cr_assert_eq(ops->pid(state, container->id), WEB_PID);
	container = find(&taken, "eph");
	cr_assert_str_eq(container->id, EPH_ID);
	cr_assert_str_eq(container->image, "localhost/bb:1");

	cr_assert_str_eq(ops->layer_digest(state, TOP_LAYER "/diff"), TOP_DIGEST);
	cr_assert_str_eq(ops->layer_digest(state, BASE_LAYER "/diff"), BASE_DIGEST);
	cr_assert_null(ops->layer_digest(state, WEB_LAYER "/diff"));
	cr_assert_null(ops->layer_digest(state, TOP_LAYER));
	cr_assert_null(ops->layer_digest(state, "/diff"));
	cr_assert_eq(ops->pid(state, "0123"), 0);

	cr_assert_eq(ops->refresh(state), 0);
	cr_assert_eq(ops->errors(state), 0);
	for (size_t i = 0; i < taken.count; i++)
		mica_engine_container_free(&taken.containers[i]);
	ops->close(state);
	mica_host_free(&host);
}

Test(engine_podman, version_4)
{
	check_tree(PODMAN4);
}

Test(engine_podman, version_5)
{
	check_tree(PODMAN5);
}

Test(engine_podman, no_podman)
{
	struct mica_host host;
	struct taken taken = {};
	void *state = NULL;

	cr_assert_eq(mica_host_init(&host, "/nonexistent"), 0);
	cr_assert_eq(mica_engine_podman.open(&host, &state), 0);
	cr_assert_eq(mica_engine_podman.refresh(state), 0);
	cr_assert_eq(mica_engine_podman.each_container(state, take, &taken), 0);
	cr_assert_eq(taken.count, 0);
	mica_engine_podman.close(state);
	mica_host_free(&host);
}

Test(engine_podman, entries_that_make_no_sense)
{
	static const char text[] = "[{\"id\":\"../../etc\",\"layer\":\"a\"},{\"id\":7},null,\"x\",{\"id\":\"abc\","
				   "\"layer\":\"../b\",\"metadata\":\"{not json\",\"names\":[3]}]";
	struct mica_podman_state state = {};

	cr_assert_eq(mica_podman_parse_containers(&state, text, strlen(text)), 0);
	cr_assert_eq(state.container_count, 1);
	cr_assert_str_eq(state.containers[0]->id, "abc");
	cr_assert_str_eq(state.containers[0]->name, "abc");
	cr_assert_null(state.containers[0]->image);
	cr_assert_null(state.containers[0]->upper_directory);
	cr_assert_eq(mica_podman_parse_containers(&state, "null", 4), 0);
	cr_assert_eq(mica_podman_parse_containers(&state, "{}", 2), -EBADMSG);
	cr_assert_eq(mica_podman_parse_layers(&state, "[", 1), -EBADMSG);
	cr_assert_eq(mica_podman_parse_images(&state, "", 0), -EBADMSG);
	mica_podman_reset(&state);
}

Test(engine_podman, image_name_from_the_image)
{
	static const char images[] = "[{\"id\":\"i1\",\"names\":[\"docker.io/library/nginx:1\"]}]";
	static const char containers[] = "[{\"id\":\"c1\",\"image\":\"i1\"},{\"id\":\"c2\",\"image\":\"i2\"}]";
	struct mica_podman_state state = {};

	cr_assert_eq(mica_podman_parse_images(&state, images, strlen(images)), 0);
	cr_assert_eq(mica_podman_parse_containers(&state, containers, strlen(containers)), 0);
	cr_assert_str_eq(state.containers[0]->image, "docker.io/library/nginx:1");
	cr_assert_str_eq(state.containers[1]->image, "i2");
	mica_podman_reset(&state);
}

Test(engine_podman, volume_of_path)
{
	char *name = NULL;
	size_t length = 0;

	cr_assert_eq(mica_engine_podman.volume_of_path(STORAGE "/volumes/db/_data/x", &name, &length), 0);
	cr_assert_str_eq(name, "db");
	cr_assert_eq(length, strlen(STORAGE "/volumes/db/_data"));
	free(name);
	cr_assert_eq(mica_engine_podman.volume_of_path(STORAGE "/volumes/db/_database", &name, &length), -ENOENT);
	cr_assert_eq(mica_engine_podman.volume_of_path(STORAGE "/volumes//_data", &name, &length), -ENOENT);
	cr_assert_eq(mica_engine_podman.volume_of_path(STORAGE "/volumes/db", &name, &length), -ENOENT);
	cr_assert_eq(mica_engine_podman.volume_of_path("/etc", &name, &length), -ENOENT);
}
