/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/options.h"

Test(volume_flag, forms)
{
	static const struct {
		const char *text, *name, *source, *target;
		bool read_only, no_copy;
	} cases[] = {
		{ "/data", NULL, NULL, "/data", false, false },
		{ "/data/../x//y/.", NULL, NULL, "/x/y", false, false },
		{ "db-1.x_y:/data", "db-1.x_y", NULL, "/data", false, false },
		{ "db:/data:ro,nocopy", "db", NULL, "/data", true, true },
		{ "/srv//a/:/data:rw", NULL, "/srv/a", "/data", false, false },
		{ "/:/host:ro", NULL, "/", "/host", true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_volume_flag_ struct mica_volume_flag flag = {};
		char reason[400] = "";

		cr_assert_eq(mica_volume_flag_parse(cases[i].text, &flag, reason, sizeof(reason)), 0, "%s: %s",
			     cases[i].text, reason);
		cr_assert_str_eq(flag.target, cases[i].target, "%s", cases[i].text);
		cr_assert(cases[i].name ? flag.name && strcmp(flag.name, cases[i].name) == 0 : !flag.name);
		cr_assert(cases[i].source ? flag.source && strcmp(flag.source, cases[i].source) == 0 : !flag.source);
		cr_assert_eq(flag.read_only, cases[i].read_only);
		cr_assert_eq(flag.no_copy, cases[i].no_copy);
	}
}

Test(volume_flag, refused)
{
	static const char *const cases[] = { "",           "data",      ":/data",       "a:b",
					     "x:/data",    "a/b:/data", "../x\n:/data", "db:/data:",
					     "db:/:ro",    "/",         "/..",          "db:/d:rx",
					     "a1:/b:ro:x", "-rf:/data", "db:/d:,,r",    "db:/d:ro;" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_volume_flag_ struct mica_volume_flag flag = {};
		char reason[400] = "";
		int r = mica_volume_flag_parse(cases[i], &flag, reason, sizeof(reason));

		if (strcmp(cases[i], "../x\n:/data") == 0 || strcmp(cases[i], "db:/data:") == 0) {
			cr_assert_eq(r, 0, "%s", cases[i]); /* a directory of the host, whatever its name; no options */
			continue;
		}
		cr_assert_eq(r, -EINVAL, "%s", cases[i]);
		cr_assert(reason[0], "%s", cases[i]);
		cr_assert_null(flag.target);
	}
}

Test(volume_flag, paths)
{
	static const struct {
		const char *path, *clean;
	} cases[] = { { "/", "/" },        { "//", "/" },        { "/..", "/" },         { "/a/../..", "/" },
		      { "/a/b/", "/a/b" }, { "/a/./b", "/a/b" }, { "/a/...", "/a/..." }, { "/a/..b", "/a/..b" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean = mica_path_clean(cases[i].path);

		cr_assert_str_eq(clean, cases[i].clean);
		free(clean);
	}
	cr_assert_null(mica_path_clean("a"));
	cr_assert_null(mica_path_clean(""));
}
