/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `mica policy ...` as people run it: what it prints, and its exit status.
 */
#include "cmd/policy.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"

#define MOST_WORDS 32
#define MOST_OUTPUT (1 << 20)

struct ran {
	int status;
	char *out;
	char *err;
};

static void free_ran(struct ran *ran)
{
	free(ran->out);
	free(ran->err);
}

#define _cleanup_ran_ __attribute__((cleanup(free_ran)))

static char *text_of(FILE *file)
{
	char *text = calloc(1, MOST_OUTPUT);

	rewind(file);
	cr_assert_lt(fread(text, 1, MOST_OUTPUT, file), MOST_OUTPUT);
	(void)fclose(file);
	return text;
}

/** Runs `mica policy LINE` with the folder policy/ as working directory. Words are parted by blanks. */
static struct ran run(const char *line)
{
	char *words[MOST_WORDS] = { (char *)"mica policy" }, *rest = NULL, *copy = strdup(line);
	FILE *out = tmpfile(), *err = tmpfile();
	int count = 1, status;

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		cr_assert_lt(count, MOST_WORDS - 1);
		words[count++] = word;
	}
	(void)fflush(NULL);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		if (chdir(MICA_SOURCE_DIR "/tests/unit/cmd/policy") != 0 || dup2(fileno(out), STDOUT_FILENO) < 0 ||
		    dup2(fileno(err), STDERR_FILENO) < 0)
			_exit(99);
		/* argp ends the process itself where the words are wrong. */
		status = mica_command_policy.run(count, words);
		(void)fflush(NULL);
		_exit(status);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status), "%s", line);
	free(copy);
	return (struct ran){ WEXITSTATUS(status), text_of(out), text_of(err) };
}

struct row {
	const char *line;
	int status;
	/** All of stdout. */
	const char *out;
	/** A part of stderr; NULL: it is empty. */
	const char *err;
};

static void try_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_ran_ struct ran ran = run(rows[i].line);
		cr_expect_eq(ran.status, rows[i].status, "%s: ends with %d", rows[i].line, ran.status);
		cr_expect_str_eq(ran.out, rows[i].out, "%s: says\n%s", rows[i].line, ran.out);
		if (rows[i].err)
			cr_expect_not_null(strstr(ran.err, rows[i].err), "%s: complains\n%s", rows[i].line, ran.err);
		else
			cr_expect_str_empty(ran.err, "%s: complains\n%s", rows[i].line, ran.err);
	}
}

#define TRY(rows) try_rows(rows, sizeof(rows) / sizeof((rows)[0]))

Test(cmd_policy, test_answers)
{
	static const struct row rows[] = {
		{ "test web.yaml --container web1 --on write --union /usr/bin/x", 1,
		  "write  deny EROFS  rule web/binaries  web.yaml:7\n", NULL },
		/* The longer literal prefix; and the audit of it is not a denial. */
		{ "test web.yaml --container web1 --on write --union /usr/local/x", 0,
		  "write  allow  rule web/local  web.yaml:8\n", NULL },
		{ "test web.yaml -c web1 --on read --union /etc/passwd", 0,
		  "read  audit EACCES  rule web/seen  web.yaml:9\n", NULL },
		{ "test web.yaml -c web1 --on create --union /usr/x", 0, "create  allow  none  no policy decides it\n",
		  NULL },
		/* One denial of several operations is enough for the status; they come in the order of mica-policy(5).
		 */
		{ "test web.yaml -c web1 --on change-lower --on read --union /usr/bin/x", 1,
		  "read      audit EACCES  rule web/seen      web.yaml:9\n"
		  "copy-up   deny EROFS    rule web/binaries  web.yaml:7\n"
		  "whiteout  allow         none               no policy decides it\n"
		  "opaque    allow         none               no policy decides it\n",
		  NULL },
		/* Each voice. */
		{ "test web.yaml -c web1 --on write --union /usr/local/x --foreign", 1,
		  "write  deny EACCES  isolation web/unions  web.yaml:5\n", NULL },
		{ "test web.yaml -c web1 --on read --volume log-1 --path /a --foreign", 1,
		  "read  deny EACCES  isolation web/volumes  web.yaml:5\n", NULL },
		{ "test web.yaml -c web1 --on chmod --layer 2 --path /bin/sh", 1,
		  "chmod  deny EROFS  isolation web/layers  web.yaml:5\n", NULL },
		{ "test web.yaml -c web1 --on read --layer sha256:00 --path /bin/sh", 0,
		  "read  allow  none  no policy decides it\n", NULL },
		{ "test web.yaml -c web1 --on mount --union /tmp/a --type tmpfs --flags nosuid,nodev", 0,
		  "mount  allow  mounts web/allow  web.yaml:11\n", NULL },
		{ "test web.yaml -c web1 --on mount --union /tmp/a --type tmpfs --flags suid", 1,
		  "mount  deny EPERM  mounts web/otherwise  web.yaml:13\n", NULL },
		{ "test web.yaml -c web1 --on mount --union /tmp/a --type tmpfs --flags nosuid --source /dev/sda", 1,
		  "mount  deny EPERM  mounts web/deny  web.yaml:12\n", NULL },
		{ "test web.yaml -c web1 --on setns", 1, "setns  deny EPERM  mounts web/otherwise  web.yaml:13\n",
		  NULL },
		{ "test web.yaml -c web1 --on delete --volume db --path /a", 1,
		  "delete  deny EROFS  volumes web/ro  web.yaml:15\n", NULL },
		{ "test web.yaml -c web1 --on read --volume db", 0, "read  allow  volumes web/ro  web.yaml:15\n",
		  NULL },
		{ "test web.yaml -c web2 --on read --volume db", 1, "read  deny EACCES  volumes web/who  web.yaml:15\n",
		  NULL },
		{ "test web.yaml -c web2 --on delete --volume log-1 --path /a", 0,
		  "delete  allow  volumes web/rw  web.yaml:16\n", NULL },
		/* Who asks. */
		{ "test web.yaml --engine podman --image shop:1 --on write --union /usr/x", 1,
		  "write  deny EROFS  rule web/binaries  web.yaml:7\n", NULL },
		{ "test web.yaml -c other --on write --union /usr/x", 0,
		  "write  audit EACCES  rule rest/nothing  web.yaml:24\n", NULL },
		{ "test ../../../../policies/no-whiteout.yaml --on whiteout --union /etc/passwd", 1,
		  "whiteout  deny EROFS  rule no-whiteout/nothing-hidden  "
		  "../../../../policies/no-whiteout.yaml:23\n",
		  NULL },
		{ "test named.yaml -c other --on write --union /a", 0,
		  "write  allow  none  no policy is for this container\n", NULL },
	};

	TRY(rows);
}

Test(cmd_policy, test_refuses)
{
	static const struct row rows[] = {
		{ "test", 2, "", "which file?" },
		{ "test web.yaml --union /a", 2, "", "--on says which operation" },
		{ "test web.yaml --on raed --union /a", 2, "", "there is no operation 'raed'; did you mean 'read'?" },
		{ "test web.yaml --on read", 2, "", "--union, --volume or --layer says on what" },
		{ "test web.yaml --on read --union /a --volume b", 2, "", "one of --union, --volume and --layer" },
		{ "test web.yaml --on read --union a", 2, "", "'a': a path in an object begins with '/'" },
		{ "test web.yaml --on read --union /a/../b", 2, "", "without '.', '..', '//'" },
		{ "test web.yaml --on read --union /a/.", 2, "", "without '.', '..', '//'" },
		{ "test web.yaml --on read --union //", 2, "", "without '.', '..', '//'" },
		{ "test web.yaml --on read --union /a/", 2, "", "and a '/' at its end" },
		{ "test web.yaml --on read --union /a --path /b", 2, "", "--path goes with --volume and --layer" },
		{ "test web.yaml --on copy-up --volume db", 2, "", "this happens in unions only, never in a volume" },
		{ "test web.yaml --on read --layer 501", 2, "", "1 (the topmost) to 500, not 501" },
		{ "test web.yaml --on read --layer 0", 2, "", "1 (the topmost) to 500, not 0" },
		{ "test web.yaml --on read --layer=", 2, "", "--layer is empty" },
		{ "test web.yaml --on read --union /a --type tmpfs", 2, "",
		  "go with --on mount, move-mount and remount" },
		{ "test web.yaml --on mount --union /a --flags nosiud", 2, "",
		  "there is no mount flag 'nosiud'; did you mean 'nosuid'?" },
		{ "test web.yaml --on setns --foreign", 2, "", "--foreign goes with --union" },
		{ "test web.yaml --on setns -n 0x1", 2, "", "'0x1' is not the number of a namespace" },
		{ "test web.yaml --on setns --jsno", 2, "", "no option '--jsno'; did you mean '--json'?" },
		{ "test absent.yaml --on setns", 2, "", "absent.yaml: cannot be read: No such file or directory" },
		{ "test wrong.yaml --on setns", 2, "",
		  "wrong.yaml:5:1: a policy has no key 'rule'; did you mean 'rules'?" },
		{ "tets web.yaml", 2, "", "there is no 'mica policy tets'; did you mean 'test'?" },
	};

	TRY(rows);
}

/** A member, or "" for none. */
static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

Test(cmd_policy, test_answers_in_json)
{
	_cleanup_ran_ struct ran ran = run("test web.yaml -c web1 --on change-lower --union /usr/bin/x --json");
	char *rest = NULL;
	json_t *lines[3];
	size_t count = 0;

	cr_expect_eq(ran.status, 1);
	for (char *line = strtok_r(ran.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		cr_assert_lt(count, 3);
		lines[count] = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		cr_assert_not_null(lines[count++], "%s", line);
	}
	cr_assert_eq(count, 3);
	cr_expect_str_eq(member(lines[0], "operation"), "copy-up");
	cr_expect_str_eq(member(lines[0], "verdict"), "deny");
	cr_expect_str_eq(member(lines[0], "errno"), "EROFS");
	cr_expect_str_eq(member(lines[0], "voice"), "rule");
	cr_expect_str_eq(member(lines[0], "policy"), "web");
	cr_expect_str_eq(member(lines[0], "name"), "binaries");
	cr_expect_str_eq(member(lines[0], "file"), "web.yaml");
	cr_expect_eq(json_integer_value(json_object_get(lines[0], "line")), 7);
	cr_expect(json_is_true(json_object_get(lines[0], "applies")));
	cr_expect_str_eq(member(lines[1], "operation"), "whiteout");
	cr_expect_str_eq(member(lines[1], "verdict"), "allow");
	cr_expect_str_eq(member(lines[1], "voice"), "none");
	cr_expect_null(json_object_get(lines[1], "errno"));
	cr_expect_null(json_object_get(lines[1], "policy"));
	for (size_t i = 0; i < count; i++)
		json_decref(lines[i]);
}

Test(cmd_policy, check)
{
	static const struct row rows[] = {
		{ "check web.yaml", 0, "2 policies with 4 rules: nothing wrong\n", NULL },
		{ "check --quiet web.yaml named.yaml", 0, "", NULL },
		{ "check named.yaml", 0, "1 policy with 1 rule: nothing wrong\n", NULL },
		/* All or nothing: the good file does not help. */
		{ "check web.yaml wrong.yaml", 2, "",
		  "wrong.yaml:5:1: a policy has no key 'rule'; did you mean 'rules'?" },
		{ "check web.yaml web.yaml", 2, "", "the name 'web' is taken by the policy at web.yaml:3" },
		{ "check", 2, "", "which file?" },
	};

	TRY(rows);
}

/* A limit of the tables, which no line of the file is to blame for. */
Test(cmd_policy, too_large)
{
	char name[] = "/tmp/mica-policy-XXXXXX";
	int fd = mkstemp(name);
	FILE *file = fdopen(fd, "w");
	_cleanup_free_ char *line = NULL;

	cr_assert_not_null(file);
	(void)fputs(
		"apiVersion: mica/v1\nkind: Policy\nmetadata: { name: big }\nsubjects: [{ default: true }]\nrules:\n",
		file);
	for (int i = 0; i <= MICA_POLICY_MAX_GROUPS; i++)
		(void)fprintf(file, "- { name: r%d, on: write, volume: v%d, verdict: deny }\n", i, i);
	(void)fclose(file);
	cr_assert_gt(asprintf(&line, "check %s", name), 0);
	const struct row row = { line, 2, "",
				 "policy 'big' is too large: more than 1024 objects that the rules of a policy name" };
	try_rows(&row, 1);
	(void)unlink(name);
}

Test(cmd_policy, explain)
{
	static const struct row rows[] = {
		{ "explain local web.yaml", 0,
		  "rule local of policy web (web.yaml:8)\n"
		  "  who       container web*\n"
		  "         or image shop:* engine podman\n"
		  "  where     union /usr/local/**\n"
		  "allows\n"
		  "  write         opens a file for writing, or writes to it\n"
		  "it decides instead of these:\n"
		  "  deny   union /usr/**  (binaries, line 7)\n",
		  NULL },
		{ "explain rest/nothign web.yaml", 2, "", "there is no rule 'rest/nothign'; did you mean 'nothing'?" },
		{ "explain locla web.yaml", 2, "", "there is no rule 'locla'; did you mean 'local'?" },
		{ "explain", 2, "", "which rule, of which file?" },
	};

	TRY(rows);
}

/* The text itself is tests/unit/policy/golden/dump.txt's. */
Test(cmd_policy, dump)
{
	static const struct row rows[] = {
		{ "dump", 2, "", "which file?" },
		{ "dump wrong.yaml", 2, "", "wrong.yaml:5:1: a policy has no key 'rule'; did you mean 'rules'?" },
	};
	_cleanup_ran_ struct ran ran = run("dump ../../policy/golden/dump.yaml");
	_cleanup_free_ char *golden = NULL;

	TRY(rows);
	cr_assert_eq(mica_file_read(MICA_SOURCE_DIR "/tests/unit/policy/golden/dump.txt", MOST_OUTPUT, &golden, NULL),
		     0);
	cr_expect_eq(ran.status, 0);
	cr_expect_str_eq(ran.out, golden);
	cr_expect_str_empty(ran.err);
}
