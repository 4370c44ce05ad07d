/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of verdicts in the header of each policy of policies/: "# | operation | object | path | verdict |", with a
 * column for the mount before the verdict where there are five.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "policy/check.h"
#include "policy/decide.h"
#include "policy/mount_words.h"

#define MOST_COLUMNS 5
#define MOST_RULES 16

/** Cuts a row at its bars, and trims each cell. The number of cells. */
static size_t cut(char *row, char *cells[static MOST_COLUMNS])
{
	size_t count = 0;
	char *rest = NULL;

	for (char *cell = strtok_r(row, "|", &rest); cell; cell = strtok_r(NULL, "|", &rest)) {
		cell += strspn(cell, " ");
		for (char *end = cell + strlen(cell); end > cell && end[-1] == ' '; end--)
			end[-1] = '\0';
		cr_assert_lt(count, MOST_COLUMNS);
		cells[count++] = cell;
	}
	return count;
}

/** "foreign-volume NAME" */
static void set_object(char *cell, struct mica_policy_question *question)
{
	char *name = strchr(cell, ' ');
	bool known = false;

	if (name)
		*name++ = '\0';
	if (strncmp(cell, "foreign-", 8) == 0) {
		question->foreign = true;
		cell += 8;
	}
	for (unsigned i = 0; i < _MICA_POLICY_OBJECT_MAX; i++) {
		if (strcmp(cell, mica_policy_object_name(i)) != 0)
			continue;
		question->object = i;
		known = true;
	}
	cr_assert(known, "there is no object '%s'", cell);
	question->object_name = name;
}

static void set_flag(const char *flag, struct mica_policy_question *question)
{
	const struct mica_mount_word *word = mica_mount_word_find(flag);

	cr_assert_not_null(word, "there is no flag '%s'", flag);
	cr_assert_not(word->clear, "%s is the same as leaving it out", flag);
	question->mount_flags |= word->flag;
}

/** "type=T source=S flags=a,b" */
static void set_mount(char *cell, struct mica_policy_question *question)
{
	char *rest = NULL, *flags_rest = NULL;

	for (char *word = strtok_r(cell, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (strncmp(word, "type=", 5) == 0) {
			question->mount_type = word + 5;
		} else if (strncmp(word, "source=", 7) == 0) {
			question->mount_source = word + 7;
		} else if (strncmp(word, "flags=", 6) == 0) {
			for (char *flag = strtok_r(word + 6, ",", &flags_rest); flag;
			     flag = strtok_r(NULL, ",", &flags_rest))
				set_flag(flag, question);
		} else {
			cr_assert_str_eq(word, "-");
		}
	}
}

/** Which rules of the policy decided some row. */
struct reached {
	bool rules[MOST_RULES];
};

static void try_row(const struct mica_policy_compiled *compiled, const char *row, char *cells[static MOST_COLUMNS],
		    size_t count, struct reached *reached)
{
	struct mica_policy_question question = { .who = { .container = "web" }, .path = cells[2] };
	struct mica_policy_answer answer = {};
	char said[64];
	uint32_t operation = mica_operation_find(cells[0]);

	cr_assert_eq(__builtin_popcount(operation), 1, "%s", row);
	question.operation = __builtin_ctz(operation);
	set_object(cells[1], &question);
	if (count == 5)
		set_mount(cells[3], &question);
	cr_assert_eq(mica_policy_decide(compiled, &question, &answer), 0, "%s", row);
	if (answer.voice == MICA_POLICY_VOICE_RULE)
		reached->rules[answer.index] = true;
	if (answer.verdict == MICA_VERDICT_DENY)
		(void)snprintf(said, sizeof(said), "deny %s", mica_errno_name(answer.error));
	else
		(void)snprintf(said, sizeof(said), "%s", mica_verdict_name(answer.verdict));
	cr_expect_str_eq(said, cells[count - 1], "%s: it says %s", row, said);
}

/** The number of rows. */
static size_t try_table(const char *file)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_free_ char *text = NULL;
	struct mica_policy_refusal refusal;
	char *rest = NULL, *cells[MOST_COLUMNS];
	size_t rows = 0;
	struct reached reached = {};

	cr_assert_eq(mica_policy_load(&file, 1, &set, &messages), 0);
	cr_assert_eq(set.count, 1);
	cr_assert_leq(set.rule_count, MOST_RULES);
	cr_assert_eq(mica_policy_compile(&set, &compiled, &refusal), 0);
	cr_assert_eq(mica_file_read(file, 1 << 20, &text, NULL), 0);
	/* What it is for, and what not. */
	cr_expect_not_null(strstr(text, "\n# Does: "), "%s", file);
	cr_expect_not_null(strstr(text, "\n# Does not: "), "%s", file);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		_cleanup_free_ char *row = strdup(line);
		if (strncmp(line, "# |", 3) != 0)
			continue;
		size_t count = cut(line + 3, cells);
		cr_assert_geq(count, 4, "%s", row);
		if (strcmp(cells[0], "operation") == 0 || strcmp(cells[0], "---") == 0)
			continue;
		try_row(&compiled, row, cells, count, &reached);
		rows++;
	}
	for (size_t i = 0; i < set.rule_count; i++)
		cr_expect(reached.rules[i], "%s: no row is decided by rule %s", file, set.policies[0].rules[i].name);
	return rows;
}

Test(policy_ready_made, tables_of_verdicts)
{
	glob_t found;

	cr_assert_eq(glob(MICA_SOURCE_DIR "/policies/*.yaml", 0, NULL, &found), 0);
	cr_assert_eq(found.gl_pathc, 7);
	for (size_t i = 0; i < found.gl_pathc; i++)
		cr_expect_geq(try_table(found.gl_pathv[i]), 5, "%s", found.gl_pathv[i]);
	globfree(&found);
}
