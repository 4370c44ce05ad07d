/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(config, defaults)
{
	_cleanup_config_ struct mica_config config = {};
	char reason[200];

	cr_assert_eq(mica_config_parse("{}", 2, &config, reason, sizeof(reason)), 0);
	cr_assert(config.plugin);
	cr_assert_str_eq(config.socket, MICA_PLUGIN_SOCKET);
	cr_assert_str_eq(config.backend, "local");
	cr_assert_null(config.root);
	cr_assert_null(config.options);
	cr_assert_eq(config.interval, 30);
}

Test(config, all)
{
	static const char text[] =
		"{\"root\":\"/srv/mica\",\"interval\":5,\"mount-timeout\":9,\"plugin\":{\"enabled\":false,"
		"\"socket\":\"/run/x.sock\",\"backend\":\"nfs\",\"options\":{\"server\":\"a\",\"path\":\"/{name}\"}}}";
	_cleanup_config_ struct mica_config config = {};
	char reason[200];

	cr_assert_eq(mica_config_parse(text, strlen(text), &config, reason, sizeof(reason)), 0);
	cr_assert_str_eq(config.root, "/srv/mica");
	cr_assert_not(config.plugin);
	cr_assert_str_eq(config.socket, "/run/x.sock");
	cr_assert_str_eq(config.backend, "nfs");
	cr_assert_eq(config.interval, 5);
	cr_assert_eq(config.mount_timeout, 9);
	cr_assert_eq(json_object_size(config.options), 2);
}

Test(config, what_runs_beside)
{
	static const char text[] = "{\"trace\":{\"output\":\"/log/t\",\"arguments\":[\"--event\",\"copy-up\"]},"
				   "\"policies\":{\"output\":\"/log/p\",\"files\":[\"/etc/a.yaml\",\"/etc/b.yaml\"]}}";
	static const char audit[] = "{\"policies\":{\"output\":\"/log/p\",\"files\":[\"/etc/a.yaml\"],\"audit\":true}}";
	static const char *const trace_words[] = { "trace", "--json", "--event", "copy-up" };
	static const char *const policy_words[] = { "enforce", "--json", "--pin", "/etc/a.yaml", "/etc/b.yaml" };
	_cleanup_config_ struct mica_config config = {}, audited = {};
	char reason[200];

	cr_assert_eq(mica_config_parse(text, strlen(text), &config, reason, sizeof(reason)), 0, "%s", reason);
	cr_assert_str_eq(config.trace.output, "/log/t");
	for (size_t i = 0; i < 4; i++)
		cr_assert_str_eq(config.trace.arguments[i], trace_words[i]);
	cr_assert_null(config.trace.arguments[4]);
	cr_assert_str_eq(config.policies.output, "/log/p");
	for (size_t i = 0; i < 5; i++)
		cr_assert_str_eq(config.policies.arguments[i], policy_words[i]);
	cr_assert_null(config.policies.arguments[5]);
	cr_assert_eq(mica_config_parse(audit, strlen(audit), &audited, reason, sizeof(reason)), 0, "%s", reason);
	cr_assert_str_eq(audited.policies.arguments[2], "--pin");
	cr_assert_str_eq(audited.policies.arguments[3], "--audit");
	cr_assert_str_eq(audited.policies.arguments[4], "/etc/a.yaml");
	cr_assert_null(audited.trace.output);
}

Test(config, refused)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "line 1" },
		{ "{\n\"root\" 1}", "line 2" },
		{ "[]", "no JSON object" },
		{ "{\"intervl\":1}", "did you mean 'interval'" },
		{ "{\"plugin\":{\"x\":1}}", "plugin has no 'x'" },
		{ "{\"plugin\":[]}", "Expected object" },
		{ "{\"interval\":0}", "1 to 86400" },
		{ "{\"mount-timeout\":100000}", "1 to 86400" },
		{ "{\"root\":\"relative\"}", "absolute" },
		{ "{\"plugin\":{\"socket\":\"x\"}}", "absolute" },
		{ "{\"plugin\":{\"options\":[]}}", "object of strings" },
		{ "{\"plugin\":{\"options\":{\"a\":1}}}", "is no string" },
		{ "{\"interval\":1,\"interval\":1}", "duplicate" },
		{ "{\"trace\":{}}", "trace wants 'output'" },
		{ "{\"trace\":{\"output\":\"x\"}}", "absolute" },
		{ "{\"trace\":{\"output\":\"/x\",\"arguments\":[1]}}", "are strings" },
		{ "{\"trace\":{\"output\":\"/x\",\"arguments\":\"--event\"}}", "are an array" },
		{ "{\"trace\":{\"outptu\":\"/x\"}}", "did you mean 'output'" },
		{ "{\"policies\":{\"output\":\"/x\"}}", "want 'files'" },
		{ "{\"policies\":{\"output\":\"/x\",\"files\":[\"a.yaml\"]}}", "absolute paths" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mica_config config = {};
		char reason[200] = "";

		cr_assert_eq(mica_config_parse(cases[i].text, strlen(cases[i].text), &config, reason, sizeof(reason)),
			     -EINVAL, "%s", cases[i].text);
		cr_assert(strstr(reason, cases[i].reason), "%s: %s", cases[i].text, reason);
		cr_assert_null(config.document);
	}
}
