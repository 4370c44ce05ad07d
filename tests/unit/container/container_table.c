/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/identity.h"
#include "fixture.h"

/* A tree of its own, which changes under the tables. */
static char root[64];
static struct mica_identity *identity;

static void shell(const char *command)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), "set -e; cd %s; %s", root, command);
	cr_assert_eq(system(line), 0);
}

static void setup(void)
{
	const struct mica_identity_options options = { .root = root };

	(void)snprintf(root, sizeof(root), "/tmp/mica-containers-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	shell("cp -a " PODMAN5 "/. .");
	cr_assert_eq(mica_identity_new(&options, &identity), 0);
}

static void teardown(void)
{
	mica_identity_free(&identity);
	shell("rm -rf " STORAGE "/none; rm -rf ./var ./run ./proc");
	rmdir(root);
}

TestSuite(container_table, .init = setup, .fini = teardown);

static int remember(const struct mica_container *container, void *userdata)
{
	const struct mica_container **named = userdata;

	named[strcmp(container->id, EPH_ID) == 0] = container;
	return 0;
}

Test(container_table, renamed_and_removed)
{
	const struct mica_container *named[2] = {};
	const char *old_name;

	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->name, "web");
	cr_assert_str_eq(named[1]->name, "eph");
	old_name = named[0]->name;

	shell("cd ." STORAGE
	      "/overlay-containers; sed 's/\"web\"/\"www\"/' containers.json >new; mv new containers.json");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->name, "www");
	cr_assert_str_eq(old_name, "web");

	shell("rm ." STORAGE "/overlay-containers/*.json");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->name, "www");
	cr_assert_eq(mica_identity_counts(identity).containers, 2);
}

Test(container_table, damaged_state_is_counted)
{
	const struct mica_container *named[2] = {};

	shell("echo '[{' >." STORAGE "/overlay-containers/containers.json");
	shell("echo '{}' >." STORAGE "/overlay-layers/layers.json");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_null(named[0]);
	cr_assert_not_null(named[1]);
	cr_assert_eq(mica_identity_counts(identity).engine_errors, 2);
}

Test(container_table, podman_after_crun)
{
	const struct mica_container *named[2] = {};

	shell("mv ." STORAGE " aside; mkdir -p run/crun; cp -a " PODMAN4 "/run/crun/" WEB_ID " run/crun");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->engine, "crun");
	cr_assert_str_eq(named[0]->name, WEB_ID);
	shell("mv aside ." STORAGE);
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->engine, "podman");
	cr_assert_str_eq(named[0]->name, "web");
	/* Podman forgets it first, while crun still has news: the name stays. */
	shell("mv ." STORAGE " aside; touch run/crun/" WEB_ID "/status");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->engine, "podman");
	cr_assert_str_eq(named[0]->name, "web");
	shell("mv aside ." STORAGE);
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	/* crun's state goes first when it ends. */
	shell("rm -r run/crun");
	cr_assert_eq(mica_identity_each_container(identity, remember, named), 0);
	cr_assert_str_eq(named[0]->engine, "podman");
}

Test(container_table, symlinked_storage)
{
	const struct mica_record layer = {
		.type = MICA_RECORD_UNION_LAYER,
		.union_id = 7,
		.dev = DEVICE(0, 200),
		.layers = 1,
		.union_layer = { .dev = DISK },
	};
	const struct mica_record record = { .type = MICA_EVENT_CREATE, .union_id = 7, .dev = DEVICE(0, 200) };
	struct mica_identified found = {};

	shell("mkdir elsewhere; mv ." STORAGE " elsewhere/st; ln -s ../../../elsewhere/st ." STORAGE
	      "; mkdir -p ." WEB_LAYER "/diff");
	cr_assert_eq(mica_identity_add_layer(
			     identity, &layer,
			     bytes("/elsewhere/st" /* the real place */
				   "/overlay/27779bf2c25caa88327803ce57f771a5e4131e11c818fb5e9c0eca1c7654ec63/diff")),
		     0);
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/x"), (struct mica_bytes){}, &found), 0);
	cr_assert_not_null(found.container);
	cr_assert_str_eq(found.container->name, "web");
	shell("rm -r elsewhere");
}

static int note(const struct mica_namespace *found, void *userdata)
{
	const struct mica_namespace **noted = userdata;

	cr_assert_null(*noted, "once");
	*noted = found;
	return 0;
}

/* The name of a container that no engine made: while crun sets it up, there is nothing that tells. */
Test(container_table, made_known_after_its_namespace)
{
	const struct mica_namespace *noted = NULL;
	struct mica_identified found;
	struct mica_record record = { .type = MICA_EVENT_MOUNT, .mnt_ns_id = 5, .pid = PLAIN_PID };
	char path[128];

	shell("cp -a " PODMAN4 "/proc/6524 proc/");
	(void)snprintf(path, sizeof(path), "%s/proc/6524/ns/mnt", root);
	record.mnt_ns = namespace_of(path);
	cr_assert_eq(mica_identity_find(identity, &record, bytes("/"), bytes(""), &found), 0);
	cr_assert_null(found.container);
	cr_assert_eq(found.mount_namespace->kind, MICA_NAMESPACE_OTHER);
	cr_assert_eq(mica_identity_settle(identity, note, &noted), 0);
	cr_assert_null(noted);
	shell("mkdir -p run/crun; cp -a " PODMAN4 "/run/crun/plain run/crun");
	cr_assert_eq(mica_identity_settle(identity, note, &noted), 0);
	cr_assert_eq(noted, found.mount_namespace);
	cr_assert_eq(noted->kind, MICA_NAMESPACE_CONTAINER);
	cr_assert_str_eq(noted->container->name, "plain");
	cr_assert_eq(mica_identity_settle(identity, note, &noted), 0);
}
