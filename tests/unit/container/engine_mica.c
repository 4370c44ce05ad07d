/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "container/engine_mica.h"

Test(engine_mica, state)
{
	static const char text[] =
		"{\"id\":\"ab\",\"name\":\"web\",\"image\":\"shop:1\",\"imageId\":\"cd\",\"upper\":\"/s/layers/ab/"
		"diff\","
		"\"root\":\"/s/layers/ab/merged\",\"bundle\":\"/s/containers/ab\",\"volumes\":["
		"{\"name\":\"db\",\"source\":\"/s/volumes/db/_data\",\"destination\":\"/data\"},"
		"{\"source\":\"/srv\",\"destination\":\"/srv\"},{\"source\":\"relative\",\"destination\":\"/"
		"x\"}],\"layers\":["
		"{\"id\":\"l1\",\"digest\":\"sha256:11\"},{\"id\":\"l2\"},{\"id\":\"l3\",\"digest\":\"sha256:33\"}]}";
	struct mica_engine_container *container = NULL;

	cr_assert_eq(mica_own_parse_state("ab", text, strlen(text), &container), 0);
	cr_assert_str_eq(container->id, "ab");
	cr_assert_str_eq(container->name, "web");
	cr_assert_str_eq(container->image, "shop:1");
	cr_assert_str_eq(container->image_id, "cd");
	cr_assert_str_eq(container->upper_directory, "/s/layers/ab/diff");
	cr_assert_str_eq(container->bundle_directory, "/s/containers/ab");
	cr_assert_eq(container->volume_count, 2);
	cr_assert_str_eq(container->volumes[0].name, "db");
	cr_assert_null(container->volumes[1].name);
	cr_assert_str_eq(container->volumes[1].source, "/srv");
	cr_assert_eq(container->layer_count, 2);
	cr_assert_str_eq(container->layers[0].id, "l1");
	cr_assert_str_eq(container->layers[1].digest, "sha256:33");
	mica_engine_container_free(&container);
}

Test(engine_mica, nonsense)
{
	static const char *const texts[] = { "", "[]", "{}", "{\"name\":1}", "{\"name\":\"x\"", "null" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mica_engine_container *container = NULL;

		cr_assert_eq(mica_own_parse_state("ab", texts[i], strlen(texts[i]), &container), -EBADMSG, "%s",
			     texts[i]);
		cr_assert_null(container);
	}
}
