// SPDX-License-Identifier: BSD-2-Clause
/*
 * image.h: the views of a subject. Each says the same as decide.c, voice by voice, but for voices that can only allow:
 * they win over nothing.
 */
#include <errno.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/image.h"
#include "policy/subject.h"

/** What a path-less denial of isolation and `volumes` covers: a capability operation has no object. */
#define WITH_OBJECT (MICA_OPERATIONS_ALL & ~MICA_OPERATIONS_CAPABILITY)

/** What a view is about. */
struct about {
	enum mica_enforce_kind kind;
	/** NULL: not known, or none. */
	const char *name;
	unsigned layer;
	bool foreign;
	bool capability;
};

struct making {
	const struct mica_policy_image *image;
	struct mica_policy_who who;
	/** Indices of the policies that are for the subject. */
	size_t *policies;
	size_t policy_count;
	struct mica_policy_views *views;
	/** The view under way. */
	struct about about;
	struct mica_enforce_view view;
};

static int add_voice(struct making *making, const struct mica_enforce_voice *voice)
{
	struct mica_policy_views *views = making->views;

	if (views->voice_count == views->voice_capacity) {
		uint32_t capacity = views->voice_capacity ? 2 * views->voice_capacity : 16;
		struct mica_enforce_voice *voices = realloc(views->voices, capacity * sizeof(*voices));

		if (!voices)
			return -ENOMEM;
		views->voices = voices;
		views->voice_capacity = capacity;
	}
	views->voices[views->voice_count++] = *voice;
	making->view.operations |= voice->operations;
	return 0;
}

/** Whether a group is about the object: as in decide.c. 1, 0 or -ENOMEM. */
static int is_object(const struct about *about, const struct mica_policy_group *group)
{
	static const enum mica_enforce_kind kinds[_MICA_POLICY_OBJECT_MAX] = {
		[MICA_POLICY_UNION] = MICA_ENFORCE_UNION,
		[MICA_POLICY_VOLUME] = MICA_ENFORCE_VOLUME,
		[MICA_POLICY_LAYER] = MICA_ENFORCE_LAYER,
	};

	if (kinds[group->object] != about->kind)
		return 0;
	if (group->layer)
		return group->layer == about->layer;
	if (!group->name)
		return 1;
	return mica_glob_match(group->name, about->name ? about->name : "");
}

/** The rules of a policy: a run of voices, a group each. The lowest rule of the run decides, so groups that only allow
 * are in it, too. */
static int add_rules(struct making *making, size_t index)
{
	const struct mica_policy_compiled_policy *compiled = &making->image->compiled->policies[index];
	_cleanup_free_ bool *matches = calloc(compiled->group_count + 1, sizeof(*matches));
	uint32_t asked = making->about.capability ? MICA_OPERATIONS_CAPABILITY : MICA_OPERATIONS_ALL, deciding = 0;
	uint16_t flags = 0;

	if (!matches)
		return -ENOMEM;
	for (size_t i = 0; i < compiled->group_count; i++) {
		int r = is_object(&making->about, &compiled->groups[i]);

		if (r < 0)
			return r;
		matches[i] = r;
		if (r)
			deciding |= compiled->groups[i].deciding & asked;
	}
	for (size_t i = 0; i < compiled->group_count; i++) {
		const struct mica_policy_group *group = &compiled->groups[i];
		const struct mica_enforce_voice voice = {
			.kind = MICA_ENFORCE_RULES,
			.flags = flags,
			.policy = (uint32_t)index,
			.operations = group->operations & deciding,
			.root = group->root,
			.counter = making->image->parts[index].rules,
		};

		if (!matches[i] || !voice.operations)
			continue;
		if (add_voice(making, &voice) < 0)
			return -ENOMEM;
		making->view.path_operations |= group->denying & asked;
		flags = MICA_ENFORCE_VOICE_CONTINUED;
	}
	return 0;
}

static uint16_t audit_flag(const struct mica_policy *policy)
{
	return policy->mode == MICA_POLICY_AUDIT ? MICA_ENFORCE_VOICE_AUDIT : 0;
}

static int add_denial(struct making *making, size_t index, uint32_t operations, int error, uint32_t counter)
{
	return add_voice(making, &(struct mica_enforce_voice){
					 .kind = MICA_ENFORCE_FIXED,
					 .flags = audit_flag(&making->image->compiled->set->policies[index]),
					 .policy = (uint32_t)index,
					 .operations = operations,
					 .counter = counter,
					 .verdict = MICA_VERDICT_DENY,
					 .error = (uint8_t)error,
				 });
}

static int add_isolation(struct making *making, size_t index)
{
	const struct mica_policy_isolation *isolation = &making->image->compiled->set->policies[index].isolation;
	uint32_t counter = making->image->parts[index].isolation;
	const struct about *about = &making->about;

	if (about->capability)
		return 0;
	if (about->kind == MICA_ENFORCE_UNION && about->foreign && isolation->unions)
		return add_denial(making, index, WITH_OBJECT, EACCES, counter);
	if (about->kind == MICA_ENFORCE_VOLUME && about->foreign && isolation->volumes)
		return add_denial(making, index, WITH_OBJECT, EACCES, counter + 1);
	if (about->kind == MICA_ENFORCE_LAYER && isolation->layers_immutable)
		return add_denial(making, index, MICA_OPERATIONS_MODIFY, EROFS, counter + 2);
	return 0;
}

static int add_mounts(struct making *making, size_t index)
{
	const struct mica_policy *policy = &making->image->compiled->set->policies[index];
	const struct mica_policy_image_part *part = &making->image->parts[index];
	bool decides = policy->mounts.otherwise != MICA_VERDICT_ALLOW;

	for (size_t i = 0; i < policy->mounts.count; i++)
		decides |= policy->mounts.items[i].verdict != MICA_VERDICT_ALLOW;
	if (!policy->mounts.place.line || !decides)
		return 0;
	return add_voice(making, &(struct mica_enforce_voice){
					 .kind = MICA_ENFORCE_MOUNTS,
					 .flags = audit_flag(policy),
					 .policy = (uint32_t)index,
					 .operations = making->about.capability ? MICA_OPERATIONS_CAPABILITY
										: MICA_OPERATIONS_MOUNTS & WITH_OBJECT,
					 .root = part->first_mount,
					 .count = (uint32_t)policy->mounts.count,
					 .counter = part->mounts,
					 .verdict = policy->mounts.otherwise,
					 .error = policy->mounts.otherwise == MICA_VERDICT_ALLOW ? 0 : EPERM,
				 });
}

static int add_volumes(struct making *making, size_t index)
{
	const struct mica_policy *policy = &making->image->compiled->set->policies[index];
	uint32_t counter = making->image->parts[index].volumes;
	const struct mica_policy_volume *best, *other;

	if (making->about.kind != MICA_ENFORCE_VOLUME || !making->about.name)
		return 0;
	if (mica_policy_find_volume(policy, making->about.name, &making->who, &best, &other) < 0)
		return -ENOMEM;
	if (best && best->read_only)
		return add_denial(making, index, MICA_OPERATIONS_MODIFY, EROFS,
				  counter + (uint32_t)(best - policy->volumes));
	if (!best && other)
		return add_denial(making, index, WITH_OBJECT, EACCES,
				  counter + (uint32_t)(policy->volume_count + (size_t)(other - policy->volumes)));
	return 0;
}

/** Where the same run of voices stands before `first`; `first` itself if it does not. */
static uint32_t find_run(const struct mica_policy_views *views, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i + count <= first; i++)
		if (memcmp(&views->voices[i], &views->voices[first], count * sizeof(*views->voices)) == 0)
			return i;
	return first;
}

static int make_view(struct making *making, const struct about *about, struct mica_enforce_view *ret)
{
	struct mica_policy_views *views = making->views;
	uint32_t first = views->voice_count;
	int r = 0;

	making->about = *about;
	making->view = (struct mica_enforce_view){};
	for (size_t i = 0; r == 0 && i < making->policy_count; i++) {
		size_t index = making->policies[i];

		if (about->kind != MICA_ENFORCE_NOWHERE)
			r = add_rules(making, index);
		if (r == 0)
			r = add_isolation(making, index);
		if (r == 0)
			r = add_mounts(making, index);
		if (r == 0)
			r = add_volumes(making, index);
	}
	if (r < 0)
		return r;
	making->view.count = views->voice_count - first;
	making->view.first = making->view.count ? find_run(views, first, making->view.count) : 0;
	if (making->view.first != first)
		views->voice_count = first;
	*ret = making->view;
	views->subject.operations |= making->view.operations;
	return 0;
}

static int make_common_views(struct making *making, bool given)
{
	struct mica_enforce_subject *subject = &making->views->subject;
	const struct {
		struct about about;
		struct mica_enforce_view *view;
	} common[] = {
		{ { .kind = MICA_ENFORCE_UNION }, &subject->own_union },
		{ { .kind = MICA_ENFORCE_UNION, .foreign = true }, &subject->foreign_union },
		{ { .kind = MICA_ENFORCE_VOLUME, .foreign = given }, &subject->volume },
		{ { .kind = MICA_ENFORCE_LAYER }, &subject->layer },
		{ { .kind = MICA_ENFORCE_NOWHERE }, &subject->nowhere },
		{ { .kind = MICA_ENFORCE_UNION, .capability = true }, &subject->capability },
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		int r = make_view(making, &common[i].about, common[i].view);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_view(struct mica_policy_views *views, const struct mica_policy_view *view)
{
	if (views->view_count == views->view_capacity) {
		uint32_t capacity = views->view_capacity ? 2 * views->view_capacity : 16;
		struct mica_policy_view *grown = realloc(views->views, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		views->views = grown;
		views->view_capacity = capacity;
	}
	views->views[views->view_count++] = *view;
	return 0;
}

static bool same_view(const struct mica_enforce_view *a, const struct mica_enforce_view *b)
{
	return a->first == b->first && a->count == b->count && a->operations == b->operations &&
	       a->path_operations == b->path_operations;
}

static int make_object_views(struct making *making, const struct mica_policy_named_object *objects, size_t count)
{
	const struct mica_enforce_subject *subject = &making->views->subject;

	for (size_t i = 0; i < count; i++) {
		const struct mica_policy_named_object *object = &objects[i];
		const struct about about = {
			.kind = object->kind, .name = object->name, .layer = object->layer, .foreign = object->foreign
		};
		struct mica_policy_view view = { .kind = object->kind, .number = object->number };
		int r = make_view(making, &about, &view.view);

		if (r == 0 &&
		    !same_view(&view.view, object->kind == MICA_ENFORCE_VOLUME ? &subject->volume : &subject->layer))
			r = add_view(making->views, &view);
		if (r < 0)
			return r;
	}
	return 0;
}

static int choose_policies(struct making *making)
{
	const struct mica_policy_set *set = making->image->compiled->set;

	making->policies = calloc(set->count + 1, sizeof(*making->policies));
	if (!making->policies)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		int r = mica_policy_applies(set, i, &making->who);

		if (r < 0)
			return r;
		if (r)
			making->policies[making->policy_count++] = i;
	}
	return 0;
}

int mica_policy_views_make(const struct mica_policy_image *image, const struct mica_policy_who *who, bool given,
			   const struct mica_policy_named_object *objects, size_t count, struct mica_policy_views *ret)
{
	_cleanup_policy_views_ struct mica_policy_views views = {};
	struct making making = { .image = image, .who = *who, .views = &views };
	int r;

	r = choose_policies(&making);
	if (r == 0)
		r = make_common_views(&making, given);
	if (r == 0)
		r = make_object_views(&making, objects, count);
	free(making.policies);
	if (r < 0)
		return r;
	*ret = views;
	views = (struct mica_policy_views){};
	return 0;
}

bool mica_policy_views_equal(const struct mica_policy_views *a, const struct mica_policy_views *b)
{
	struct mica_enforce_subject left = a->subject, right = b->subject;

	/* They are named, not said. */
	left.group = right.group = 0;
	return a->voice_count == b->voice_count && a->view_count == b->view_count &&
	       memcmp(&left, &right, sizeof(left)) == 0 &&
	       (!a->voice_count || memcmp(a->voices, b->voices, a->voice_count * sizeof(*a->voices)) == 0) &&
	       (!a->view_count || memcmp(a->views, b->views, a->view_count * sizeof(*a->views)) == 0);
}

void mica_policy_views_free(struct mica_policy_views *views)
{
	free(views->voices);
	free(views->views);
	*views = (struct mica_policy_views){};
}
