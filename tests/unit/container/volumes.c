/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which volumes there are: of containers, and on the engines' disks.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "container/identity.h"
#include "fixture.h"

static char seen[4096];

static int take(const char *name, const char *directory, void *userdata)
{
	size_t length = strlen(seen);

	(void)userdata;
	(void)snprintf(seen + length, sizeof(seen) - length, "%s at %s\n", name, directory);
	return 0;
}

static void look(const char *root)
{
	const struct mica_identity_options options = { .root = root };
	struct mica_identity *identity = NULL;

	seen[0] = '\0';
	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	cr_assert_eq(mica_identity_each_volume(identity, take, NULL), 0);
	mica_identity_free(&identity);
}

Test(container_volumes, of_containers)
{
	look(PODMAN4);
	cr_expect_not_null(strstr(seen, ANONYMOUS_VOLUME " at " STORAGE "/volumes/" ANONYMOUS_VOLUME "/_data\n"), "%s",
			   seen);
	cr_expect_not_null(strstr(seen, "/tmp/pm/hostdir at /tmp/pm/hostdir\n"), "bind mounts too: %s", seen);
}

Test(container_volumes, on_disk_also_when_no_container_has_them)
{
	char root[] = "/tmp/mica-volumes-XXXXXX", command[1024];

	cr_assert_not_null(mkdtemp(root));
	(void)snprintf(command, sizeof(command),
		       "cd %s && mkdir -p proc/self var && : >proc/self/mountinfo && cd var && mkdir -p "
		       "lib/docker/volumes/db-data/_data lib/docker/volumes/half"
		       " lib/containers/storage/volumes/logs/_data lib/nerdctl/1935db59/volumes/default/cache/_data"
		       " && : >lib/docker/volumes/metadata.db",
		       root);
	cr_assert_eq(system(command), 0);
	look(root);
	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
	cr_expect_str_eq(seen, "db-data at /var/lib/docker/volumes/db-data/_data\n"
			       "logs at /var/lib/containers/storage/volumes/logs/_data\n"
			       "cache at /var/lib/nerdctl/1935db59/volumes/default/cache/_data\n");
}

static int refuse(const char *name, const char *directory, void *userdata)
{
	(void)name;
	(void)directory;
	++*(int *)userdata;
	return 77;
}

Test(container_volumes, ends_when_told)
{
	const struct mica_identity_options options = { .root = PODMAN4 };
	struct mica_identity *identity = NULL;
	int calls = 0;

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	cr_expect_eq(mica_identity_each_volume(identity, refuse, &calls), 77);
	cr_expect_eq(calls, 1);
	mica_identity_free(&identity);
}
