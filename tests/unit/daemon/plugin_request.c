/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/plugin_request.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static unsigned parse(const char *path, const char *body, struct mica_plugin_request *ret)
{
	const char *reason = NULL;
	unsigned status = mica_plugin_request_parse("POST", path, body, strlen(body), ret, &reason);

	cr_assert(!status || reason);
	return status;
}

Test(plugin_request, real_ones)
{
	/* As docker 20.10 and podman 4.3 send them. */
	static const struct {
		const char *path, *body;
		enum mica_plugin_call call;
		const char *name, *id;
	} cases[] = {
		{ "/Plugin.Activate", "", MICA_PLUGIN_ACTIVATE, NULL, NULL },
		{ "/VolumeDriver.Capabilities", "{}\n", MICA_PLUGIN_CAPABILITIES, NULL, NULL },
		{ "/VolumeDriver.List", "", MICA_PLUGIN_LIST, NULL, NULL },
		{ "/VolumeDriver.List", "{}\n", MICA_PLUGIN_LIST, NULL, NULL },
		{ "/VolumeDriver.Create", "{\"Name\":\"vol1\"}\n", MICA_PLUGIN_CREATE, "vol1", "" },
		{ "/VolumeDriver.Create", "{\"Name\":\"vol1\",\"Opts\":null}", MICA_PLUGIN_CREATE, "vol1", "" },
		{ "/VolumeDriver.Mount", "{\"Name\":\"vol1\",\"ID\":\"2f73\"}\n", MICA_PLUGIN_MOUNT, "vol1", "2f73" },
		{ "/VolumeDriver.Unmount", "{\"ID\":\"2f73\",\"Name\":\"vol1\"}", MICA_PLUGIN_UNMOUNT, "vol1", "2f73" },
		{ "/VolumeDriver.Path", "{\"Name\":\"vol1\"}", MICA_PLUGIN_PATH, "vol1", "" },
		{ "/VolumeDriver.Get", "{\"Name\":\"vol1\"}", MICA_PLUGIN_GET, "vol1", "" },
		{ "/VolumeDriver.Remove", "{\"Name\":\"vol1\"}", MICA_PLUGIN_REMOVE, "vol1", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_plugin_request_ struct mica_plugin_request request = {};

		cr_assert_eq(parse(cases[i].path, cases[i].body, &request), 0, "%s", cases[i].body);
		cr_assert_eq(request.call, cases[i].call);
		if (!cases[i].name) {
			cr_assert_null(request.name);
			continue;
		}
		cr_assert_str_eq(request.name, cases[i].name);
		cr_assert_str_eq(request.id, cases[i].id);
	}
}

Test(plugin_request, options)
{
	_cleanup_plugin_request_ struct mica_plugin_request request = {};

	cr_assert_eq(parse("/VolumeDriver.Create", "{\"Name\":\"v1\",\"Opts\":{\"k\":\"v\",\"size\":\"10m\"}}",
			   &request),
		     0);
	cr_assert_eq(json_object_size(request.options), 2);
	cr_assert_str_eq(json_string_value(json_object_get(request.options, "size")), "10m");
}

Test(plugin_request, refused)
{
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"1",
		"\"x\"",
		"null",
		"nonsense",
		"{}",
		"{\"Name\":1}",
		"{\"Name\":null}",
		"{\"Name\":\"\"}",
		"{\"Name\":\"a\\u0000b\"}",
		"{\"Name\":\"x\",\"ID\":1}",
		"{\"Name\":\"x\",\"Opts\":[]}",
		"{\"Name\":\"x\",\"Opts\":{\"a\":1}}",
		"{\"Name\":\"x\"} x",
		"{\"Name\":\"\\ud800\"}",
		"{\"Name\":\"\xff\"}",
	};
	struct mica_plugin_request request = {};
	const char *reason = NULL;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		cr_assert_eq(parse("/VolumeDriver.Mount", bodies[i], &request), 400, "%s", bodies[i]);
	cr_assert_eq(parse("/VolumeDriver.Nonsense", "{}", &request), 404);
	cr_assert_eq(parse("/volumedriver.get", "{}", &request), 404);
	cr_assert_eq(parse("", "", &request), 404);
	cr_assert_eq(parse("/Plugin.Activate", "x", &request), 400);
	cr_assert_eq(mica_plugin_request_parse("GET", "/VolumeDriver.List", "", 0, &request, &reason), 405);
	cr_assert_eq(mica_plugin_request_parse("POST", "/VolumeDriver.Get", "", MICA_PLUGIN_BODY_MAX + 1, &request,
					       &reason),
		     413);
	cr_assert_null(request.document);
}

Test(plugin_request, deep)
{
	size_t size = 200000;
	char *body = malloc(size + 1);
	struct mica_plugin_request request = {};

	(void)memset(body, '[', size);
	body[size] = '\0';
	cr_assert_eq(parse("/VolumeDriver.Get", body, &request), 400);
	free(body);
}
