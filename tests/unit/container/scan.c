/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include "container/identity.h"
#include "fixture.h"

struct found {
	unsigned namespaces, unions;
	const char *web, *eph, *plain;
	bool stop;
};

static int visit_namespace(const struct mica_found_namespace *namespace, void *userdata)
{
	struct found *found = userdata;

	found->namespaces++;
	if (namespace->pid == WEB_PID)
		found->web = namespace->container->name;
	else if (namespace->pid == EPH_PID)
		found->eph = namespace->container->name;
	else if (namespace->pid == PLAIN_PID)
		found->plain = namespace->container->name;
	else
		cr_assert_null(namespace->container);
	return 0;
}

static int visit_union(const char *path, void *userdata)
{
	struct found *found = userdata;

	cr_assert_not_null(strstr(path, PODMAN4 "/proc/"));
	cr_assert_not_null(strstr(path, "/root/"));
	found->unions++;
	return found->stop ? 7 : 0;
}

Test(scan, namespaces_and_unions)
{
	const struct mica_identity_options options = { .root = PODMAN4 };
	struct mica_identity *identity = NULL;
	struct found found = {};

	cr_assert_eq(mica_identity_new(&options, &identity), 0);
	cr_assert_eq(mica_identity_scan(identity, visit_namespace, visit_union, &found), 0);
	cr_assert_eq(found.namespaces, 5);
	cr_assert_eq(found.unions, 3);
	cr_assert_str_eq(found.web, "web");
	cr_assert_str_eq(found.eph, "eph");
	cr_assert_str_eq(found.plain, "plain");
	found.stop = true;
	cr_assert_eq(mica_identity_scan(identity, NULL, visit_union, &found), 7);
	mica_identity_free(&identity);
}
