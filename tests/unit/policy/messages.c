/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What wrong policies are told: each file of wrong/ against golden/messages.txt.
 *
 * MICA_GOLDEN=write writes the file anew: look at its diff.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "policy/check.h"

#define GOLDEN MICA_SOURCE_DIR "/tests/unit/policy/golden/messages.txt"
#define WRONG MICA_SOURCE_DIR "/tests/unit/policy/wrong"

static int is_yaml(const struct dirent *entry)
{
	return strstr(entry->d_name, ".yaml") != NULL;
}

static void append_messages(struct mica_buffer *all, const char *name)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	struct mica_policy_set set = {};

	int r = mica_policy_load(&name, 1, &set, &messages);
	cr_expect_eq(r, -EINVAL, "%s is accepted: %d", name, r);
	cr_expect_null(set.policies);
	cr_assert_eq(mica_buffer_append_string(all, mica_policy_messages_text(&messages)), 0);
	if (r == 0)
		mica_policy_set_free(&set);
}

Test(policy_messages, golden)
{
	_cleanup_buffer_ struct mica_buffer all = {};
	_cleanup_free_ char *golden = NULL;
	struct dirent **entries = NULL;
	const char *mode = getenv("MICA_GOLDEN");

	cr_assert_eq(chdir(WRONG), 0);
	int count = scandir(".", &entries, is_yaml, alphasort);
	cr_assert_gt(count, 15);
	for (int i = 0; i < count; i++) {
		append_messages(&all, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	append_messages(&all, "absent.yaml");
	if (mode && strcmp(mode, "write") == 0) {
		_cleanup_fclose_ FILE *out = fopen(GOLDEN, "w");
		cr_assert_not_null(out);
		cr_assert_eq(fwrite(all.data, 1, all.size, out), all.size);
		return;
	}
	cr_assert_eq(mica_file_read(GOLDEN, 1 << 20, &golden, NULL), 0);
	cr_assert_str_eq(mica_buffer_string(&all), golden);
}
