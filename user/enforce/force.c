// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/force.h"

#include <assert.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>

#include "mica/version.h"

static_assert(MICA_FORCE_DIGEST_BYTES == SHA256_DIGEST_SIZE, "the digest of the header");

void mica_force_free(struct mica_force **force)
{
	struct mica_force *f = *force;

	if (!f)
		return;
	mica_policy_image_free(&f->image);
	if (f->compiled.set)
		mica_policy_compiled_free(&f->compiled);
	mica_policy_set_free(&f->set);
	mica_policy_sources_free(&f->sources);
	free(f);
	*force = NULL;
}

uint64_t mica_force_digest_head(const struct mica_force *force)
{
	uint64_t head;

	memcpy(&head, force->digest, sizeof(head));
	return head;
}

/** Each piece with its size, so that no two sets of pieces are the same bytes. */
static void add(struct sha256_ctx *context, const void *data, size_t size)
{
	uint64_t length = size;

	sha256_update(context, sizeof(length), (const uint8_t *)&length);
	sha256_update(context, size, data);
}

static void take_digest(struct mica_force *force)
{
	static const char version[] = MICA_VERSION;
	const uint32_t numbers[] = { MICA_ENFORCE_ABI, force->audit };
	struct sha256_ctx context;

	sha256_init(&context);
	add(&context, version, sizeof(version));
	add(&context, numbers, sizeof(numbers));
	for (size_t i = 0; i < force->sources.count; i++) {
		const struct mica_policy_source *source = &force->sources.items[i];

		add(&context, source->name, strlen(source->name));
		add(&context, source->text, source->size);
	}
	sha256_digest(&context, sizeof(force->digest), force->digest);
}

static void note_needs(struct mica_force *force)
{
	for (size_t i = 0; i < force->set.count; i++) {
		const struct mica_policy *policy = &force->set.policies[i];

		force->needs_volumes |= policy->isolation.volumes || policy->volume_count;
		force->needs_layers |= policy->isolation.layers_immutable;
		for (size_t j = 0; j < policy->rule_count; j++) {
			force->needs_volumes |= policy->rules[j].object == MICA_POLICY_VOLUME;
			force->needs_layers |= policy->rules[j].object == MICA_POLICY_LAYER;
		}
	}
}

int mica_force_make(struct mica_policy_sources *sources, bool audit, struct mica_force **ret,
		    struct mica_policy_messages *messages)
{
	_cleanup_force_ struct mica_force *force = calloc(1, sizeof(*force));
	struct mica_policy_refusal refusal = {};
	int r;

	if (!force) {
		mica_policy_sources_free(sources);
		return -ENOMEM;
	}
	force->sources = *sources;
	*sources = (struct mica_policy_sources){};
	force->audit = audit;
	r = mica_policy_sources_load(&force->sources, &force->set, messages);
	if (r < 0)
		return r;
	for (size_t i = 0; audit && i < force->set.count; i++)
		force->set.policies[i].mode = MICA_POLICY_AUDIT;
	r = mica_policy_compile(&force->set, &force->compiled, &refusal);
	if (r == 0)
		r = mica_policy_image_make(&force->compiled, &force->image, &refusal);
	if (r == -E2BIG) {
		mica_policy_message(messages, refusal.policy->file, refusal.policy->place,
				    "policy '%s' is too large: more than %llu %s (see LIMITS in mica-policy(5))",
				    refusal.policy->name, (unsigned long long)refusal.limit.most, refusal.limit.what);
		return -EINVAL;
	}
	if (r < 0)
		return r;
	take_digest(force);
	note_needs(force);
	*ret = TAKE_PTR(force);
	return 0;
}
