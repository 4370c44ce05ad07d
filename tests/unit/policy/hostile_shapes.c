/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References, broken structure, values of odd types, globs.
 */
#include <criterion/criterion.h>

#include "tests/unit/policy/hostile.h"

static const struct hostile_row references[] = {
	ROW("anchor on a value", HEAD "mode: &a audit\n", "p.yaml:5:7: anchors are not allowed in a policy\n"),
	ROW("anchor on a key", HEAD "&a mode: audit\n", "p.yaml:5:1: anchors are not allowed in a policy\n"),
	ROW("anchor on a mapping", "&a " HEAD, "p.yaml:1:1: anchors are not allowed in a policy\n"),
	ROW("anchor on the root", "--- &a\n" HEAD, "p.yaml:1:5: anchors are not allowed in a policy\n"),
	ROW("alias", HEAD "mode: *a\n", "p.yaml:5:7: aliases are not allowed in a policy\n"),
	ROW("alias as a key", HEAD "*a : audit\n", "p.yaml:5:1: aliases are not allowed in a policy\n"),
	ROW("alias to itself", HEAD "rules: &a [*a]\n", "p.yaml:5:8: anchors are not allowed in a policy\n"),
	ROW("billion laughs",
	    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
	    "p.yaml:1:1: a policy has no key 'a'\n"
	    "p.yaml:1:4: anchors are not allowed in a policy\n"),
	ROW("merge key", HEAD "<<: { mode: audit }\n", "p.yaml:5:1: a policy has no key '<<'\n"),
	ROW("merge key in a rule", RULE("union: /a, <<: { errno: EROFS }"), "p.yaml:6:51: a rule has no key '<<'\n"),
	ROW("tag of a string", HEAD "mode: !!str audit\n", "p.yaml:5:7: tags are not allowed in a policy\n"),
	ROW("tag of a type of a program", HEAD "mode: !!python/object/apply:os.system [id]\n",
	    "p.yaml:5:7: tags are not allowed in a policy\n"),
	ROW("local tag", HEAD "mode: !x audit\n", "p.yaml:5:7: tags are not allowed in a policy\n"),
	ROW("verbatim tag", HEAD "mode: !<tag:yaml.org,2002:str> audit\n",
	    "p.yaml:5:7: tags are not allowed in a policy\n"),
	ROW("the tag of no type", HEAD "mode: ! audit\n", "p.yaml:5:7: tags are not allowed in a policy\n"),
	ROW("tag with an unknown handle", HEAD "mode: !a!b audit\n",
	    "p.yaml:5:7: not YAML: found undefined tag handle while parsing a node\n"),
	ROW("TAG directive", "%TAG !e! tag:x,2000:\n---\n" GOOD, "p.yaml:1:1: tags are not allowed in a policy\n"),
};

Test(policy_hostile, references)
{
	TRY(references);
}

static const struct hostile_row shapes[] = {
	ROW("unclosed list", HEAD "rules: [\n",
	    "p.yaml:6:1: not YAML: did not find expected node content while parsing a flow node\n"),
	ROW("unclosed mapping", HEAD "mounts: { otherwise: deny\n",
	    "p.yaml:6:1: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n"),
	ROW("unclosed quote", HEAD "mode: \"audit\n",
	    "p.yaml:6:1: not YAML: found unexpected end of stream while scanning a quoted scalar\n"),
	ROW("unclosed single quote", HEAD "mode: \'audit\n",
	    "p.yaml:6:1: not YAML: found unexpected end of stream while scanning a quoted scalar\n"),
	ROW("closed twice", HEAD "rules: []]\n",
	    "p.yaml:5:10: not YAML: did not find expected key while parsing a block mapping\n"),
	ROW("wrong bracket", HEAD "rules: [}\n",
	    "p.yaml:5:9: not YAML: did not find expected node content while parsing a flow node\n"),
	ROW("no comma", HEAD "mounts: { otherwise: deny allow: [] }\n",
	    "p.yaml:5:22: 'otherwise' must be 'allow' or 'deny', not 'deny allow'\n"
	    "p.yaml:5:32: not YAML: did not find expected ',' or '}' while parsing a flow mapping\n"),
	ROW("comma too many", HEAD "mounts: { otherwise: deny, }\n", NULL),
	ROW("two colons", HEAD "mode: a: b\n",
	    "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not 'a'\n"
	    "p.yaml:5:8: not YAML: mapping values are not allowed in this context\n"),
	ROW("wrong indentation", HEAD "mounts:\n   otherwise: deny\n  allow: []\n",
	    "p.yaml:7:3: not YAML: did not find expected key while parsing a block mapping\n"),
	ROW("reserved character", HEAD "mode: @audit\n",
	    "p.yaml:5:7: not YAML: found character that cannot start any token while scanning for the next token\n"),
	ROW("backquote", HEAD "mode: `audit\n",
	    "p.yaml:5:7: not YAML: found character that cannot start any token while scanning for the next token\n"),
	ROW("unknown escape", HEAD "mode: \"\\q\"\n",
	    "p.yaml:5:8: not YAML: found unknown escape character while parsing a quoted scalar\n"),
	ROW("a key that is a list", HEAD "[a]: b\n", "p.yaml:5:1: a key must be a word, not a list\n"),
	ROW("a key that is a mapping", HEAD "? { a: b }\n: c\n", "p.yaml:5:3: a key must be a word, not a mapping\n"),
	ROW("a key that is empty", HEAD ": c\n",
	    "p.yaml:5:1: not YAML: did not find expected key while parsing a block mapping\n"),
	ROW("a key without a value", HEAD "mode\n",
	    "p.yaml:6:1: not YAML: could not find expected ':' while scanning a simple key\n"),
	ROW("a key with no value", HEAD "mode:\n", "p.yaml:5:6: 'mode' must be 'enforce' or 'audit', not nothing\n"),
	ROW("the same key twice", GOOD "kind: Policy\n",
	    "p.yaml:7:1: 'kind' is there twice; first at line 2, column 1\n"),
	ROW("the same key twice, quoted", GOOD "\'rules\': []\n",
	    "p.yaml:7:1: 'rules' is there twice; first at line 5, column 1\n"),
	ROW("the same key twice, escaped", GOOD "\"\\x72ules\": []\n",
	    "p.yaml:7:1: 'rules' is there twice; first at line 5, column 1\n"),
	ROW("the same key twice in a rule", RULE("union: /a, name: x"),
	    "p.yaml:6:51: 'name' is there twice; first at line 6, column 5\n"),
	ROW("the same unknown key twice", GOOD "x: 1\nx: 2\n",
	    "p.yaml:7:1: a policy has no key 'x'\n"
	    "p.yaml:8:1: a policy has no key 'x'\n"),
	ROW("16 deep", HEAD "x: [[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]\n", "p.yaml:5:1: a policy has no key 'x'\n"),
	ROW("17 deep", HEAD "x: [[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]\n",
	    "p.yaml:5:1: a policy has no key 'x'\n"
	    "p.yaml:5:19: lists and mappings within each other more than 16 deep\n"),
	ROW("17 deep, in blocks", HEAD "x: [[[[[[[[[[[[[[[{ a: 1 }]]]]]]]]]]]]]]]\n",
	    "p.yaml:5:1: a policy has no key 'x'\n"
	    "p.yaml:5:19: lists and mappings within each other more than 16 deep\n"),
};

Test(policy_hostile, shapes)
{
	TRY(shapes);
}

static const struct hostile_row values[] = {
	ROW("null", HEAD "mode: ~\n", "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not nothing\n"),
	ROW("null in place of a list", HEAD "rules: null\n", "p.yaml:5:8: 'rules' must be a list, not nothing\n"),
	ROW("a boolean of YAML 1.1", HEAD "isolation: { unions: on }\n",
	    "p.yaml:5:22: 'unions' must be true or false, not a string\n"),
	ROW("a boolean in quotes", HEAD "isolation: { unions: \"true\" }\n",
	    "p.yaml:5:22: 'unions' must be true or false, not a string\n"),
	ROW("a number for a boolean", HEAD "isolation: { unions: 1 }\n",
	    "p.yaml:5:22: 'unions' must be true or false, not a number\n"),
	ROW("a boolean for a word", HEAD "mode: true\n",
	    "p.yaml:5:7: 'mode' must be 'enforce' or 'audit', not a boolean\n"),
	ROW("a float for a name", HEAD "rules: [{ name: 1.0 }]\n",
	    "p.yaml:5:17: 'name' must be a string, not a number: put it in quotes\n"
	    "p.yaml:5:9: a rule needs the key 'on'\n"
	    "p.yaml:5:9: a rule needs the key 'verdict'\n"
	    "p.yaml:5:9: a rule needs one of the keys 'union', 'volume' and 'layer'\n"),
	ROW("not a number for a name", HEAD "rules: [{ name: .nan }]\n",
	    "p.yaml:5:17: 'name' must be a string, not a number: put it in quotes\n"
	    "p.yaml:5:9: a rule needs the key 'on'\n"
	    "p.yaml:5:9: a rule needs the key 'verdict'\n"
	    "p.yaml:5:9: a rule needs one of the keys 'union', 'volume' and 'layer'\n"),
	ROW("a date is a string", HEAD "rules: [{ name: 2001-01-01, on: write, union: /a, verdict: deny }]\n", NULL),
	ROW("base 60 is a string", HEAD "rules: [{ name: r, on: write, volume: 190:20:30, verdict: deny }]\n", NULL),
	ROW("layer 0", RULE("layer: 0"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 1", RULE("layer: 1"), NULL),
	ROW("layer 500", RULE("layer: 500"), NULL),
	ROW("layer 501", RULE("layer: 501"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer -1", RULE("layer: -1"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer +1", RULE("layer: +1"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 2^64 + 1", RULE("layer: 18446744073709551617"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer of many digits", RULE("layer: 99999999999999999999999999999999999999999999999999"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 0x1", RULE("layer: 0x1"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 0o1", RULE("layer: 0o1"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 010", RULE("layer: 010"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 1.0", RULE("layer: 1.0"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer 1e0", RULE("layer: 1e0"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer .inf", RULE("layer: .inf"),
	    "p.yaml:6:47: the number of a layer is 1 (the topmost) to 500, or write its digest\n"),
	ROW("layer in quotes is a digest", RULE("layer: \"1\""),
	    "p.yaml:6:47: in quotes it is a digest; the number of a layer is without\n"),
	ROW("namespace", HEAD "volumes: [{ volume: a, access: ro, who: [{ namespace: 4026531840 }] }]\n", NULL),
	ROW("namespace 0x1", HEAD "volumes: [{ volume: a, access: ro, who: [{ namespace: 0x1 }] }]\n",
	    "p.yaml:5:55: the number of a namespace is in decimal, and not 0\n"),
	ROW("namespace -1", HEAD "volumes: [{ volume: a, access: ro, who: [{ namespace: -1 }] }]\n",
	    "p.yaml:5:55: the number of a namespace is in decimal, and not 0\n"),
	ROW("namespace 0", HEAD "volumes: [{ volume: a, access: ro, who: [{ namespace: 0 }] }]\n",
	    "p.yaml:5:55: the number of a namespace is in decimal, and not 0\n"),
	ROW("a name of 63 characters",
	    HEAD "rules: [{ name: "
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 ", on: write, union: /a, verdict: deny }]\n",
	    NULL),
	ROW("a name of 64 characters",
	    HEAD "rules: [{ name: "
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 ", on: write, union: /a, verdict: deny }]\n",
	    "p.yaml:5:17: a name has at most 63 bytes, this one 64\n"),
	ROW("an empty name", HEAD "rules: [{ name: \"\", on: write, union: /a, verdict: deny }]\n",
	    "p.yaml:5:17: 'name' is empty\n"),
	ROW("a name that is a path", HEAD "rules: [{ name: ../a, on: write, union: /a, verdict: deny }]\n",
	    "p.yaml:5:19: a name has letters, digits, '.', '_' and '-' only, unlike '../a'\n"),
	ROW("a name that is not ASCII", HEAD "rules: [{ name: \xc3\xa9, on: write, union: /a, verdict: deny }]\n",
	    "p.yaml:5:17: a name has letters, digits, '.', '_' and '-' only, unlike '\xc3"
	    "\xa9"
	    "'\n"),
	ROW("an errno by its number", RULE("union: /a, errno: 13"),
	    "p.yaml:6:58: 'errno' must be the name of an errno, as 'EROFS', not a number\n"),
	ROW("an errno of no permission", RULE("union: /a, errno: ENOENT"),
	    "p.yaml:6:58: the kernel cannot deny write with ENOENT, only with EACCES, EPERM or EROFS\n"),
};

Test(policy_hostile, values)
{
	TRY(values);
}

static const struct hostile_row globs[] = {
	ROW("stars alone", RULE("union: \"**\""), NULL),
	ROW("not from the root", RULE("union: a/b"), "p.yaml:6:47: 'union' 'a/b': a path begins with '/' or '**'\n"),
	ROW("from the working directory", RULE("union: ./a"),
	    "p.yaml:6:47: 'union' './a': a path begins with '/' or '**'\n"),
	ROW("empty", RULE("union: \"\""), "p.yaml:6:48: 'union' '': an empty glob\n"),
	ROW("no end of a class", RULE("union: \"/a[b\""), "p.yaml:6:50: 'union' '/a[b': '[' without ']'\n"),
	ROW("empty class", RULE("union: \"/a[]\""), "p.yaml:6:50: 'union' '/a[]': '[' without ']'\n"),
	ROW("empty negated class", RULE("union: \"/a[!]\""), "p.yaml:6:50: 'union' '/a[!]': '[' without ']'\n"),
	ROW("a class negated as in regular expressions", RULE("union: \"/a[^b]\""),
	    "p.yaml:6:50: 'union' '/a[^b]': '[^' is not negation: write '[!', or '\\^' for the byte\n"),
	ROW("range backwards", RULE("union: \"/a[z-a]\""),
	    "p.yaml:6:50: 'union' '/a[z-a]': a range of bytes that ends before it begins\n"),
	ROW("slash in a class", RULE("union: \"/a[/]\""), "p.yaml:6:50: 'union' '/a[/]': a class never matches '/'\n"),
	ROW("backslash at the end", RULE("union: \'/a\\\'"), "p.yaml:6:50: 'union' '/a\\\\': '\\' at the end\n"),
	ROW("no end of alternatives", RULE("union: \"/{a,b\""), "p.yaml:6:49: 'union' '/{a,b': '{' without '}'\n"),
	ROW("no beginning of alternatives", RULE("union: \"/a,b}\""),
	    "p.yaml:6:52: 'union' '/a,b}': '}' without '{'\n"),
	ROW("8 alternatives within each other", RULE("union: \"/{{{{{{{{a}}}}}}}}\""), NULL),
	ROW("9 alternatives within each other", RULE("union: \"/{{{{{{{{{a}}}}}}}}}\""),
	    "p.yaml:6:57: 'union' '/{{{{{{{{{a}}}}}}}}}': braces nested more than 8 deep\n"),
	ROW("256 globs", RULE("union: \"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\""), NULL),
	ROW("512 globs", RULE("union: \"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\""),
	    "p.yaml:6:49: 'union' '/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}': braces that stand for more than "
	    "256 globs\n"),
	ROW("2^64 globs",
	    RULE("union: "
		 "\"/"
		 "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{"
		 "a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{"
		 "a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{"
		 "a,b}{a,b}{a,b}{a,b}\""),
	    "p.yaml:6:49: 'union' '/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,'...: braces that "
	    "stand for more than 256 globs\n"),
	ROW("a subject that is empty", HEAD "volumes: [{ volume: \"\", access: ro }]\n",
	    "p.yaml:5:22: 'volume' '': an empty glob\n"),
	ROW("an alternative that is not from the root", RULE("union: \"{/a,b}\""),
	    "p.yaml:6:48: 'union' '{/a,b}': a path begins with '/' or '**'\n"),
};

Test(policy_hostile, globs)
{
	TRY(globs);
}
