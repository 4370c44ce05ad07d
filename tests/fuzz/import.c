/* SPDX-License-Identifier: BSD-2-Clause */
/* What hostile archives say of themselves: JSON of every kind, paths, branches. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/archive_path.h"
#include "store/branches.h"
#include "store/import_plan.h"
#include "store/union_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_json(const char *json, size_t size)
{
	_cleanup_import_plan_ struct mica_import_plan docker = {}, oci = {};
	_cleanup_import_descriptors_ struct mica_import_descriptors descriptors = {};
	_cleanup_strings_ struct mica_strings digests = {};

	(void)mica_import_parse_docker(json, size, &docker);
	(void)mica_import_parse_index(json, size, &descriptors);
	(void)mica_import_parse_manifest(json, size, "name", &oci);
	(void)mica_import_parse_diff_ids(json, size, &digests);
}

/* A clean path stays within: no component of it is "..", and cleaning it again changes nothing. */
static void fuzz_path(const char *text)
{
	_cleanup_buffer_ struct mica_buffer clean = {}, again = {};

	if (mica_archive_path_clean(text, &clean) < 0)
		return;
	assert(clean.data[0] != '/' && strstr(clean.data, "//") == NULL);
	assert(strcmp(clean.data, "..") != 0 && strncmp(clean.data, "../", 3) != 0 && !strstr(clean.data, "/../"));
	assert(mica_archive_path_clean(clean.data, &again) == 0 && strcmp(clean.data, again.data) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_branches_ struct mica_branches branches = {};
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	_cleanup_free_ char *text = strndup((const char *)data, size);

	fuzz_json((const char *)data, size);
	if (!text)
		return 0;
	fuzz_path(text);
	(void)mica_branches_parse(&branches, text);
	(void)mica_union_plan_read(text, &plan);
	return 0;
}
