/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>

#include "container/oci.h"
#include "fixture.h"

static int parse(const char *text, struct mica_volume_list *ret)
{
	return mica_oci_parse_volumes(text, strlen(text), "/bundle", mica_engine_podman.volume_of_path, ret);
}

Test(oci, bind_mounts_only)
{
	struct mica_volume_list list = {};

	cr_assert_eq(parse("{\"mounts\":["
			   "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
			   "{\"destination\":\"/data/\",\"type\":\"bind\",\"source\":\"" STORAGE "/volumes/db/_data\"},"
			   "{\"destination\":\"/rel\",\"options\":[\"ro\",\"rbind\"],\"source\":\"sub\"},"
			   "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"/x/userdata/shm\"},"
			   "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"/x/mounts/shm\"},"
			   "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":"
			   "\"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/a/shm\"},"
			   "{\"destination\":\"no-slash\",\"type\":\"bind\",\"source\":\"/x\"},"
			   "{\"destination\":\"/y\",\"type\":\"bind\"}, 3]}",
			   &list),
		     0);
	cr_assert_eq(list.count, 2);
	cr_assert_str_eq(list.volumes[0].name, "db");
	cr_assert_str_eq(list.volumes[0].destination, "/data");
	cr_assert_null(list.volumes[1].name);
	cr_assert_str_eq(list.volumes[1].source, "/bundle/sub");
	mica_volume_list_free(&list);
}

Test(oci, not_a_specification)
{
	struct mica_volume_list list = {};

	cr_assert_eq(parse("[]", &list), -EBADMSG);
	cr_assert_eq(parse("{\"mounts\":{}}", &list), -EBADMSG);
	cr_assert_eq(parse("", &list), -EBADMSG);
	cr_assert_eq(parse("{}", &list), 0);
	cr_assert_eq(list.count, 0);
	mica_volume_list_free(&list);
}
