// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random policies and questions: small ones over few words, so that they meet.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "reference.h"

#define PICK(lottery, list) ((list)[draw(lottery, sizeof(list) / sizeof((list)[0]))])

#define ID "0123456789abcdef0123456789abcdef"

static const char *const containers[] = {
	"web", "web-1", "db", "w*", "*", "{db,web}", "w[!x]b*", "0123456789abcdef", "0123456789ab", "0123456789"
};
static const char *const images[] = { "nginx:1", "*:1", "nginx:*", "**", "postgres:?" };
static const char *const engines[] = { "docker", "podman", "*" };
static const char *const volume_globs[] = { "db-1", "db-*", "*", "db*", "{db-1,logs}", "logs", "l?gs", "[dl]*" };
static const char *const digests[] = { "sha256:ab", "sha256:*", "*", "sha256:a?", "sha256:{ab,cd}" };
static const char *const types[] = { "tmpfs", "t*", "proc", "*" };
static const char *const sources[] = { "none", "/dev/sda", "/dev/**", "*" };

static const int errors[] = { 0, 0, EACCES, EPERM, EROFS };

static struct mica_policy_glob glob(const char *text, uint32_t line)
{
	return (struct mica_policy_glob){ .text = text, .place = { line, 1 } };
}

static struct mica_policy_glob draw_path_glob(struct lottery *lottery, struct drawn_set *drawn)
{
	char *text = drawn->globs[drawn->glob_count++ % DRAWN_GLOBS];

	do
		draw_glob(lottery, text, sizeof(drawn->globs[0]));
	while (!glob_is_good(text));
	return glob(text, 1);
}

/** Mostly one key; the others seldom. */
static void draw_subject(struct lottery *lottery, struct mica_policy_subject *ret)
{
	*ret = (struct mica_policy_subject){ .place = { 1, 1 } };
	if (draw(lottery, 3))
		ret->container = glob(PICK(lottery, containers), 1);
	else
		ret->image = glob(PICK(lottery, images), 1);
	if (draw(lottery, 6) == 0)
		ret->engine = glob(PICK(lottery, engines), 1);
	if (draw(lottery, 12) == 0)
		ret->cgroup = glob("/system.slice/**", 1);
	if (draw(lottery, 12) == 0)
		ret->namespace = glob("402653*", 1);
}

static uint32_t draw_operations(struct lottery *lottery)
{
	switch (draw(lottery, 5)) {
	case 0:
		return MICA_OPERATIONS_MODIFY;
	case 1:
		return MICA_OPERATIONS_MOUNTS | MICA_OPERATIONS_CHANGE_LOWER;
	case 2:
		return MICA_OPERATIONS_ALL;
	case 3:
		return 1 + draw(lottery, MICA_OPERATIONS_ALL - 1);
	default:
		return MICA_OPERATION_BIT(draw(lottery, _MICA_OPERATION_MAX));
	}
}

static void draw_rule(struct lottery *lottery, struct drawn_set *drawn, struct mica_policy_rule *ret, uint32_t line)
{
	*ret = (struct mica_policy_rule){
		.place = { line, 1 },
		.name = "rule",
		.operations = draw_operations(lottery),
		.object = draw(lottery, 2) ? MICA_POLICY_UNION : draw(lottery, _MICA_POLICY_OBJECT_MAX),
		.verdict = draw(lottery, _MICA_VERDICT_MAX),
		.path = draw(lottery, 8) ? draw_path_glob(lottery, drawn) : glob("/**", line),
	};
	if (ret->verdict == MICA_VERDICT_DENY)
		ret->error = PICK(lottery, errors);
	if (ret->object == MICA_POLICY_VOLUME)
		ret->object_name = glob(PICK(lottery, volume_globs), line);
	else if (ret->object == MICA_POLICY_LAYER && draw(lottery, 2))
		ret->layer = 1 + draw(lottery, 2);
	else if (ret->object == MICA_POLICY_LAYER)
		ret->object_name = glob(PICK(lottery, digests), line);
}

static void draw_mount(struct lottery *lottery, struct drawn_set *drawn, struct mica_policy_mount *ret, uint32_t line)
{
	*ret = (struct mica_policy_mount){ .place = { line, 1 },
					   .verdict = draw(lottery, 2) ? MICA_VERDICT_DENY : MICA_VERDICT_ALLOW };
	if (draw(lottery, 3) == 0)
		ret->type = glob(PICK(lottery, types), line);
	if (draw(lottery, 4) == 0)
		ret->source = glob(PICK(lottery, sources), line);
	if (draw(lottery, 3) == 0)
		ret->at = draw_path_glob(lottery, drawn);
	if (draw(lottery, 4) == 0)
		ret->flags_set = draw(lottery, 2) ? MS_BIND : MS_RDONLY | MS_NOSUID;
	if (draw(lottery, 6) == 0)
		ret->flags_clear = draw(lottery, 2) ? MS_NOEXEC : MS_RDONLY;
}

static void draw_volume(struct lottery *lottery, struct drawn_set *drawn, struct mica_policy_volume *ret, uint32_t line)
{
	*ret = (struct mica_policy_volume){ .place = { line, 1 },
					    .volume = glob(PICK(lottery, volume_globs), line),
					    .read_only = draw(lottery, 2) };
	if (draw(lottery, 2)) {
		struct mica_policy_subject *who = &drawn->who[drawn->who_count++ % DRAWN_WHO];

		draw_subject(lottery, who);
		ret->who = (struct mica_policy_subjects){ who, 1 };
	}
}

static void draw_policy(struct lottery *lottery, struct drawn_set *drawn, size_t number)
{
	struct mica_policy *policy = &drawn->policies[number];
	struct drawn_policy *parts = &drawn->parts[number];
	uint32_t line = 100 * (uint32_t)number + 1;

	*policy = (struct mica_policy){
		.file = "drawn",
		.name = "policy",
		.place = { line, 1 },
		.mode = draw(lottery, 4) ? MICA_POLICY_ENFORCE : MICA_POLICY_AUDIT,
		.subjects = { parts->subjects, 1 + draw(lottery, 2) },
		.isolation = { .unions = draw(lottery, 4) == 0,
			       .volumes = draw(lottery, 4) == 0,
			       .layers_immutable = draw(lottery, 4) == 0,
			       .unions_place = { line + 1, 1 },
			       .volumes_place = { line + 2, 1 },
			       .layers_place = { line + 3, 1 } },
		.rules = parts->rules,
		.rule_count = draw(lottery, DRAWN_RULES + 1),
		.volumes = parts->volumes,
		.volume_count = draw(lottery, 2) ? draw(lottery, DRAWN_ENTRIES + 1) : 0,
	};
	for (size_t i = 0; i < policy->subjects.count; i++)
		draw_subject(lottery, &parts->subjects[i]);
	if (draw(lottery, 3) == 0) {
		policy->subjects.count = 1;
		parts->subjects[0] = (struct mica_policy_subject){ .place = { line, 1 }, .is_default = true };
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		draw_rule(lottery, drawn, &parts->rules[i], line + 10 + i);
	for (size_t i = 0; i < policy->volume_count; i++)
		draw_volume(lottery, drawn, &parts->volumes[i], line + 30 + i);
	if (draw(lottery, 2)) {
		policy->mounts = (struct mica_policy_mounts){ .place = { line + 4, 1 },
							      .items = parts->mounts,
							      .count = draw(lottery, DRAWN_ENTRIES + 1),
							      .otherwise = draw(lottery, 2) ? MICA_VERDICT_DENY
											    : MICA_VERDICT_ALLOW };
		if (draw(lottery, 2))
			policy->mounts.otherwise_place.line = line + 5;
		for (size_t i = 0; i < policy->mounts.count; i++)
			draw_mount(lottery, drawn, &parts->mounts[i], line + 40 + i);
	}
}

void draw_set(struct lottery *lottery, struct drawn_set *ret)
{
	ret->glob_count = ret->who_count = 0;
	ret->set = (struct mica_policy_set){ .policies = ret->policies, .count = 1 + draw(lottery, DRAWN_POLICIES) };
	for (size_t i = 0; i < ret->set.count; i++) {
		draw_policy(lottery, ret, i);
		ret->set.rule_count += ret->policies[i].rule_count;
	}
}

void draw_question(struct lottery *lottery, char *path, size_t size, struct mica_policy_question *ret)
{
	static const char *const names[] = { "web", "web-1", "db", "other", NULL };
	static const char *const ids[] = { ID, "ffff456789abcdef", NULL };
	static const char *const tags[] = { "nginx:1", "nginx:1.27", "postgres:9", NULL };
	static const char *const cgroups[] = { "/system.slice/a", "/user.slice", NULL };
	static const char *const volume_names[] = { "db-1", "db-2", "logs", "db", NULL };
	static const char *const layers[] = { "sha256:ab", "sha256:cd", "other", NULL };
	static const char *const engine_names[] = { "docker", "podman", NULL };
	static const char *const mount_types[] = { "tmpfs", "proc", "ext4", NULL };
	static const char *const mount_sources[] = { "none", "/dev/sda", "/dev/a/b", NULL };
	static const uint64_t flags[] = { 0, MS_BIND, MS_RDONLY, MS_RDONLY | MS_NOSUID, MS_BIND | MS_REC, MS_NOEXEC };

	draw_path(lottery, path, size - 2);
	if (draw(lottery, 20) == 0)
		strcat(path, "/");
	*ret = (struct mica_policy_question){
		.who = { .container = PICK(lottery, names),
			 .id = PICK(lottery, ids),
			 .image = PICK(lottery, tags),
			 .cgroup = PICK(lottery, cgroups),
			 .namespace = draw(lottery, 2) ? "4026531840" : NULL,
			 .engine = PICK(lottery, engine_names) },
		.operation = draw(lottery, _MICA_OPERATION_MAX),
		.object = draw(lottery, 2) ? MICA_POLICY_UNION : draw(lottery, _MICA_POLICY_OBJECT_MAX),
		.foreign = draw(lottery, 4) == 0,
		.path = draw(lottery, 50) ? path : NULL,
		.mount_type = PICK(lottery, mount_types),
		.mount_source = PICK(lottery, mount_sources),
		.mount_flags = PICK(lottery, flags),
	};
	if (ret->object == MICA_POLICY_VOLUME)
		ret->object_name = PICK(lottery, volume_names);
	if (ret->object == MICA_POLICY_LAYER) {
		ret->object_name = PICK(lottery, layers);
		ret->layer = draw(lottery, 4);
	}
}
