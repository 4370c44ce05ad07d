// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cmd/policy.h"
#include "policy/glob.h"
#include "policy/precedence.h"

/** Rules of each side that are shown; of further ones the number. */
#define SHOWN 20

struct options {
	const char *rule;
	char **files;
	size_t count;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *explain = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (explain->rule)
			return ARGP_ERR_UNKNOWN; /* then all that is left comes as ARGP_KEY_ARGS */
		explain->rule = argument;
		return 0;
	case ARGP_KEY_ARGS:
		explain->files = state->argv + state->next;
		explain->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!explain->count)
			argp_error(state, "which rule, of which file?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void append_glob(struct mica_buffer *out, const char *before, const struct mica_policy_glob *glob)
{
	if (!glob->text)
		return;
	(void)mica_buffer_append_string(out, before);
	(void)mica_utf8_append_escaped(out, glob->text, strlen(glob->text));
}

static void append_object(struct mica_buffer *out, const struct mica_policy_rule *rule)
{
	(void)mica_buffer_append_string(out, mica_policy_object_name(rule->object));
	if (rule->layer)
		(void)mica_buffer_appendf(out, " %u", rule->layer);
	append_glob(out, " ", &rule->object_name);
	append_glob(out, " ", &rule->path);
}

static void append_subjects(struct mica_buffer *out, const struct mica_policy *policy)
{
	for (size_t i = 0; i < policy->subjects.count; i++) {
		const struct mica_policy_subject *subject = &policy->subjects.items[i];
		(void)mica_buffer_append_string(out, i == 0 ? "  who       " : "         or ");
		size_t start = out->size;
		append_glob(out, " container ", &subject->container);
		append_glob(out, " image ", &subject->image);
		append_glob(out, " cgroup ", &subject->cgroup);
		append_glob(out, " namespace ", &subject->namespace);
		append_glob(out, " engine ", &subject->engine);
		if (subject->is_default)
			(void)mica_buffer_append_string(out, " every container that no other policy names");
		/* Each piece begins with a blank. */
		if (!out->failed && out->size > start) {
			memmove(out->data + start, out->data + start + 1, out->size - start - 1);
			out->size--;
		}
		(void)mica_buffer_append_byte(out, '\n');
	}
}

static void append_operations(struct mica_buffer *out, const struct mica_policy *policy,
			      const struct mica_policy_rule *rule)
{
	for (unsigned i = 0; i < _MICA_OPERATION_MAX; i++) {
		const struct mica_operation_info *info = mica_operation_describe(i);
		if (!(rule->operations & MICA_OPERATION_BIT(i)))
			continue;
		(void)mica_buffer_appendf(out, "  %-13s %s", info->name, info->meaning);
		if (rule->verdict == MICA_VERDICT_DENY)
			(void)mica_buffer_appendf(out,
						  policy->mode == MICA_POLICY_AUDIT ? " (would get %s)" : " (gets %s)",
						  mica_errno_name(rule->error ? rule->error : info->default_errno));
		(void)mica_buffer_append_byte(out, '\n');
	}
}

/** False: no path matches both. */
static bool may_meet(const struct mica_policy_rule *a, const struct mica_policy_rule *b)
{
	bool exact;
	size_t left = mica_glob_literal_prefix(a->path.text, &exact);
	size_t right = mica_glob_literal_prefix(b->path.text, &exact);
	size_t common = left < right ? left : right;

	if (a->object != b->object || !(a->operations & b->operations))
		return false;
	/* A backslash is in the text, and not in the prefix. "/a/" and two stars match "/a" as well. */
	if (strchr(a->path.text, '\\') || strchr(b->path.text, '\\'))
		return true;
	common -= common && a->path.text[common - 1] == '/';
	return memcmp(a->path.text, b->path.text, common) == 0;
}

/** The rules on one side of `rule` that can be about the same thing, in the order of precedence. */
static void append_side(struct mica_buffer *out, const struct mica_policy *policy, const uint32_t *order, size_t from,
			size_t to, const struct mica_policy_rule *rule, const char *title)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++) {
		const struct mica_policy_rule *other = &policy->rules[order[i]];
		if (!may_meet(rule, other))
			continue;
		if (count++ == 0)
			(void)mica_buffer_appendf(out, "%s\n", title);
		if (count > SHOWN)
			continue;
		(void)mica_buffer_appendf(out, "  %-5s  ", mica_verdict_name(other->verdict));
		append_object(out, other);
		(void)mica_buffer_appendf(out, "  (%s, line %u)\n", other->name, other->place.line);
	}
	if (count > SHOWN)
		(void)mica_buffer_appendf(out, "  and %zu more\n", count - SHOWN);
}

static int compare(const void *a, const void *b)
{
	return mica_policy_precedence_compare(a, b);
}

/** Indices of the policy's rules, by precedence. NULL: -ENOMEM. */
static uint32_t *order_of(const struct mica_policy *policy)
{
	_cleanup_free_ struct mica_policy_precedence *keys = calloc(policy->rule_count, sizeof(*keys));
	_cleanup_free_ uint32_t *order = calloc(policy->rule_count, sizeof(*order));

	if (!keys || !order)
		return NULL;
	for (size_t i = 0; i < policy->rule_count; i++)
		keys[i] = mica_policy_precedence_of(&policy->rules[i], i);
	qsort(keys, policy->rule_count, sizeof(*keys), compare);
	for (size_t i = 0; i < policy->rule_count; i++)
		order[i] = keys[i].index;
	return TAKE_PTR(order);
}

static int explain(const struct mica_policy *policy, const struct mica_policy_rule *rule, struct mica_buffer *out)
{
	static const char *const says[] = { "allows", "allows and reports", "denies" };
	_cleanup_free_ uint32_t *order = order_of(policy);
	bool tamed = policy->mode == MICA_POLICY_AUDIT && rule->verdict == MICA_VERDICT_DENY;
	size_t at = 0;

	if (!order)
		return -ENOMEM;
	while (&policy->rules[order[at]] != rule)
		at++;
	(void)mica_buffer_appendf(out, "rule %s of policy %s (", rule->name, policy->name);
	(void)mica_utf8_append_escaped(out, policy->file, strlen(policy->file));
	(void)mica_buffer_appendf(out, ":%u)\n", rule->place.line);
	append_subjects(out, policy);
	(void)mica_buffer_append_string(out, "  where     ");
	append_object(out, rule);
	(void)mica_buffer_appendf(out, "\n%s%s\n", says[rule->verdict],
				  tamed ? ", but reports only: the policy's mode is audit" : "");
	append_operations(out, policy, rule);
	append_side(out, policy, order, 0, at, rule, "where these match too, they decide instead:");
	append_side(out, policy, order, at + 1, policy->rule_count, rule, "it decides instead of these:");
	return out->failed ? -ENOMEM : 0;
}

/** RULE, or POLICY/RULE. */
static bool is_meant(const char *text, const struct mica_policy *policy, const struct mica_policy_rule *rule)
{
	const char *slash = strchr(text, '/');

	if (!slash)
		return strcmp(text, rule->name) == 0;
	return strncmp(text, policy->name, (size_t)(slash - text)) == 0 && policy->name[slash - text] == '\0' &&
	       strcmp(slash + 1, rule->name) == 0;
}

static int tell_unknown(const char *name, const struct mica_policy_set *set)
{
	_cleanup_free_ const char **words = calloc(set->rule_count + 1, sizeof(*words));
	const char *slash = strchr(name, '/');
	size_t count = 0;

	for (size_t i = 0; words && i < set->count; i++)
		for (size_t j = 0; j < set->policies[i].rule_count; j++)
			words[count++] = set->policies[i].rules[j].name;
	const char *near = words ? mica_suggest(slash ? slash + 1 : name, words) : NULL;
	mica_log_error("there is no rule '%s'%s%s%s", name, near ? "; did you mean '" : "", near ? near : "",
		       near ? "'?" : "");
	return MICA_EXIT_USAGE;
}

static int print(const char *name, const struct mica_policy_set *set)
{
	_cleanup_buffer_ struct mica_buffer out = {};
	size_t found = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct mica_policy *policy = &set->policies[i];
		for (size_t j = 0; j < policy->rule_count; j++) {
			if (!is_meant(name, policy, &policy->rules[j]))
				continue;
			if (found++)
				(void)mica_buffer_append_byte(&out, '\n');
			if (explain(policy, &policy->rules[j], &out) < 0) {
				mica_log_error("out of memory");
				return MICA_EXIT_FAILURE;
			}
		}
	}
	if (!found)
		return tell_unknown(name, set);
	(void)fwrite(out.data, 1, out.size, stdout);
	return MICA_EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_option,
		.args_doc = "[POLICY/]RULE FILE...",
		.doc = "Says in words what a rule does, and which rules go before and behind it.",
	};
	_cleanup_policy_set_ struct mica_policy_set set = {};
	struct options options = {};
	int status;

	if (mica_cmd_parse(&argp, argc, argv, &options) != 0)
		return MICA_EXIT_USAGE;
	status = mica_policy_open((const char *const *)options.files, options.count, &set);
	return status == MICA_EXIT_OK ? print(options.rule, &set) : status;
}

const struct mica_command mica_policy_command_explain = {
	.name = "explain",
	.summary = "say what a rule does, and what goes before it",
	.run = run,
};
