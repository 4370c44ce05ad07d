/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of golden/dump.yaml as text: golden/dump.txt. MICA_GOLDEN=write writes it anew: look at its diff.
 */
#include "policy/dump.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>

#include "base/file.h"
#include "policy/check.h"

#define GOLDEN MICA_SOURCE_DIR "/tests/unit/policy/golden/"

static void dump(const char *const *files, size_t count, struct mica_buffer *buffer)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	struct mica_policy_refusal refusal;

	cr_assert_eq(mica_policy_load(files, count, &set, &messages), 0, "%s", mica_policy_messages_text(&messages));
	cr_assert_eq(mica_policy_compile(&set, &compiled, &refusal), 0);
	cr_assert_eq(mica_policy_dump(&compiled, buffer), 0);
}

Test(policy_dump, golden)
{
	static const char *const file = GOLDEN "dump.yaml";
	_cleanup_buffer_ struct mica_buffer text = {};
	_cleanup_free_ char *golden = NULL;
	const char *mode = getenv("MICA_GOLDEN");

	dump(&file, 1, &text);
	if (mode && strcmp(mode, "write") == 0) {
		_cleanup_fclose_ FILE *out = fopen(GOLDEN "dump.txt", "w");
		cr_assert_not_null(out);
		cr_assert_eq(fwrite(text.data, 1, text.size, out), text.size);
		return;
	}
	cr_assert_eq(mica_file_read(GOLDEN "dump.txt", 1 << 20, &golden, NULL), 0);
	cr_assert_str_eq(mica_buffer_string(&text), golden);
}

Test(policy_dump, is_the_same_each_time_and_names_every_rule)
{
	_cleanup_buffer_ struct mica_buffer first = {}, second = {};
	glob_t found;

	cr_assert_eq(glob(MICA_SOURCE_DIR "/policies/*.yaml", 0, NULL, &found), 0);
	dump((const char *const *)found.gl_pathv, found.gl_pathc, &first);
	dump((const char *const *)found.gl_pathv, found.gl_pathc, &second);
	globfree(&found);
	cr_assert_gt(first.size, 0U);
	cr_assert_str_eq(mica_buffer_string(&first), mica_buffer_string(&second));
	cr_assert_not_null(strstr(mica_buffer_string(&first), "policy immutable-image, mode enforce\n"));
}
