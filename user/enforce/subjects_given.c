// SPDX-License-Identifier: BSD-2-Clause
/*
 * subjects.h: the volumes of a subject that no engine knows (a bare union): what is mounted below its root, called by
 * its directory on the host.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "container/mountinfo.h"
#include "enforce/subjects_internal.h"

/** What the kernel itself makes: no place of data. */
static const char *const kernels_own[] = { "proc",        "sysfs",    "devpts",  "devtmpfs", "cgroup",
					   "cgroup2",     "mqueue",   "bpf",     "tracefs",  "debugfs",
					   "securityfs",  "pstore",   "fusectl", "configfs", "hugetlbfs",
					   "binfmt_misc", "efivarfs", "nsfs",    NULL };

struct finding {
	struct mica_subject *subject;
	struct mica_mountinfo *host;
};

static bool is_of(const char *type, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(type, list[i]) == 0)
			return true;
	return false;
}

static int take_mount(const struct mica_mount_entry *mount, void *userdata)
{
	struct finding *finding = userdata;
	struct mica_subject *subject = finding->subject;
	const struct mica_bytes root = { .data = mount->root, .size = strlen(mount->root) };
	char path[MICA_HOST_PATH_BYTES];
	char **given;

	/* A tmpfs of its own is nobody else's; a part of one that the host has is a volume. */
	if (strcmp(mount->type, "overlay") == 0 || is_of(mount->type, kernels_own) ||
	    (strcmp(mount->type, "tmpfs") == 0 && strcmp(mount->root, "/") == 0))
		return 0;
	if (mica_mountinfo_host_path(finding->host, mount->device, root, path, sizeof(path)) < 0)
		return 0;
	given = reallocarray(subject->given, subject->given_count + 1, sizeof(*given));
	if (!given)
		return -ENOMEM;
	subject->given = given;
	given[subject->given_count] = strdup(path);
	return given[subject->given_count++] ? 0 : -ENOMEM;
}

int mica_subject_find_given(struct mica_subject *subject)
{
	_cleanup_(mica_mountinfo_free) struct mica_mountinfo *mounts = NULL, *host = NULL;
	struct finding finding = { .subject = subject };
	char path[40];
	int r;

	if (subject->given || !subject->pid)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", subject->pid);
	r = mica_mountinfo_new(path, &mounts);
	if (r == 0)
		r = mica_mountinfo_new("/proc/self/mountinfo", &host);
	/* It is gone, mostly. */
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	subject->given = calloc(1, sizeof(*subject->given));
	if (!subject->given)
		return -ENOMEM;
	finding.host = host;
	r = mica_mountinfo_each(mounts, take_mount, &finding);
	subject->changed = true;
	return r == -ENOMEM ? r : 0;
}
