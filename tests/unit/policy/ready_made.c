/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policies/: each file passes the check, alone and all together, and the schema knows the same words as the parser.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <jansson.h>
#include <string.h>

#include "policy/check.h"
#include "policy/mount_words.h"

static void expect_good(const char *const *files, size_t count)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};

	cr_expect_eq(mica_policy_load(files, count, &set, &messages), 0, "%s", mica_policy_messages_text(&messages));
	cr_expect_eq(set.count, count);
	for (size_t i = 0; i < set.count; i++) {
		const char *base = strrchr(files[i], '/') + 1;
		size_t size = strlen(set.policies[i].name);
		cr_expect(strncmp(base, set.policies[i].name, size) == 0 && strcmp(base + size, ".yaml") == 0,
			  "%s holds %s", files[i], set.policies[i].name);
	}
}

Test(policy_ready_made, pass_the_check)
{
	glob_t found;

	cr_assert_eq(glob(MICA_SOURCE_DIR "/policies/*.yaml", 0, NULL, &found), 0);
	cr_assert_eq(found.gl_pathc, 7);
	for (size_t i = 0; i < found.gl_pathc; i++)
		expect_good((const char *const *)&found.gl_pathv[i], 1);
	expect_good((const char *const *)found.gl_pathv, found.gl_pathc);
	globfree(&found);
}

static void expect_words(const json_t *schema, const char *definition, const char *const *words, size_t count)
{
	const json_t *list =
		json_object_get(json_object_get(json_object_get(schema, "definitions"), definition), "enum");

	cr_assert(json_is_array(list));
	cr_expect_eq(json_array_size(list), count, "%s", definition);
	for (size_t i = 0; i < count && i < json_array_size(list); i++)
		cr_expect_str_eq(json_string_value(json_array_get(list, i)), words[i]);
}

Test(policy_ready_made, schema_knows_the_words)
{
	const char *words[128];
	size_t count = 0;
	json_error_t error;
	json_t *schema = json_load_file(MICA_SOURCE_DIR "/policies/schema.json", JSON_REJECT_DUPLICATES, &error);

	cr_assert_not_null(schema, "%s", error.text);
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++)
		words[count++] = mica_operation_describe(i)->name;
	for (const struct mica_operation_group *group = mica_operation_groups; group->name; group++)
		words[count++] = group->name;
	expect_words(schema, "operation", words, count);

	count = 0;
	for (const struct mica_mount_word *word = mica_mount_words_of_policy; word->word; word++)
		words[count++] = word->word;
	expect_words(schema, "mountFlag", words, count);
	json_decref(schema);
}
