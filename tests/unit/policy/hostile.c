/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encodings, ends of lines, documents, and what is very long.
 */
#include "tests/unit/policy/hostile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "policy/check.h"
#include "policy/parse.h"

/** Parses and checks a copy of its own, so that the sanitizer sees a byte too many. */
static int load(const char *text, size_t size, struct mica_policy_set *set, struct mica_policy_messages *messages)
{
	_cleanup_free_ char *copy = malloc(size ? size : 1);

	memcpy(copy, text, size);
	int r = mica_policy_parse(set, "p.yaml", copy, size, messages);
	return r == 0 ? mica_policy_check(set, messages) : r;
}

void hostile_try(const struct hostile_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_policy_messages_ struct mica_policy_messages messages = {};
		_cleanup_policy_set_ struct mica_policy_set set = {};
		int r = load(rows[i].text, rows[i].size, &set, &messages);
		const char *told = messages.count ? mica_policy_messages_text(&messages) : "";

		cr_expect_eq(r, rows[i].told ? -EINVAL : 0, "%s: %d", rows[i].what, r);
		cr_expect_str_eq(told, rows[i].told ? rows[i].told : "", "%s: %s", rows[i].what, told);
	}
}

static const struct hostile_row encodings[] = {
	ROW("UTF-8 byte order mark", "\xef\xbb\xbf" GOOD, NULL),
	ROW("byte order mark within",
	    HEAD "\xef\xbb\xbf"
		 "mode: audit\n",
	    "p.yaml:5:1: not YAML: the character U+FEFF; write it as an escape in double quotes\n"),
	ROW("UTF-16, little endian",
	    "\xff\xfe"
	    "a\0:\0 \0b\0",
	    "p.yaml:1:1: not UTF-8\n"),
	ROW("UTF-16, big endian",
	    "\xfe\xff"
	    "\0a\0:\0 \0b",
	    "p.yaml:1:1: not UTF-8\n"),
	ROW("UTF-16 without a mark", "a\0:\0 \0b\0", "p.yaml:1:2: a NUL byte (UTF-8 is the only encoding)\n"),
	ROW("UTF-32",
	    "\xff\xfe\0\0"
	    "a\0\0\0",
	    "p.yaml:1:1: not UTF-8\n"),
	ROW("NUL between tokens", HEAD "mode: audit\0\n", "p.yaml:5:12: a NUL byte (UTF-8 is the only encoding)\n"),
	ROW("NUL in a comment", HEAD "# \0\n", "p.yaml:5:3: a NUL byte (UTF-8 is the only encoding)\n"),
	ROW("NUL escaped, \\0", RULE("union: \"/a\\0b\""), "p.yaml:6:47: a NUL byte in a string\n"),
	ROW("NUL escaped, \\x00", RULE("union: \"/a\\x00b\""), "p.yaml:6:47: a NUL byte in a string\n"),
	ROW("NUL escaped, \\u0000, in a key", HEAD "\"mo\\u0000de\": audit\n", "p.yaml:5:1: a NUL byte in a string\n"),
	ROW("lone continuation byte", HEAD "mode: \x80\n", "p.yaml:5:7: not UTF-8\n"),
	ROW("two bytes, cut", HEAD "mode: \xc3", "p.yaml:5:7: not UTF-8\n"),
	ROW("three bytes, cut", HEAD "mode: \xe2\x82\n", "p.yaml:5:7: not UTF-8\n"),
	ROW("four bytes, cut", HEAD "mode: \xf0\x9f\x98", "p.yaml:5:7: not UTF-8\n"),
	ROW("overlong slash in two bytes",
	    RULE("union: \xc0\xaf"
		 "a"),
	    "p.yaml:6:47: not UTF-8\n"),
	ROW("overlong slash in three bytes",
	    RULE("union: \xe0\x80\xaf"
		 "a"),
	    "p.yaml:6:47: not UTF-8\n"),
	ROW("overlong NUL", RULE("union: /\xc0\x80"), "p.yaml:6:48: not UTF-8\n"),
	ROW("surrogate", RULE("union: /\xed\xa0\x80"), "p.yaml:6:48: not UTF-8\n"),
	ROW("over U+10FFFF", RULE("union: /\xf4\x90\x80\x80"), "p.yaml:6:48: not UTF-8\n"),
	ROW("five bytes", RULE("union: /\xf8\x88\x80\x80\x80"), "p.yaml:6:48: not UTF-8\n"),
	ROW("behind a wide character, columns are characters", "# \xe2\x82\xac\xe2\x82\xac\xff\n",
	    "p.yaml:1:5: not UTF-8\n"),
	ROW("control character", HEAD "mode: \x01\n",
	    "p.yaml:5:7: not YAML: the character U+0001; write it as an escape in double quotes\n"),
	ROW("escape sequence of a terminal", HEAD "mode: \x1b[31m\n",
	    "p.yaml:5:7: not YAML: the character U+001B; write it as an escape in double quotes\n"),
	ROW("DEL", RULE("union: /\x7f"),
	    "p.yaml:6:48: not YAML: the character U+007F; write it as an escape in double quotes\n"),
	ROW("C1 control", RULE("union: /\xc2\x80"),
	    "p.yaml:6:48: not YAML: the character U+0080; write it as an escape in double quotes\n"),
	ROW("escaped terminal sequence in a key", HEAD "\"\\e[31mmode\": audit\n",
	    "p.yaml:5:1: a policy has no key '\\e[31mmode'\n"),
	ROW("reordering of text in a word",
	    HEAD "mode: \xe2\x80\xae"
		 "tidua\n",
	    "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not '\\u202etidua'\n"),
	ROW("surrogate escaped", RULE("union: \"/\\ud800\""),
	    "p.yaml:6:51: not YAML: found invalid Unicode character escape code while parsing a quoted scalar\n"),
	ROW("over U+10FFFF escaped", RULE("union: \"/\\U00110000\""),
	    "p.yaml:6:51: not YAML: found invalid Unicode character escape code while parsing a quoted scalar\n"),
	ROW("a character that is not ASCII", RULE("union: /\xc3\xa9"), NULL),
};

Test(policy_hostile, encodings)
{
	TRY(encodings);
}

static const struct hostile_row lines[] = {
	ROW("CRLF",
	    "apiVersion: mica/v1\r\nkind: Policy\r\nmetadata: { name: web }\r\nsubjects: [{ container: web "
	    "}]\r\nmounts:\r\n  otherwise: deny\r\n",
	    NULL),
	ROW("CRLF, with a mistake",
	    "apiVersion: mica/v1\r\nkind: Policy\r\nmetadata: { name: web }\r\nsubjects: [{ container: web "
	    "}]\r\nmounts:\r\n  otherwise: dney\r\n",
	    "p.yaml:6:14: 'otherwise' must be 'allow' or 'deny', not 'dney'; did you mean 'deny'?\n"),
	ROW("CR alone",
	    "apiVersion: mica/v1\rkind: Policy\rmetadata: { name: web }\rsubjects: [{ container: web }]\rmode: odit\r",
	    "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not 'odit'; did you mean 'audit'?\n"),
	ROW("no end of the last line", HEAD "mounts: { otherwise: deny }", NULL),
	ROW("tab as indentation", HEAD "mounts:\n\totherwise: deny\n",
	    "p.yaml:6:1: not YAML: found character that cannot start any token while scanning for the next token\n"),
	ROW("tab between tokens", HEAD "mounts:\t{ otherwise:\tdeny }\n", NULL),
	ROW("tab before a key of a block", HEAD "mounts:\n  otherwise: deny\n \tallow: []\n",
	    "p.yaml:7:2: not YAML: found a tab character that violates indentation while scanning a plain scalar\n"),
	ROW("comments everywhere", "# a\n" HEAD "# b\nmounts: # c\n  # d\n  otherwise: deny # e\n# f", NULL),
	ROW("block scalars", HEAD "rules:\n- name: r\n  on: write\n  verdict: deny\n  union: |-\n    /a\n", NULL),
	ROW("block scalar with its line end",
	    HEAD "rules:\n- name: |\n    r\n  on: write\n  verdict: deny\n  union: /a\n",
	    "p.yaml:6:9: a name has letters, digits, '.', '_' and '-' only, unlike 'r\\n'\n"),
	ROW("plain scalar of two lines", HEAD "mode: au\n  dit\n",
	    "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not 'au dit'; did you mean 'audit'?\n"),
	ROW("quotes of each kind", HEAD "'mode': \"audit\"\n\"mounts\": { 'otherwise': \"\\x64eny\" }\n", NULL),
};

Test(policy_hostile, lines)
{
	TRY(lines);
}

static const struct hostile_row documents[] = {
	ROW("nothing", "", "p.yaml: holds no policy\n"),
	ROW("blanks", " \n  \n", "p.yaml: holds no policy\n"),
	ROW("a comment", "# nothing\n", "p.yaml: holds no policy\n"),
	ROW("an empty document", "---\n", "p.yaml:2:1: a policy must be a mapping, not nothing\n"),
	ROW("an empty document behind a policy", GOOD "---\n", "p.yaml:8:1: a policy must be a mapping, not nothing\n"),
	ROW("an empty document before a policy", "---\n---\n" GOOD,
	    "p.yaml:2:1: a policy must be a mapping, not nothing\n"),
	ROW("an end without a beginning", "...\n",
	    "p.yaml:1:1: not YAML: did not find expected node content while parsing a block node\n"),
	ROW("end marks", "---\n" GOOD "...\n", NULL),
	ROW("two policies of one name", GOOD "---\n" GOOD,
	    "p.yaml:10:19: the name 'web' is taken by the policy at p.yaml:3\n"),
	ROW("a second policy that is wrong", GOOD "---\nkind: Policy\n",
	    "p.yaml:8:1: a policy needs the key 'apiVersion'\n"
	    "p.yaml:8:1: a policy needs the key 'metadata'\n"
	    "p.yaml:8:1: a policy needs the key 'subjects'\n"),
	ROW("text behind the end", GOOD "...\nmode: audit\n",
	    "p.yaml:8:1: not YAML: did not find expected <document start>\n"),
	ROW("a list", "- " HEAD,
	    "p.yaml:1:1: a policy must be a mapping, not a list\n"
	    "p.yaml:2:1: not YAML: did not find expected '-' indicator while parsing a block collection\n"),
	ROW("a string", "policy\n", "p.yaml:1:1: a policy must be a mapping, not a string\n"),
	ROW("a number", "42\n", "p.yaml:1:1: a policy must be a mapping, not a number\n"),
	ROW("YAML 1.1", "%YAML 1.1\n---\n" GOOD, NULL),
	ROW("YAML 1.2", "%YAML 1.2\n---\n" GOOD, NULL),
	ROW("YAML 2.0", "%YAML 2.0\n---\n" GOOD, "p.yaml:1:1: not YAML: found incompatible YAML document\n"),
	ROW("two YAML directives", "%YAML 1.2\n%YAML 1.2\n---\n" GOOD,
	    "p.yaml:2:1: not YAML: found duplicate %YAML directive\n"),
	ROW("unknown directive", "%FOO bar\n---\n" GOOD,
	    "p.yaml:1:5: not YAML: found unknown directive name while scanning a directive\n"),
	ROW("JSON",
	    "{\"apiVersion\":\"mica/"
	    "v1\",\"kind\":\"Policy\",\"metadata\":{\"name\":\"w\"},\"subjects\":[{\"default\":true}],\"mounts\":{"
	    "\"otherwise\":\"deny\"}}",
	    NULL),
};

Test(policy_hostile, documents)
{
	TRY(documents);
}

/* What is long is refused by its length, and not told in full. */
static void expect_short(const char *before, size_t bytes, const char *after, const char *told)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_buffer_ struct mica_buffer text = {};

	(void)mica_buffer_append_string(&text, before);
	for (size_t i = 0; i < bytes; i++)
		(void)mica_buffer_append_byte(&text, 'x');
	(void)mica_buffer_append_string(&text, after);
	cr_expect_eq(load(text.data, text.size, &set, &messages), -EINVAL, "%s", told);
	const char *all = mica_policy_messages_text(&messages);
	cr_expect_not_null(strstr(all, told), "%s: %.500s", told, all);
	cr_expect_lt(strlen(all), 1000, "%s", told);
}

Test(policy_hostile, huge)
{
	const size_t huge = 1 << 20;

	expect_short(HEAD "mode: ", huge, "\n", "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not 'xxx");
	expect_short(HEAD "\"", huge, "\": 1\n", "p.yaml:5:");
	expect_short(HEAD "? ", huge, "\n: 1\n", "p.yaml:5:3: a policy has no key 'xxx");
	expect_short(HEAD, huge, ": 1\n", "p.yaml:5:1048577: not YAML: could not find expected ':'");
	expect_short(HEAD "rules: [{ name: ", huge, ", on: write, verdict: deny, union: /a }]\n",
		     "p.yaml:5:17: a name has at most 63 bytes, this one 1048576");
	expect_short(HEAD "rules: [{ name: r, on: write, verdict: deny, union: /", huge, " }]\n",
		     "a glob has at most 4096 bytes, this one 1048577");
	expect_short(HEAD "rules: [{ name: r, on: ", huge, ", verdict: deny, union: /a }]\n",
		     "p.yaml:5:24: there is no operation 'xxx");
	expect_short(HEAD "rules: [{ name: r, on: write, verdict: deny, union: /a, errno: ", huge, " }]\n",
		     "there is no errno 'xxx");
	expect_short(HEAD "mode: &", huge, " audit\n", "p.yaml:5:7: anchors are not allowed");
	expect_short(HEAD "mode: !", huge, " audit\n", "p.yaml:5:7: tags are not allowed");
}
