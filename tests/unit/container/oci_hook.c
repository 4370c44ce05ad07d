/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/oci_hook.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

static int parse(const char *text, struct mica_oci_state *ret)
{
	return mica_oci_parse_state(text, strlen(text), ret);
}

Test(oci_hook, state)
{
	_cleanup_oci_state_ struct mica_oci_state state = {}, ended = {};

	cr_assert_eq(parse("{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711,"
			   "\"bundle\":\"/run/b\",\"annotations\":{\"a\":\"b\"}}",
			   &state),
		     0);
	cr_assert_str_eq(state.id, "c1");
	cr_assert_str_eq(state.bundle, "/run/b");
	cr_assert_eq(state.pid, 4711);
	cr_assert_eq(parse("{\"id\":\"c1\",\"bundle\":\"/run/b\"}", &ended), 0);
	cr_assert_eq(ended.pid, 0);
}

Test(oci_hook, not_a_state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"{\"id\":\"c1\"}",
		"{\"id\":\"\",\"bundle\":\"/b\"}",
		"{\"id\":\"c1\",\"bundle\":\"b\"}",
		"{\"id\":\"c1\",\"bundle\":\"/b\",\"pid\":\"1\"}",
		"{\"id\":\"c1\",\"bundle\":\"/b\",\"pid\":-1}",
		"{\"id\":\"c1\",\"bundle\":\"/b\",\"pid\":4294967296}",
		"{\"id\":\"c1\",\"bundle\":\"/b\\u0000c\"}",
	};
	struct mica_oci_state state = {};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(parse(cases[i], &state), -EBADMSG, "%s", cases[i]);
	cr_assert_null(state.id);
}

static const char *const words[] = { "mica", "oci-hook", NULL };

static void expect_config(const char *text, const char *expected)
{
	char *changed = NULL, *again = NULL;

	cr_assert_eq(mica_oci_add_hook(text, strlen(text), "/bin/mica", words, &changed), 0, "%s", text);
	cr_assert_str_eq(changed, expected);
	cr_assert_eq(mica_oci_add_hook(changed, strlen(changed), "/bin/mica", words, &again), 1);
	cr_assert_null(again);
	free(changed);
}

Test(oci_hook, is_added_first_and_once)
{
	expect_config("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}}",
		      "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"hooks\":{\"createRuntime\":"
		      "[{\"path\":\"/bin/mica\",\"args\":[\"mica\",\"oci-hook\"]}]}}");
	/* Docker's own network hook, limits as the kernel has them, and a null. */
	expect_config(
		"{\"hooks\":{\"prestart\":[{\"path\":\"/x\"}],\"createRuntime\":[{\"path\":\"/y\"}]},"
		"\"limit\":9223372036854775807,\"low\":-1}",
		"{\"hooks\":{\"prestart\":[{\"path\":\"/x\"}],\"createRuntime\":[{\"path\":\"/bin/mica\","
		"\"args\":[\"mica\",\"oci-hook\"]},{\"path\":\"/y\"}]},\"limit\":9223372036854775807,\"low\":-1}");
	expect_config("{\"hooks\":null}", "{\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/mica\",\"args\":[\"mica\","
					  "\"oci-hook\"]}]}}");
}

Test(oci_hook, not_a_configuration)
{
	static const char *const cases[] = { "", "[]", "{\"hooks\":[]}", "{\"hooks\":{\"createRuntime\":{}}}",
					     "{\"n\":18446744073709551615}" };
	char *changed = NULL;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(mica_oci_add_hook(cases[i], strlen(cases[i]), "/bin/mica", words, &changed), -EBADMSG,
			     "%s", cases[i]);
	cr_assert_null(changed);
}

struct call {
	const char *line;
	const char *verb;
	const char *bundle;
};

Test(oci_hook, calls_of_runtimes)
{
	static const struct call calls[] = {
		{ "runc", NULL, NULL },
		{ "runc --version", NULL, NULL },
		{ "runc --root /run/moby --log /l.json --log-format json --systemd-cgroup create --bundle /b "
		  "--pid-file /p id",
		  "create", "/b" },
		{ "crun --cgroup-manager=cgroupfs --root create run -b /c id", "run", "/c" },
		{ "crun create --bundle=/d id", "create", "/d" },
		{ "crun create -b/e id", "create", "/e" },
		{ "crun run id", "run", NULL },
		{ "crun run --bundlefoo /x id", "run", NULL },
		{ "runc --root", NULL, NULL },
		{ "runc create --bundle", "create", NULL },
		{ "runc exec --bundle /f id", "exec", NULL },
		{ "runc features", "features", NULL },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char *copy = strdup(calls[i].line), *rest = NULL, *argv[16];
		int argc = 0;

		for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
			argv[argc++] = word;
		struct mica_oci_call call = mica_oci_parse_call(argc, argv);
		cr_assert(calls[i].verb ? call.verb && strcmp(call.verb, calls[i].verb) == 0 : !call.verb, "%s",
			  calls[i].line);
		cr_assert(calls[i].bundle ? call.bundle && strcmp(call.bundle, calls[i].bundle) == 0 : !call.bundle,
			  "%s", calls[i].line);
		free(copy);
	}
}
