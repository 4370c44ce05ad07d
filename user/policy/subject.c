// SPDX-License-Identifier: BSD-2-Clause
#include "policy/subject.h"

#include <errno.h>
#include <string.h>

#include "policy/glob.h"

/** Shorter prefixes of an id are no ids. */
#define ID_PREFIX 12

/** Whether a glob that is absent, or matches. */
static int allows(const struct mica_policy_glob *glob, const char *text)
{
	if (!glob->text)
		return 1;
	return text ? mica_glob_match(glob->text, text) : 0;
}

static bool is_id(const char *text, const char *id)
{
	size_t size = strlen(text);

	return id && size >= ID_PREFIX && strspn(text, "0123456789abcdefABCDEF") == size &&
	       strncasecmp(text, id, size) == 0;
}

int mica_subject_matches(const struct mica_policy_subject *subject, const struct mica_policy_who *who)
{
	int r = 1;

	if (subject->is_default)
		return 0;
	if (subject->container.text && !is_id(subject->container.text, who->id))
		r = allows(&subject->container, who->container);
	if (r == 1)
		r = allows(&subject->image, who->image);
	if (r == 1)
		r = allows(&subject->cgroup, who->cgroup);
	if (r == 1)
		r = allows(&subject->namespace, who->namespace);
	if (r == 1)
		r = allows(&subject->engine, who->engine);
	return r;
}

int mica_subjects_match(const struct mica_policy_subjects *subjects, const struct mica_policy_who *who)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < subjects->count; i++)
		r = mica_subject_matches(&subjects->items[i], who);
	return r;
}

int mica_policy_applies(const struct mica_policy_set *set, size_t index, const struct mica_policy_who *who)
{
	const struct mica_policy_subjects *subjects = &set->policies[index].subjects;
	bool is_default = false;
	int r = mica_subjects_match(subjects, who);

	for (size_t i = 0; i < subjects->count; i++)
		is_default |= subjects->items[i].is_default;
	if (r != 0 || !is_default)
		return r;
	for (size_t i = 0; r == 0 && i < set->count; i++)
		r = mica_subjects_match(&set->policies[i].subjects, who);
	return r < 0 ? r : !r;
}

/** Whether an entry of `volumes` has the longer literal prefix; of equal ones, read-only. */
static bool is_better(const struct mica_policy_volume *entry, const struct mica_policy_volume *than)
{
	bool exact;
	size_t prefix = mica_glob_literal_prefix(entry->volume.text, &exact);
	size_t than_prefix = mica_glob_literal_prefix(than->volume.text, &exact);

	if (prefix != than_prefix)
		return prefix > than_prefix;
	return entry->read_only && !than->read_only;
}

int mica_policy_find_volume(const struct mica_policy *policy, const char *volume, const struct mica_policy_who *who,
			    const struct mica_policy_volume **ret_best, const struct mica_policy_volume **ret_other)
{
	const struct mica_policy_volume *best = NULL, *other = NULL;

	for (size_t i = 0; i < policy->volume_count; i++) {
		const struct mica_policy_volume *entry = &policy->volumes[i];
		int r = mica_glob_match(entry->volume.text, volume), w = 1;

		if (r == 1 && entry->who.count)
			w = mica_subjects_match(&entry->who, who);
		if (r < 0 || w < 0)
			return -ENOMEM;
		if (r && w && (!best || is_better(entry, best)))
			best = entry;
		if (r && !other)
			other = entry;
	}
	*ret_best = best;
	*ret_other = other;
	return 0;
}
