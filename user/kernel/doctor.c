// SPDX-License-Identifier: BSD-2-Clause
/*
 * The list of features for `mica doctor`: the basic ones, then each hook.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "kernel/features.h"

static bool is_first_of_its_job(unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(mica_programs[i].job, mica_programs[index].job) == 0)
			return false;
	return true;
}

static int visit_hook(const struct mica_features *features, const struct mica_program *program,
		      int (*visit)(const struct mica_feature *feature, void *userdata), void *userdata)
{
	char name[64];
	struct mica_feature feature = { .name = name, .needed_by = "trace", .state = MICA_FEATURE_OK };

	(void)snprintf(name, sizeof(name), "hook:%s", program->job);
	if (!mica_features_choose(features, program->job, feature.detail, sizeof(feature.detail))) {
		feature.state = program->optional ? MICA_FEATURE_DEGRADED : MICA_FEATURE_MISSING;
		(void)snprintf(feature.remedy, sizeof(feature.remedy), "%s",
			       program->optional ? "none needed: a detail of an event is found elsewhere, or absent"
						 : "report this kernel's version: mica does not know this signature");
	}
	return visit(&feature, userdata);
}

int mica_kernel_probe(int (*visit)(const struct mica_feature *feature, void *userdata), void *userdata)
{
	_cleanup_(mica_features_free) struct mica_features features;
	int error;

	libbpf_set_print(NULL);
	error = mica_features_probe(&features);
	for (unsigned i = 0; !error && i < _MICA_BASIC_MAX; i++)
		error = visit(&features.basic[i], userdata);
	for (unsigned i = 0; !error && i < mica_program_count; i++)
		if (is_first_of_its_job(i))
			error = visit_hook(&features, &mica_programs[i], visit, userdata);
	return error;
}
