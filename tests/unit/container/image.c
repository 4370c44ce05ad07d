/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/image.h"

#include <criterion/criterion.h>
#include <stddef.h>

#define ID "1093fe3f0c624e66cbbef5f1a3d1114dff9cc5735278640123d81a0b6ccdbc92"
#define OTHER "b68af9b3f9ebfb9abd15a33606538b32f0da839e603b9957acc6b96a11a3584f"

/* Patterns that must match, and such that must not; each list ends with NULL. */
struct image_case {
	const char *image;
	const char *id;
	const char *matches[16];
	const char *others[16];
};

static const struct image_case cases[] = {
	{ .image = "docker.io/library/nginx:1.27", /* podman's way to name an image of Docker Hub */
	  .id = ID,
	  .matches = { "docker.io/library/nginx:1.27", "docker.io/library/nginx", "docker.io/nginx:1.27",
		       "docker.io/nginx", "library/nginx:1.27", "library/nginx", "nginx:1.27", "nginx", "nginx:*",
		       "ngin?", "*", "docker.io/*", "*:1.27", "1093fe3f0c62", "sha256:1093fe3f0c62", NULL },
	  .others = { "nginx:1.2", "nginx:", "nginx:latest", "ngin", "httpd", "quay.io/nginx", "localhost/nginx",
		      "/nginx", "docker.io", "library", "1093fe3f0c6", "sha256:1093fe3f0c63", "", NULL } },
	{ .image = "nginx:1.27", /* Docker's way */
	  .id = "sha256:" ID,
	  .matches = { "docker.io/library/nginx:1.27", "docker.io/library/nginx", "docker.io/nginx:1.27",
		       "docker.io/nginx", "library/nginx:1.27", "library/nginx", "nginx:1.27", "nginx", "nginx:1.*", ID,
		       "sha256:" ID, "1093fe3f0c624e66", NULL },
	  .others = { "nginx:latest", "localhost/nginx:1.27", "index.docker.io/nginx", OTHER, "sha256:" OTHER, NULL } },
	{ .image = "nginx",
	  .matches = { "nginx", "nginx:latest", "nginx:*", "library/nginx:latest", "docker.io/library/nginx:latest",
		       NULL },
	  .others = { "nginx:1.27", "1093fe3f0c62", NULL } },
	{ .image = "grafana/loki:3.0",
	  .matches = { "grafana/loki:3.0", "grafana/loki", "docker.io/grafana/loki", "docker.io/grafana/loki:3.0",
		       "grafana/*", NULL },
	  .others = { "loki", "loki:3.0", "library/grafana/loki", "docker.io/library/grafana/loki", NULL } },
	{ .image = "localhost/shop:1.0",
	  .matches = { "localhost/shop:1.0", "localhost/shop", "shop:1.0", "shop", "sh[op]*", NULL },
	  .others = { "docker.io/shop", "library/shop", "docker.io/library/shop", "shop:2.0", NULL } },
	{ .image = "registry.example:5000/team/shop:1.0",
	  .matches = { "registry.example:5000/team/shop:1.0", "registry.example:5000/team/shop", "*/shop:1.0", "*/shop",
		       NULL },
	  .others = { "shop", "team/shop", "registry.example", "registry.example:5000", NULL } },
	{ .image = "registry.example:5000/shop",
	  .matches = { "registry.example:5000/shop", "registry.example:5000/shop:latest", NULL },
	  .others = { "shop", "registry.example", "registry.example:5000/shop:1.0", NULL } },
	{ .image = "shop@sha256:" OTHER,
	  .id = ID,
	  .matches = { "shop", "shop@sha256:" OTHER, "shop@*", "sha256:b68af9b3f9eb", "b68af9b3f9eb", ID, NULL },
	  .others = { "shop:latest", "shop@sha256:" ID, "shop:sha256", NULL } },
	{ .image = "shop:1.0@sha256:" OTHER,
	  .matches = { "shop", "shop:1.0", "shop:1.0@sha256:" OTHER, "b68af9b3f9ebfb9a", NULL },
	  .others = { "shop:latest", "b68af9b3f9ec", NULL } },
	{ .image = "sha256:" ID, /* Docker's image that has no name any more */
	  .matches = { ID, "sha256:" ID, "1093fe3f0c62", "sha256:1093fe3f0c62", "*", NULL },
	  .others = { "sha256", "sha256:latest", "1093fe3f0c6", "*:latest", NULL } },
	{ .image = ID, /* podman's */
	  .matches = { ID, "sha256:" ID, "1093fe3f0c62", NULL },
	  .others = { "*:latest", "docker.io/library/" ID, NULL } },
	{ .image = NULL, .id = ID, .matches = { "1093fe3f0c62", NULL }, .others = { "*", "nginx", NULL } },
	{ .image = NULL, .id = NULL, .matches = { NULL }, .others = { "*", "", "1093fe3f0c62", NULL } },
};

Test(container_image, matches_as_people_type_it)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct image_case *c = &cases[i];

		for (size_t j = 0; c->matches[j]; j++)
			cr_expect(mica_image_matches(c->matches[j], c->image, c->id), "'%s' is not '%s'", c->matches[j],
				  c->image ? c->image : "none");
		for (size_t j = 0; c->others[j]; j++)
			cr_expect_not(mica_image_matches(c->others[j], c->image, c->id), "'%s' is '%s'", c->others[j],
				      c->image ? c->image : "none");
	}
}

Test(container_image, an_absurdly_long_reference_matches_by_id_only)
{
	char image[4096];

	for (size_t i = 0; i < sizeof(image) - 1; i++)
		image[i] = 'a';
	image[sizeof(image) - 1] = '\0';
	cr_expect_not(mica_image_matches(image, image, NULL));
	cr_expect(mica_image_matches("1093fe3f0c62", image, ID));
}
