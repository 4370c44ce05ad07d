/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/overlay_options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/** "upper /a; lower1 /b; work /c (/d)". */
static void assert_parsed(const char *options, const char *expected)
{
	static const char *const parts[] = { "upper", "work", "lower" };
	_cleanup_overlay_directories_ struct mica_overlay_directories list = {};
	char text[1000] = "";

	cr_assert_eq(mica_overlay_options_parse(options, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		const struct mica_overlay_directory *item = &list.items[i];
		size_t used = strlen(text);
		char layer[12] = "";

		if (item->layer)
			(void)snprintf(layer, sizeof(layer), "%u", item->layer);
		(void)snprintf(text + used, sizeof(text) - used, "%s%s%s %s%s%s%s", used ? "; " : "", parts[item->part],
			       layer, item->path, item->other ? " (" : "", item->other ? item->other : "",
			       item->other ? ")" : "");
	}
	cr_assert_str_eq(text, expected);
}

Test(overlay_options, usual)
{
	assert_parsed("rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w,index=off",
		      "lower1 /l/A; lower2 /l/B; upper /u; work /w");
	assert_parsed("ro,lowerdir=l/A:l/B,redirect_dir=on", "lower1 l/A; lower2 l/B");
	assert_parsed("rw,lowerdir+=/l:A,lowerdir+=/B,datadir+=/D,upperdir=/u,workdir=/w,uuid=on",
		      "lower1 /l:A; lower2 /B; lower3 /D; upper /u; work /w");
	assert_parsed("ro,lowerdir=/a:/b::/data1::/data2", "lower1 /a; lower2 /b; lower3 /data1; lower4 /data2");
}

Test(overlay_options, odd_characters)
{
	assert_parsed("rw,lowerdir=/a\\:b:/c\\,d,upperdir=/u\\,u,workdir=/w",
		      "lower1 /a:b; lower2 /c,d; upper /u,u (/u\\,u); work /w");
	/* A comma that the kernel wrote as \054, of a mount by fsconfig(2). */
	assert_parsed("rw,lowerdir=/l,upperdir=/a,b=c,workdir=/w,x,xino=off", "lower1 /l; upper /a,b=c; work /w,x");
	assert_parsed("rw,upperdir=/back\\slash", "upper /backslash (/back\\slash)");
}

Test(overlay_options, nonsense)
{
	assert_parsed("", "");
	assert_parsed(",,,=,lowerdir,upperdir=,workdir=", "");
	assert_parsed("lowerdir=:::", "");
	assert_parsed("upperdir=\\", "upper \\");
	assert_parsed("lowerdir=a\\", "lower1 a\\");
}
