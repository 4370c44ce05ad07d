/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/holders.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const struct mica_container web = {
	.id = "9e9b31ec13d72e5f", .name = "web", .image = "shop:1", .engine = "docker"
};
static const struct mica_container nameless = { .id = "9e9b31ec13d72e5f7ccf", .engine = "crun" };
static struct mica_held_union merged = {
	.device = 57,
	.role = MICA_ROLE_LOWER,
	.layer = 2,
	.layers = 3,
	.mount_point = (char *)"/srv/merged",
	.mnt_ns = 5,
	.on_host = true,
	.upper = (char *)"/srv/upper",
	.container = &web,
};
static struct mica_held_union *unions[] = { &merged };
static struct mica_holder holders[40];

static struct mica_holder holder(int pid, enum mica_hold hold, const char *at)
{
	return (struct mica_holder){
		.hold = hold,
		.held_union = &merged,
		.container = &web,
		.mnt_ns = 7,
		.pid = pid,
		.tid = pid,
		.comm = "nginx",
		.fd = -1,
		.at = (char *)at,
	};
}

/** Prints the first `count` of `holders` (caller frees). */
static char *print(size_t count, bool all, bool as_json)
{
	const struct mica_holders found = {
		.path = (char *)"/srv/lower",
		.role = MICA_ROLE_LOWER,
		.type = (char *)"ext4",
		.unions = unions,
		.union_count = 1,
		.holders = holders,
		.count = count,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(as_json ? mica_holders_print_json(&found, out) : mica_holders_print_text(&found, all, out), 0);
	(void)fclose(out);
	return text;
}

Test(holders_text, a_row_a_process)
{
	_cleanup_free_ char *text = NULL;

	holders[0] = holder(0, MICA_HOLD_MOUNT, "/");
	holders[1] = holder(4711, MICA_HOLD_ROOT, "/");
	holders[2] = holder(4711, MICA_HOLD_FILE, "/a");
	holders[3] = holder(4711, MICA_HOLD_FILE, "/\033[31mb");
	holders[3].unmounted = true;
	holders[4] = holder(4711, MICA_HOLD_NAMESPACE, "");
	holders[5] = holder(4712, MICA_HOLD_NAMESPACE, "");
	holders[5].tid = 4713;
	holders[5].container = &nameless;
	holders[6] = holder(0, MICA_HOLD_MOUNT, "/srv/merged");
	holders[6].container = NULL;
	holders[6].on_host = true;
	holders[6].mnt_ns = 5;
	text = print(7, false, false);
	cr_assert_str_eq(
		text,
		"/srv/lower is a lower layer (2 of 3) of the union at /srv/merged, container web (docker, shop:1)\n"
		"CONTAINER     NAMESPACE  PROCESS           HOLDS                      AT\n"
		"web           7          -                 mount                      /\n"
		"web           7          nginx[4711]       root, file ×2 (unmounted)  /a\n"
		"9e9b31ec13d7  7          nginx[4712/4713]  mnt-ns\n"
		"-             host       -                 mount                      /srv/merged\n",
		"%s", text);
}

Test(holders_text, escapes)
{
	_cleanup_free_ char *text = NULL;

	holders[0] = holder(1, MICA_HOLD_FILE, "/\033[31m\n");
	(void)strcpy(holders[0].comm, "a\nb");
	text = print(1, false, false);
	cr_assert_not_null(strstr(text, "a\\nb[1]"), "%s", text);
	cr_assert_not_null(strstr(text, "/\\e[31m\\n\n"), "%s", text);
}

Test(holders_text, bounded)
{
	_cleanup_free_ char *text = NULL, *all = NULL;

	for (int i = 0; i < 40; i++)
		holders[i] = holder(100 + i, MICA_HOLD_ROOT, "/");
	text = print(40, false, false);
	cr_assert_not_null(strstr(text, "nginx[109]"));
	cr_assert_null(strstr(text, "nginx[110]"));
	cr_assert_not_null(strstr(text, "\n… and 30 more processes there; --all shows them\n"), "%s", text);
	all = print(40, true, false);
	cr_assert_not_null(strstr(all, "nginx[139]"));
	cr_assert_null(strstr(all, "more"));
}

Test(holders_json, names)
{
	_cleanup_free_ char *text = NULL;
	json_t *found, *expected;

	holders[0] = holder(4711, MICA_HOLD_FILE, "/\xff");
	holders[0].fd = 3;
	holders[0].unmounted = true;
	text = print(1, false, true);
	found = json_loads(text, 0, NULL);
	expected = json_pack("{s:i, s:s, s:s, s:{s:s, s:s, s:i, s:s, s:i, s:i, s:{s:s, s:s, s:s, s:s}}, "
			     "s:{s:s, s:s, s:s, s:s}, s:i, s:{s:i, s:i, s:s}, s:s, s:s, s:s, s:i, s:b}",
			     "v", 1, "path", "/srv/lower", "role", "lower", "union", "device", "0:57", "mount_point",
			     "/srv/merged", "mnt_ns", 5, "upper", "/srv/upper", "layer", 2, "layers", 3, "container",
			     "id", web.id, "name", "web", "image", "shop:1", "engine", "docker", "container", "id",
			     web.id, "name", "web", "image", "shop:1", "engine", "docker", "mnt_ns", 7, "process",
			     "pid", 4711, "tid", 4711, "comm", "nginx", "holds", "file", "at", "/\xef\xbf\xbd",
			     "at_bytes", "L/8=", "fd", 3, "unmounted", 1);
	cr_assert_not_null(found, "%s", text);
	cr_assert(json_equal(found, expected), "%s", text);
	json_decref(found);
	json_decref(expected);
}
