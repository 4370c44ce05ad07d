// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/subjects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "enforce/subjects_internal.h"

#define CGROUP_FILE_BYTES ((size_t)1 << 20)

static void free_subject(void *value)
{
	struct mica_subject *subject = value;

	if (!subject)
		return;
	mica_policy_views_free(&subject->views);
	for (size_t i = 0; i < subject->given_count; i++)
		free(subject->given[i]);
	free(subject->given);
	free(subject->cgroup);
	free(subject);
}

void mica_subjects_free(struct mica_subjects *subjects)
{
	mica_table_free(&subjects->table, free_subject);
	mica_objects_free(&subjects->objects);
}

const struct mica_subject *mica_subjects_get(const struct mica_subjects *subjects, uint64_t number)
{
	return mica_table_get(&subjects->table, number);
}

static int get_or_add(struct mica_subjects *subjects, uint64_t number, struct mica_subject **ret)
{
	struct mica_subject *subject = mica_table_get(&subjects->table, number);

	if (!subject) {
		subject = calloc(1, sizeof(*subject));
		if (!subject)
			return -ENOMEM;
		subject->number = number;
		subject->changed = true;
		if (mica_table_put(&subjects->table, number, subject) < 0) {
			free(subject);
			return -ENOMEM;
		}
	}
	*ret = subject;
	return 0;
}

/** The first process of a subject that is seen in a round is kept as long as it is there: the list is in the order of
 *  their numbers, and the init of a container is mostly the oldest. */
static int take_task(uint32_t tgid, uint64_t number, void *userdata)
{
	struct mica_subjects *subjects = userdata;
	struct mica_subject *subject;
	int r = number ? get_or_add(subjects, number, &subject) : 1;

	if (r)
		return r < 0 ? r : 0;
	if (subject->round != subjects->round || subject->pid > (int)tgid) {
		subject->changed |= subject->pid != (int)tgid && !subject->container;
		subject->pid = (int)tgid;
	}
	subject->round = subjects->round;
	return 0;
}

/** Line "0::/path" of a process' cgroups; NULL: it has none, or is gone. */
static char *read_cgroup(int pid)
{
	_cleanup_free_ char *text = NULL;
	char path[40], *line, *rest;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (mica_file_read(path, CGROUP_FILE_BYTES, &text, NULL) < 0)
		return NULL;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, "0::/", 4) == 0)
			return strdup(line + 3);
	return NULL;
}

static uint32_t read_namespace(int pid)
{
	struct stat status;
	char path[40];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	return stat(path, &status) == 0 ? (uint32_t)status.st_ino : 0;
}

/** Takes what can be known of it now. A container that was found stays, whoever is its oldest process. */
static void find_out(struct mica_subjects *subjects, struct mica_subject *subject)
{
	const struct mica_container *container = subject->container;

	if (subject->changed && subject->pid) {
		char *cgroup = read_cgroup(subject->pid);
		uint32_t inode = read_namespace(subject->pid);

		if (cgroup) {
			free(subject->cgroup);
			subject->cgroup = cgroup;
		}
		if (inode)
			subject->inode = inode;
	}
	if (!container && subject->pid)
		container = mica_identity_container_of(subjects->identity, subject->pid);
	if (!container)
		return;
	/* Strings of a container that got another name are others, too. */
	subject->changed |= container != subject->container || container->name != subject->name ||
			    container->image != subject->image;
	subject->container = container;
	subject->name = container->name;
	subject->image = container->image;
}

static int look(struct mica_subjects *subjects)
{
	int r;

	subjects->round++;
	r = mica_enforcer_visit_tasks(subjects->enforcer, take_task, subjects);
	if (r < 0)
		return r;
	for (size_t i = 0; i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (subject && subject->round == subjects->round)
			find_out(subjects, subject);
	}
	return 0;
}

/** One that was not seen in this look nor in the one before has no task any more. */
static uint64_t find_gone(const struct mica_subjects *subjects)
{
	for (size_t i = 0; i < subjects->table.capacity; i++) {
		const struct mica_subject *subject = subjects->table.slots[i].value;

		if (subject && subjects->round - subject->round > 1)
			return subject->number;
	}
	return 0;
}

static void forget_gone(struct mica_subjects *subjects)
{
	uint64_t number;

	/* Removing moves the slots: from the start again. */
	while ((number = find_gone(subjects))) {
		int r = mica_enforcer_forget_subject(subjects->enforcer, number);

		if (r < 0 && r != -ENOENT)
			mica_log_debug_errno(r, "cannot have the kernel forget subject %llu",
					     (unsigned long long)number);
		free_subject(mica_table_remove(&subjects->table, number));
	}
}

int mica_subjects_find(struct mica_subjects *subjects)
{
	int r = look(subjects);

	return r < 0 ? r : mica_subjects_number_objects(subjects);
}

int mica_subjects_follow(struct mica_subjects *subjects)
{
	size_t objects = subjects->objects.count;
	int r = mica_subjects_find(subjects);
	bool all = subjects->objects.count != objects;

	if (r < 0)
		return r;
	forget_gone(subjects);
	/* What is said of an object comes before it is known: else it would be a stranger's for a moment. */
	for (size_t i = 0; r == 0 && i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (subject && (all || subject->changed || !subject->told))
			r = mica_subjects_tell(subjects, subject);
	}
	if (r == 0)
		mica_subjects_register(subjects);
	return r;
}

/** Tells the kernel of one subject, first what is said of the objects that it brings. */
static int introduce(struct mica_subjects *subjects, struct mica_subject *subject)
{
	int r;

	find_out(subjects, subject);
	r = mica_subjects_number_objects(subjects);
	if (r == 0)
		r = mica_subjects_tell(subjects, subject);
	if (r == 0)
		mica_subjects_register(subjects);
	return r;
}

int mica_subjects_hear(struct mica_subjects *subjects, uint64_t number, uint32_t tgid)
{
	struct mica_subject *subject;
	int r = get_or_add(subjects, number, &subject);

	if (r < 0)
		return r;
	/* A container's further processes, by exec, are of a subject that is known. */
	if (subject->told && subject->container)
		return 0;
	if (!subject->pid || !subject->container)
		subject->pid = (int)tgid;
	subject->round = subjects->round;
	subject->changed = true;
	return introduce(subjects, subject);
}

int mica_subjects_prepare(struct mica_subjects *subjects, uint64_t number, int pid,
			  const struct mica_container *container)
{
	struct mica_subject *subject;
	int r = get_or_add(subjects, number, &subject);

	/* Whoever kept the others has told the kernel of them. */
	if (r == 0 && subjects->directory_fd >= 0)
		r = mica_objects_read(subjects->directory_fd, &subjects->objects);
	for (size_t i = 0; i < subjects->objects.count; i++)
		subjects->objects.items[i].registered = true;
	if (r < 0)
		return r;
	subject->pid = pid;
	subject->container = container;
	return introduce(subjects, subject);
}

void mica_subjects_set_force(struct mica_subjects *subjects, const struct mica_force *force)
{
	subjects->force = force;
	for (size_t i = 0; i < subjects->table.capacity; i++) {
		struct mica_subject *subject = subjects->table.slots[i].value;

		if (!subject)
			continue;
		mica_policy_views_free(&subject->views);
		subject->told = false;
	}
}

void mica_subjects_count(const struct mica_subjects *subjects, size_t *ret_all, size_t *ret_named)
{
	size_t named = 0;

	for (size_t i = 0; i < subjects->table.capacity; i++) {
		const struct mica_subject *subject = subjects->table.slots[i].value;

		named += subject && subject->container;
	}
	*ret_all = subjects->table.count;
	*ret_named = named;
}
