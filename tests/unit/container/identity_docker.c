/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "container/identity.h"
#include "docker_fixture.h"

#define UNION 7

static struct mica_identity *identity;

static void setup(void)
{
	const struct mica_identity_options options = { .root = DOCKER20 };

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void teardown(void)
{
	mica_identity_free(&identity);
}

TestSuite(identity_docker, .init = setup, .fini = teardown);

static void add_layer(uint32_t device, unsigned layers, unsigned index, const char *path)
{
	const struct mica_record record = {
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = UNION,
		.dev = device,
		.layers = (uint16_t)layers,
		.union_layer = { .dev = DISK, .inode = 100 + index, .index = index },
	};

	cr_assert_eq(mica_identity_add_layer(identity, &record, bytes(path)), 0);
}

static struct mica_record record_of(uint32_t device, int pid, const char *namespace_path, unsigned layer)
{
	return (struct mica_record){
		.type = MICA_EVENT_COPY_UP,
		.layer = (uint16_t)layer,
		.layers = 4,
		.mnt_ns_id = 50,
		.mnt_ns = namespace_of(namespace_path),
		.pid = (uint32_t)pid,
		.root_union = UNION,
		.union_id = UNION,
		.dev = device,
		.fs_magic = OVERLAY_MAGIC,
	};
}

static struct mica_identified find(const struct mica_record *record, const char *path)
{
	struct mica_identified found = {};

	cr_assert_eq(mica_identity_find(identity, record, bytes(path), (struct mica_bytes){}, &found), 0);
	return found;
}

static struct mica_record web_record(unsigned layer)
{
	return record_of(D_WEB_DEVICE, D_WEB_PID, DOCKER20 "/proc/178/ns/mnt", layer);
}

static void add_web_union(void)
{
	add_layer(D_WEB_DEVICE, 4, 0, D_DISK "/overlay2/" D_WEB_MOUNT "/diff");
	add_layer(D_WEB_DEVICE, 4, 1, D_DISK "/overlay2/" D_WEB_MOUNT "-init/diff");
	add_layer(D_WEB_DEVICE, 4, 2, D_DISK "/overlay2/" D_LAYER_1 "/diff");
	add_layer(D_WEB_DEVICE, 4, 3, D_DISK "/overlay2/" D_LAYER_2 "/diff");
	add_layer(D_WEB_DEVICE, 4, 4, D_DISK "/overlay2/" D_LAYER_3 "/diff");
}

Test(identity_docker, layers_and_the_init_layer)
{
	struct mica_record record = web_record(2);
	struct mica_identified found;

	add_web_union();
	found = find(&record, "/www/index.html");
	cr_assert_str_eq(found.container->engine, "docker");
	cr_assert_str_eq(found.container->name, "web");
	cr_assert_str_eq(found.container->id, D_WEB_ID);
	cr_assert_str_eq(found.container->image, "shop:1.0");
	cr_assert_str_eq(found.container->image_id, D_IMAGE_ID);
	cr_assert_str_eq(found.object.digest, D_DIGEST_1);
	cr_assert_null(found.object.role);
	cr_assert_str_eq(found.object.directory, D_DISK "/overlay2/" D_LAYER_1 "/diff");
	cr_assert_str_eq(found.host_path, D_VAR "/overlay2/" D_WEB_MOUNT "/merged/www/index.html");
	record = web_record(1);
	found = find(&record, "/etc/hosts");
	cr_assert_eq(found.object.kind, MICA_OBJECT_LAYER);
	cr_assert_eq(found.object.layer, 1);
	cr_assert_str_eq(found.object.role, "init");
	cr_assert_null(found.object.digest);
	record = web_record(0);
	record.type = MICA_EVENT_CREATE;
	record.flags = MICA_RECORD_UPPER;
	found = find(&record, "/x");
	cr_assert_eq(found.object.kind, MICA_OBJECT_UPPER);
	cr_assert_null(found.object.role);
}

static void assert_volume(const char *path, const char *name, const char *directory, const char *container_path)
{
	struct mica_record record = web_record(0);
	struct mica_identified found;

	record.type = MICA_EVENT_CREATE;
	record.union_id = 0;
	record.dev = DISK;
	record.fs_magic = EXT4_MAGIC;
	found = find(&record, path);
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.object.volume, name);
	cr_assert_str_eq(found.object.directory, directory);
	cr_assert_str_eq(found.container_path, container_path);
	cr_assert_str_eq(found.container->name, "web");
}

Test(identity_docker, volumes)
{
	add_web_union();
	assert_volume(D_DISK "/volumes/db-data/_data/a", "db-data", D_VAR "/volumes/db-data/_data", "/data/a");
	assert_volume(D_DISK "/volumes/" D_ANONYMOUS "/_data/b", D_ANONYMOUS, D_VAR "/volumes/" D_ANONYMOUS "/_data",
		      "/anonymous/b");
	assert_volume("/srv/rec/host-data/c/d", "/srv/rec/host-data", "/srv/rec/host-data", "/srv/c/d");
	assert_volume(D_DISK "/containers/" D_WEB_ID "/hosts", D_VAR "/containers/" D_WEB_ID "/hosts",
		      D_VAR "/containers/" D_WEB_ID "/hosts", "/etc/hosts");
}

/* A copy of the tree, changed by a command. */
static void open_changed(char root[static 64], const char *command)
{
	struct mica_identity_options options = { .root = root };
	char line[1024];

	(void)snprintf(root, 64, "/tmp/mica-docker-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	(void)snprintf(line, sizeof(line), "set -e; cp -a " DOCKER20 "/. %s; cd %s; %s", root, root, command);
	cr_assert_eq(system(line), 0);
	mica_identity_free(&identity);
	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void remove_tree(const char *root)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "rm -r %s", root);
	cr_assert_eq(system(line), 0);
}

Test(identity_docker, volumes_without_config_json)
{
	char root[64];

	open_changed(root, "rm -r run/docker");
	add_web_union();
	assert_volume(D_DISK "/volumes/db-data/_data/a", "db-data", D_VAR "/volumes/db-data/_data", "/data/a");
	assert_volume("/srv/rec/host-data/c/d", "/srv/rec/host-data", "/srv/rec/host-data", "/srv/c/d");
	remove_tree(root);
}

/* Docker knows the volume's name, config.json where the plugin has put it. */
Test(identity_docker, volume_of_a_plugin)
{
	char root[64];

	open_changed(root,
		     "sed -i 's#\"/var/lib/docker/volumes/db-data/_data\"#\"/mnt/far\"#' ." D_TASKS "/moby/" D_WEB_ID
		     "/config.json; sed -i 's#\"Source\":\"/var/lib/docker/volumes/db-data/_data\"#\"Source\":\"\"#;"
		     "s#\"local\"#\"mica\"#' ." D_VAR "/containers/" D_WEB_ID "/config.v2.json");
	add_web_union();
	assert_volume("/mnt/far/a", "db-data", "/mnt/far", "/data/a");
	assert_volume(D_DISK "/volumes/" D_ANONYMOUS "/_data/b", D_ANONYMOUS, D_VAR "/volumes/" D_ANONYMOUS "/_data",
		      "/anonymous/b");
	remove_tree(root);
}

Test(identity_docker, containerd_by_its_root)
{
	struct mica_record record = record_of(D_CTRWEB_DEVICE, D_CTRWEB_PID, DOCKER20 "/proc/459/ns/mnt", 1);
	struct mica_identified found;

	add_layer(D_CTRWEB_DEVICE, 4, 0, "/snapshots/4/fs");
	found = find(&record, "/www");
	cr_assert_str_eq(found.container->engine, "containerd");
	cr_assert_str_eq(found.container->name, "ctrweb");
	cr_assert_null(found.container->image);
	record.type = MICA_EVENT_CREATE;
	record.union_id = 0;
	record.dev = DISK;
	record.fs_magic = EXT4_MAGIC;
	found = find(&record, "/srv/rec/host-data/x");
	cr_assert_eq(found.object.kind, MICA_OBJECT_VOLUME);
	cr_assert_str_eq(found.container_path, "/srv/x");
}

Test(identity_docker, runc_by_its_root)
{
	struct mica_record record = record_of(D_PLAIN_DEVICE, D_PLAIN_PID, DOCKER20 "/proc/538/ns/mnt", 1);

	add_layer(D_PLAIN_DEVICE, 4, 0, "/srv/rec/img/b/u");
	cr_assert_str_eq(find(&record, "/www").container->engine, "runc");
}

static int count_engines(const struct mica_container *container, void *userdata)
{
	size_t *counts = userdata;

	counts[0] += strcmp(container->engine, "docker") == 0;
	counts[1] += strcmp(container->engine, "containerd") == 0;
	counts[2] += strcmp(container->engine, "runc") == 0;
	return 0;
}

Test(identity_docker, precedence)
{
	size_t counts[3] = {};

	cr_assert_eq(mica_identity_each_container(identity, count_engines, counts), 0);
	cr_assert_eq(counts[0], 4);
	cr_assert_eq(counts[1], 2);
	cr_assert_eq(counts[2], 1);
	cr_assert_eq(mica_identity_counts(identity).engine_errors, 0);
}
