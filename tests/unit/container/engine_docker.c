/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/engine_docker.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "docker_fixture.h"
#include "taken.h"

static const struct mica_engine_ops *const ops = &mica_engine_docker;
static struct mica_host host;
static void *state;
/* A copy of the tree, to be changed. */
static char root[64];

static void open_tree(const char *path)
{
	cr_assert_eq(mica_host_init(&host, path), 0);
	cr_assert_eq(ops->open(&host, &state), 0);
}

static void shell(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

static void open_copy(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/mica-docker-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	shell("cp -a " DOCKER20 "/. .");
	open_tree(root);
}

static void teardown(void)
{
	ops->close(state);
	mica_host_free(&host);
	if (root[0])
		shell("rm -rf \"$PWD\"");
}

TestSuite(engine_docker, .fini = teardown);

static void assert_volume(const struct mica_engine_container *container, const char *destination, const char *name,
			  const char *source)
{
	for (size_t i = 0; i < container->volume_count; i++) {
		const struct mica_engine_volume *volume = &container->volumes[i];

		if (strcmp(volume->destination, destination) != 0)
			continue;
		if (name)
			cr_assert_str_eq(volume->name, name);
		else
			cr_assert_null(volume->name);
		cr_assert_str_eq(volume->source, source);
		return;
	}
	cr_assert_fail("no volume at %s", destination);
}

Test(engine_docker, containers)
{
	const struct mica_engine_container *web, *eph;
	struct taken taken = {};

	open_tree(DOCKER20);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 4);
	web = taken_find(&taken, D_WEB_ID);
	cr_assert_str_eq(web->name, "web");
	cr_assert_str_eq(web->image, "shop:1.0");
	cr_assert_str_eq(web->upper_directory, D_VAR "/overlay2/" D_WEB_MOUNT "/diff");
	cr_assert_str_eq(web->root_directory, D_VAR "/overlay2/" D_WEB_MOUNT "/merged");
	cr_assert_eq(web->pid, D_WEB_PID);
	cr_assert_eq(web->volume_count, 7);
	assert_volume(web, "/data", "db-data", D_VAR "/volumes/db-data/_data");
	assert_volume(web, "/anonymous", D_ANONYMOUS, D_VAR "/volumes/" D_ANONYMOUS "/_data");
	assert_volume(web, "/srv", NULL, "/srv/rec/host-data");
	assert_volume(web, "/etc/hosts", NULL, D_VAR "/containers/" D_WEB_ID "/hosts");
	eph = taken_find(&taken, D_EPH_ID);
	cr_assert_str_eq(eph->name, "eph");
	cr_assert_str_eq(eph->image, "shop:1.0", "made from an id, named by its tag");
	assert_volume(eph, "/data", "db-data", D_VAR "/volumes/db-data/_data");
	cr_assert_eq(taken_find(&taken, D_MADE_ID)->pid, 0);
	cr_assert_eq(ops->errors(state), 0);
	taken_free(&taken);
}

Test(engine_docker, layers)
{
	open_tree(DOCKER20);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_str_eq(ops->layer_digest(state, D_DISK "/overlay2/" D_LAYER_1 "/diff"), D_DIGEST_1);
	cr_assert_str_eq(ops->layer_digest(state, D_DISK "/overlay2/" D_LAYER_2 "/diff"), D_DIGEST_2);
	cr_assert_str_eq(ops->layer_digest(state, D_VAR "/overlay2/" D_LAYER_3 "/diff"), D_DIGEST_3);
	cr_assert_null(ops->layer_digest(state, D_DISK "/overlay2/" D_WEB_MOUNT "/diff"));
	cr_assert_null(ops->layer_digest(state, D_DISK "/overlay2/" D_WEB_MOUNT "-init/diff"));
	cr_assert_null(ops->layer_digest(state, D_DISK "/overlay2/" D_LAYER_1));
	cr_assert_null(ops->layer_digest(state, D_LAYER_1 "/diff"));
	cr_assert_null(ops->layer_digest(state, "/diff"));
	cr_assert_null(ops->layer_digest(state, ""));
	cr_assert_str_eq(ops->layer_role(state, D_DISK "/overlay2/" D_WEB_MOUNT "-init/diff"), "init");
	cr_assert_null(ops->layer_role(state, D_DISK "/overlay2/" D_LAYER_1 "/diff"));
	cr_assert_null(ops->layer_role(state, D_DISK "/overlay2/0000-init/diff"));
}

Test(engine_docker, bundle)
{
	char *bundle;

	open_tree(DOCKER20);
	bundle = ops->bundle_directory(state, D_WEB_ID);
	cr_assert_str_eq(bundle, D_TASKS "/moby/" D_WEB_ID);
	free(bundle);
	cr_assert_null(ops->bundle_directory(state, D_MADE_ID));
}

Test(engine_docker, volume_of_path)
{
	char *name = NULL;
	size_t length = 0;

	open_tree("/nonexistent");
	cr_assert_eq(ops->volume_of_path(D_VAR "/volumes/db/_data/x", &name, &length), 0);
	cr_assert_str_eq(name, "db");
	cr_assert_eq(length, strlen(D_VAR "/volumes/db/_data"));
	free(name);
	cr_assert_eq(ops->volume_of_path(D_VAR "/volumes/metadata.db", &name, &length), -ENOENT);
	cr_assert_eq(ops->volume_of_path(D_VAR "/volumes/db/_database", &name, &length), -ENOENT);
	cr_assert_eq(ops->volume_of_path("/etc", &name, &length), -ENOENT);
}

Test(engine_docker, no_docker)
{
	struct taken taken = {};

	open_tree("/nonexistent");
	cr_assert_eq(ops->refresh(state), 0);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 0);
	cr_assert_eq(ops->errors(state), 0);
}

Test(engine_docker, changes)
{
	struct taken taken = {};

	open_copy();
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->refresh(state), 0);
	/* Renamed. */
	shell("cd ." D_VAR "/containers/" D_WEB_ID
	      "; sed 's#\"/web\"#\"/www\"#' config.v2.json >n; mv n config.v2.json");
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->refresh(state), 0);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_str_eq(taken_find(&taken, D_WEB_ID)->name, "www");
	taken_free(&taken);
	/* Removed. */
	shell("cd ." D_VAR "; rm -r containers/" D_WEB_ID " image/overlay2/layerdb/mounts/" D_WEB_ID);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 3);
	taken_free(&taken);
	/* A new layer, its second file a moment after the first. */
	shell("cd ." D_VAR "/image/overlay2/layerdb/sha256; mkdir aa; printf c1 >aa/cache-id");
	cr_assert_geq(ops->refresh(state), 0);
	cr_assert_null(ops->layer_digest(state, "/x/overlay2/c1/diff"));
	shell("printf sha256:00 >." D_VAR "/image/overlay2/layerdb/sha256/aa/diff");
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_str_eq(ops->layer_digest(state, "/x/overlay2/c1/diff"), "sha256:00");
	/* dockerd makes a file, and then writes to it. */
	shell("cd ." D_VAR "/image/overlay2/layerdb/sha256; mkdir bb; : >bb/cache-id; printf sha256:01 >bb/diff");
	cr_assert_geq(ops->refresh(state), 0);
	cr_assert_null(ops->layer_digest(state, "/x/overlay2/c2/diff"));
	shell("printf c2 >." D_VAR "/image/overlay2/layerdb/sha256/bb/cache-id");
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_str_eq(ops->layer_digest(state, "/x/overlay2/c2/diff"), "sha256:01");
	shell("rm -r ." D_VAR);
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_null(ops->layer_digest(state, "/x/overlay2/c1/diff"));
	cr_assert_eq(ops->errors(state), 0);
}

Test(engine_docker, being_created)
{
	struct taken taken = {};
	const struct mica_engine_container *web;

	open_copy();
	shell("rm ." D_VAR "/containers/" D_WEB_ID "/config.v2.json");
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_eq(taken.count, 4);
	web = taken_find(&taken, D_WEB_ID);
	cr_assert_null(web->name);
	cr_assert_null(web->image);
	cr_assert_str_eq(web->upper_directory, D_VAR "/overlay2/" D_WEB_MOUNT "/diff");
	taken_free(&taken);
}

Test(engine_docker, damaged_state_is_counted_once)
{
	struct taken taken = {};

	open_copy();
	shell("cd ." D_VAR "; echo '{' >containers/" D_WEB_ID
	      "/config.v2.json; echo '[]' >image/overlay2/repositories.json;"
	      "printf ../../etc >image/overlay2/layerdb/mounts/" D_EPH_ID "/mount-id;"
	      "mkdir image/overlay2/layerdb/sha256/aa; echo ' ' >image/overlay2/layerdb/sha256/aa/cache-id");
	cr_assert_eq(ops->refresh(state), 1);
	cr_assert_eq(ops->errors(state), 4);
	(void)ops->refresh(state);
	cr_assert_eq(ops->errors(state), 4);
	cr_assert_eq(ops->each_container(state, taken_take, &taken), 0);
	cr_assert_null(taken_find(&taken, D_EPH_ID)->upper_directory);
	cr_assert_str_eq(taken_find(&taken, D_EPH_ID)->image, D_IMAGE_ID);
	taken_free(&taken);
}

static int parse(const char *text, struct mica_engine_container **ret)
{
	return mica_docker_parse_container(D_WEB_ID, "", text, strlen(text), ret);
}

Test(engine_docker, config)
{
	struct mica_engine_container *container = NULL;

	open_tree("/nonexistent");
	cr_assert_eq(parse("{", &container), -EBADMSG);
	cr_assert_eq(parse("[]", &container), -EBADMSG);
	cr_assert_eq(parse("{\"ID\":\"another\"}", &container), -EBADMSG);
	cr_assert_eq(mica_docker_parse_container("..", "", "{\"ID\":\"..\"}", 11, &container), -EBADMSG);
	cr_assert_null(container);
	cr_assert_eq(parse("{\"ID\":\"" D_WEB_ID "\",\"Name\":7,\"State\":{\"Pid\":-1},\"MountPoints\":{\"a\":null,"
			   "\"b\":{\"Destination\":\"b\",\"Name\":\"n\"},\"c\":{\"Destination\":\"/c\"},"
			   "\"d\":{\"Destination\":\"/d\",\"Name\":\"../../etc\",\"Driver\":\"local\"},"
			   "\"e\":{\"Destination\":\"/e\",\"Name\":\"far\",\"Driver\":\"mica\",\"Type\":\"volume\"},"
			   "\"f\":{\"Destination\":\"/f\",\"Source\":\"x\",\"Type\":\"tmpfs\"}}}",
			   &container),
		     0);
	cr_assert_str_eq(container->name, D_WEB_ID);
	cr_assert_eq(container->pid, 0);
	cr_assert_eq(container->volume_count, 2);
	for (size_t i = 0; i < 2; i++)
		cr_assert_null(container->volumes[i].source);
	mica_engine_container_free(&container);
	cr_assert_eq(parse("{\"ID\":\"" D_WEB_ID "\",\"Image\":\"" D_IMAGE_ID "\",\"Config\":{\"Image\":\"1093fe3f\"},"
			   "\"Driver\":\"overlayfs\"}",
			   &container),
		     0);
	cr_assert_str_eq(container->image, D_IMAGE_ID);
	cr_assert_str_eq(container->root_directory, D_VAR "/rootfs/overlayfs/" D_WEB_ID);
	mica_engine_container_free(&container);
}

Test(engine_docker, image_names)
{
	static const char text[] =
		"{\"Repositories\":{\"shop\":{\"shop@sha256:1\":\"sha256:a\",\"shop:1\":\"sha256:a\","
		"\"shop@sha256:2\":\"sha256:b\",\"shop:x\":3},\"bad\":null}}";
	struct mica_docker_images images = {};

	open_tree("/nonexistent");
	cr_assert_eq(mica_docker_parse_repositories(text, strlen(text), &images), 0);
	cr_assert_str_eq(mica_docker_image_name(&images, "sha256:a"), "shop:1");
	cr_assert_str_eq(mica_docker_image_name(&images, "sha256:b"), "shop@sha256:2");
	cr_assert_null(mica_docker_image_name(&images, "sha256:c"));
	mica_docker_images_free(&images);
	cr_assert_eq(mica_docker_parse_repositories("{}", 2, &images), -EBADMSG);
}

Test(engine_docker, ids)
{
	char *id = NULL;

	open_tree("/nonexistent");
	cr_assert_eq(mica_docker_parse_id("a-init\n", 7, &id), 0);
	cr_assert_str_eq(id, "a-init");
	free(id);
	cr_assert_eq(mica_docker_parse_id("", 0, &id), -EBADMSG);
	cr_assert_eq(mica_docker_parse_id("\n", 1, &id), -EBADMSG);
	cr_assert_eq(mica_docker_parse_id("a/b", 3, &id), -EBADMSG);
	cr_assert_eq(mica_docker_parse_id("..", 2, &id), -EBADMSG);
	cr_assert_eq(mica_docker_parse_id("a\0b", 3, &id), -EBADMSG);
}
