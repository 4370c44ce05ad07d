/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel is told says the same as mica_policy_decide: random policies and questions, by an interpreter that
 * does with voices and views what include/mica/enforce.h says. MICA_SEED=N draws others.
 */
#include "policy/image.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "mica/policy_match.h"
#include "policy/parse.h"
#include "reference.h"

#define QUESTIONS 50

struct asked {
	const struct mica_policy_image *image;
	const struct mica_policy_views *views;
	const struct mica_policy_question *question;
	struct mica_policy_match *match;
	bool capability;
	/** The answer. */
	enum mica_verdict verdict;
	int error;
	uint32_t counter;
};

static struct mica_policy_match match;

static uint32_t ask(struct asked *asked, uint32_t root, const char *before, const char *text, uint32_t operations)
{
	const struct mica_tables *tables = &asked->image->compiled->tables;

	match.chunks = tables->chunks;
	match.chunk_count = tables->chunk_count;
	match.path_bytes = (uint32_t)snprintf(match.path, sizeof(match.path), "%s%s", before, text);
	while (!*before && match.path_bytes > 1 && match.path[match.path_bytes - 1] == '/')
		match.path_bytes--;
	match.operations = operations;
	return mica_policy_match(&match, root);
}

static bool key_matches(struct asked *asked, uint32_t root, bool known, const char *before, const char *text)
{
	return !root || (known && text && ask(asked, root, before, text, 1));
}

static bool mount_matches(struct asked *asked, const struct mica_enforce_mount *mount)
{
	const struct mica_policy_question *question = asked->question;
	enum mica_operation operation = question->operation;
	bool at = !asked->capability && question->object == MICA_POLICY_UNION;
	bool ignored = operation == MICA_OPERATION_MOVE_MOUNT || operation == MICA_OPERATION_REMOUNT ||
		       (operation == MICA_OPERATION_MOUNT && question->mount_flags & MS_BIND);

	if (!ignored && !key_matches(asked, mount->type_root, operation == MICA_OPERATION_MOUNT,
				     MICA_ENFORCE_TEXT_PREFIX, question->mount_type))
		return false;
	if (!key_matches(asked, mount->source_root,
			 operation == MICA_OPERATION_MOUNT || operation == MICA_OPERATION_MOVE_MOUNT,
			 MICA_ENFORCE_TEXT_PREFIX, question->mount_source))
		return false;
	if (!key_matches(asked, mount->at_root, at, "", question->path ? question->path : "/"))
		return false;
	if (!mount->flags_set && !mount->flags_clear)
		return true;
	return (operation == MICA_OPERATION_MOUNT || operation == MICA_OPERATION_REMOUNT) &&
	       (question->mount_flags & mount->flags_set) == mount->flags_set &&
	       !(question->mount_flags & mount->flags_clear);
}

static void say(struct asked *asked, const struct mica_enforce_voice *voice, enum mica_verdict verdict, int error,
		uint32_t counter)
{
	if (verdict == MICA_VERDICT_DENY && voice->flags & MICA_ENFORCE_VOICE_AUDIT)
		verdict = MICA_VERDICT_AUDIT;
	if (verdict <= asked->verdict)
		return;
	asked->verdict = verdict;
	asked->error = error;
	asked->counter = counter;
}

static void ask_mounts(struct asked *asked, const struct mica_enforce_voice *voice)
{
	const struct mica_enforce_mount *best = NULL, *mounts = &asked->image->mounts[voice->root];

	for (uint32_t i = 0; i < voice->count; i++)
		if (mount_matches(asked, &mounts[i]) && (!best || mounts[i].verdict > best->verdict))
			best = &mounts[i];
	if (best)
		say(asked, voice, best->verdict, EPERM, voice->counter + (uint32_t)(best - mounts));
	else
		say(asked, voice, voice->verdict, voice->error, voice->counter + voice->count);
}

static void ask_view(struct asked *asked, const struct mica_enforce_view *view)
{
	uint32_t bit = MICA_OPERATION_BIT(asked->question->operation), best = 0;
	const char *path = asked->question->path && !asked->capability ? asked->question->path : "/";

	if (!(view->operations & bit))
		return;
	cr_assert_leq(view->first + view->count, asked->views->voice_count);
	for (uint32_t i = view->first; i < view->first + view->count; i++) {
		const struct mica_enforce_voice *voice = &asked->views->voices[i], *next = voice + 1;
		bool last = i + 1 == view->first + view->count;

		if (voice->kind == MICA_ENFORCE_RULES) {
			uint32_t outcome = voice->operations & bit ? ask(asked, voice->root, "", path, bit) : 0;

			if (outcome && (!best || outcome < best))
				best = outcome;
			if (!last && next->kind == MICA_ENFORCE_RULES && next->flags & MICA_ENFORCE_VOICE_CONTINUED)
				continue;
			if (best)
				say(asked, voice, MICA_POLICY_OUTCOME_VERDICT(best), MICA_POLICY_OUTCOME_ERROR(best),
				    voice->counter + MICA_POLICY_OUTCOME_RULE(best) - 1);
			best = 0;
		} else if (!(voice->operations & bit)) {
			continue;
		} else if (voice->kind == MICA_ENFORCE_FIXED) {
			say(asked, voice, voice->verdict, voice->error, voice->counter);
		} else {
			ask_mounts(asked, voice);
		}
	}
}

/** The view of the question's object. */
static const struct mica_enforce_view *view_of(const struct asked *asked, uint32_t number)
{
	const struct mica_enforce_subject *subject = &asked->views->subject;
	const struct mica_policy_question *question = asked->question;

	if (asked->capability)
		return &subject->capability;
	if (question->object == MICA_POLICY_UNION)
		return question->foreign ? &subject->foreign_union : &subject->own_union;
	for (uint32_t i = 0; i < asked->views->view_count; i++)
		if (asked->views->views[i].number == number)
			return &asked->views->views[i].view;
	return question->object == MICA_POLICY_VOLUME ? &subject->volume : &subject->layer;
}

static void expect_equal(const struct asked *asked, const struct mica_policy_answer *expected, unsigned number)
{
	struct mica_policy_counted counted = {};

	cr_assert(asked->verdict == expected->verdict, "case %u: %d, not %d by %s", number, asked->verdict,
		  expected->verdict, mica_policy_voice_name(expected->voice));
	if (expected->verdict == MICA_VERDICT_ALLOW)
		return;
	cr_assert_eq(asked->error, expected->error, "case %u", number);
	cr_assert_eq(mica_policy_image_counter(asked->image, asked->counter, &counted), 0);
	cr_assert(counted.policy == expected->policy && counted.voice == expected->voice &&
			  counted.index == expected->index && counted.place.line == expected->place.line,
		  "case %u: counter %u is %s line %u, not %s line %u", number, asked->counter,
		  mica_policy_voice_name(counted.voice), counted.place.line, mica_policy_voice_name(expected->voice),
		  expected->place.line);
}

static enum mica_verdict check_question(const struct mica_policy_image *image, struct lottery *lottery, unsigned number)
{
	_cleanup_policy_views_ struct mica_policy_views views = {};
	struct mica_policy_question question;
	struct mica_policy_answer expected;
	struct asked asked = { .image = image, .views = &views, .question = &question };
	char path[64];

	draw_question(lottery, path, sizeof(path), &question);
	asked.capability = MICA_OPERATIONS_CAPABILITY & MICA_OPERATION_BIT(question.operation);
	const struct mica_policy_named_object object = {
		.kind = question.object == MICA_POLICY_LAYER ? MICA_ENFORCE_LAYER : MICA_ENFORCE_VOLUME,
		.number = 7,
		.name = question.object_name,
		.layer = question.layer,
		.foreign = question.foreign,
	};
	cr_assert_eq(mica_policy_views_make(image, &question.who, true, &object, question.object != MICA_POLICY_UNION,
					    &views),
		     0);
	cr_assert_eq(mica_policy_decide(image->compiled, &question, &expected), 0);
	const struct mica_enforce_view *view = view_of(&asked, object.number);
	uint32_t bit = MICA_OPERATION_BIT(question.operation);
	if (views.subject.operations & bit)
		ask_view(&asked, view);
	else
		cr_assert_not(view->operations & bit);
	expect_equal(&asked, &expected, number);
	if (expected.verdict != MICA_VERDICT_ALLOW)
		cr_assert(image->operations & bit, "case %u", number);
	return expected.verdict;
}

Test(policy_image, says_what_decide_says)
{
	struct lottery lottery = { lottery_seed(11) };
	unsigned cases = lottery_cases(200000), verdicts[_MICA_VERDICT_MAX] = {};
	static struct drawn_set drawn;

	for (unsigned i = 0; i < cases; i += QUESTIONS) {
		_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
		_cleanup_policy_image_ struct mica_policy_image image = {};
		struct mica_policy_refusal refusal;

		draw_set(&lottery, &drawn);
		cr_assert_eq(mica_policy_compile(&drawn.set, &compiled, &refusal), 0);
		cr_assert_eq(mica_policy_image_make(&compiled, &image, &refusal), 0);
		for (unsigned j = 0; j < QUESTIONS; j++)
			verdicts[check_question(&image, &lottery, i + j)]++;
	}
	for (unsigned verdict = 0; verdict < _MICA_VERDICT_MAX; verdict++)
		cr_assert_gt(verdicts[verdict], cases / 20, "the cases prove little: %u of %d", verdicts[verdict],
			     verdict);
}

static const struct mica_policy_who nobody;

static void load(const char *text, struct mica_policy_set *set, struct mica_policy_compiled *compiled,
		 struct mica_policy_image *image)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	struct mica_policy_refusal refusal;

	cr_assert_eq(mica_policy_parse(set, "p.yaml", text, strlen(text), &messages), 0, "%s",
		     mica_policy_messages_text(&messages));
	cr_assert_eq(mica_policy_compile(set, compiled, &refusal), 0);
	cr_assert_eq(mica_policy_image_make(compiled, image, &refusal), 0);
}

static const char isolating[] = "apiVersion: mica/v1\n"
				"kind: Policy\n"
				"metadata: { name: web }\n"
				"subjects: [{ default: true }]\n"
				"isolation: { unions: true, volumes: true, layers: immutable }\n"
				"rules:\n"
				"  - { name: a, on: write, union: \"/usr/**\", verdict: deny }\n"
				"  - { name: b, on: read, union: \"/usr/**\", verdict: audit }\n"
				"  - { name: c, on: delete, union: \"/usr/**\", verdict: allow }\n";

Test(policy_image, guards_and_operations)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_policy_image_ struct mica_policy_image image = {};
	_cleanup_policy_views_ struct mica_policy_views known = {}, unknown = {};
	const struct mica_policy_who who = { .container = "x" };

	load(isolating, &set, &compiled, &image);
	cr_assert_eq(image.guards,
		     (uint32_t)(MICA_ENFORCE_GUARD_LAYERS | MICA_ENFORCE_GUARD_UPPERS | MICA_ENFORCE_GUARD_DEVICES));
	cr_assert_eq(mica_policy_views_make(&image, &who, true, NULL, 0, &known), 0);
	cr_assert_eq(known.subject.own_union.operations,
		     MICA_OPERATION_BIT(MICA_OPERATION_WRITE) | MICA_OPERATION_BIT(MICA_OPERATION_READ),
		     "what only allows is not asked");
	cr_assert_eq(known.subject.own_union.path_operations, MICA_OPERATION_BIT(MICA_OPERATION_WRITE),
		     "a path that is not known is no reason to deny what is only audited");
	cr_assert_eq(known.subject.foreign_union.count, 2);
	cr_assert_eq(known.subject.volume.count, 1);
	cr_assert_eq(known.subject.nowhere.count, 0);
	cr_assert_eq(known.subject.capability.count, 0);
	cr_assert_eq(known.view_count, 0);
	/* Who is not known yet may have been given the volume. */
	cr_assert_eq(mica_policy_views_make(&image, &nobody, false, NULL, 0, &unknown), 0);
	cr_assert_eq(unknown.subject.volume.count, 0);
	cr_assert_eq(unknown.subject.own_union.operations, known.subject.own_union.operations);
	cr_assert_not(mica_policy_views_equal(&known, &unknown));
	cr_assert(mica_policy_views_equal(&known, &known));
}

Test(policy_image, audit_denies_nothing)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_policy_image_ struct mica_policy_image image = {};
	_cleanup_policy_views_ struct mica_policy_views views = {};
	struct mica_policy_refusal refusal;
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};

	cr_assert_eq(mica_policy_parse(&set, "p.yaml", isolating, strlen(isolating), &messages), 0);
	set.policies[0].mode = MICA_POLICY_AUDIT;
	cr_assert_eq(mica_policy_compile(&set, &compiled, &refusal), 0);
	cr_assert_eq(mica_policy_image_make(&compiled, &image, &refusal), 0);
	cr_assert(image.guards & MICA_ENFORCE_GUARD_AUDIT);
	cr_assert_eq(mica_policy_views_make(&image, &nobody, false, NULL, 0, &views), 0);
	cr_assert_eq(views.subject.own_union.path_operations, 0);
	for (uint32_t i = 0; i < views.voice_count; i++)
		cr_assert(views.voices[i].kind == MICA_ENFORCE_RULES ||
			  views.voices[i].flags & MICA_ENFORCE_VOICE_AUDIT);
}

Test(policy_image, objects_of_which_nothing_else_is_said_have_no_view)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_policy_image_ struct mica_policy_image image = {};
	_cleanup_policy_views_ struct mica_policy_views views = {};
	const struct mica_policy_who who = { .container = "x" };
	const struct mica_policy_named_object objects[] = {
		{ .kind = MICA_ENFORCE_VOLUME, .number = 1, .name = "mine" },
		{ .kind = MICA_ENFORCE_VOLUME, .number = 2, .name = "other", .foreign = true },
		{ .kind = MICA_ENFORCE_LAYER, .number = 1, .name = "sha256:ab", .layer = 1 },
	};

	load(isolating, &set, &compiled, &image);
	cr_assert_eq(mica_policy_views_make(&image, &who, true, objects, 3, &views), 0);
	cr_assert_eq(views.view_count, 1);
	cr_assert_eq(views.views[0].number, 1);
	cr_assert_eq(views.views[0].view.count, 0, "it was given this one");
}

Test(policy_image, counters)
{
	_cleanup_policy_set_ struct mica_policy_set set = {};
	_cleanup_policy_compiled_ struct mica_policy_compiled compiled = {};
	_cleanup_policy_image_ struct mica_policy_image image = {};
	struct mica_policy_counted counted;

	load(isolating, &set, &compiled, &image);
	cr_assert_eq(image.counter_count, (uint32_t)_MICA_ENFORCE_COUNT_MAX + 3 + 3 + 1);
	for (uint32_t i = 0; i < _MICA_ENFORCE_COUNT_MAX; i++) {
		cr_assert_eq(mica_policy_image_counter(&image, i, &counted), 0);
		cr_assert_null(counted.policy);
		cr_assert_not_null(mica_policy_fixed_counter_name(i));
	}
	cr_assert_null(mica_policy_fixed_counter_name(_MICA_ENFORCE_COUNT_MAX));
	cr_assert_eq(mica_policy_image_counter(&image, _MICA_ENFORCE_COUNT_MAX + 4, &counted), 0);
	cr_assert_str_eq(mica_policy_voice_part(counted.policy, counted.voice, counted.index), "volumes");
	cr_assert_eq(counted.place.line, 5);
	cr_assert_eq(mica_policy_image_counter(&image, image.counter_count, &counted), -ENOENT);
}
