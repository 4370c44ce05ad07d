// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/enforcer_internal.h"
#include "kernel/libbpf_log.h"

/* Names in the directory: map_NAME, link_NAME, iterator, request, and at last one that says that all is there. */
#define COMPLETE MICA_PINS_COMPLETE(MICA_ENFORCE_ABI)

static int pin_all(struct mica_enforcer *enforcer, const char *directory, const char **ret_name)
{
	int r = 0;

	for (int i = 0; r == 0 && i < _MICA_MAP_MAX; i++) {
		*ret_name = mica_enforcer_map_names[i];
		r = mica_pin(enforcer->maps[i], directory, "map_", *ret_name);
	}
	for (unsigned i = 0; r == 0 && i < enforcer->link_count; i++) {
		*ret_name = enforcer->links[i].name;
		r = mica_pin(enforcer->links[i].fd, directory, MICA_PINS_LINK, *ret_name);
	}
	if (r == 0) {
		*ret_name = "iterator";
		r = mica_pin(enforcer->iterator.fd, directory, "", *ret_name);
	}
	if (r == 0) {
		*ret_name = "request";
		r = mica_pin(enforcer->request, directory, "", *ret_name);
	}
	if (r == 0) {
		_cleanup_close_ int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

		r = fd < 0 ? -errno : mica_enforcer_register_own(enforcer, fd);
	}
	if (r == 0) {
		*ret_name = COMPLETE;
		r = mica_pin(enforcer->maps[MICA_MAP_HEADERS], directory, "", *ret_name);
	}
	return r;
}

int mica_enforcer_pin(struct mica_enforcer *enforcer, const char *directory, struct mica_problem *ret_problem)
{
	_cleanup_free_ char *copy = strdup(directory);
	const char *name = "";
	int r;

	*ret_problem = (struct mica_problem){};
	if (!copy)
		return mica_problem_refuse(ret_problem, -ENOMEM, "out of memory");
	if (mkdir(directory, 0700) < 0) {
		r = -errno;
		return mica_problem_refuse(ret_problem, r, "cannot make the directory %s: %s", directory,
					   mica_errno_name(r));
	}
	if (!mica_pins_are_in_bpffs(directory)) {
		(void)rmdir(directory);
		(void)snprintf(ret_problem->remedy, sizeof(ret_problem->remedy), "mount -t bpf bpffs /sys/fs/bpf");
		return mica_problem_refuse(ret_problem, -EINVAL, "%s is not in a bpffs", directory);
	}
	r = pin_all(enforcer, directory, &name);
	if (r < 0) {
		(void)mica_pins_remove(directory, COMPLETE);
		return mica_problem_refuse(ret_problem, r, "cannot pin %s in %s: %s", name, directory,
					   mica_errno_name(r));
	}
	free(enforcer->directory);
	enforcer->directory = TAKE_PTR(copy);
	return 0;
}

int mica_enforcer_unpin(struct mica_enforcer *enforcer, const char *directory)
{
	int r = mica_pins_remove(directory, COMPLETE);

	if (r == 0 && enforcer) {
		free(enforcer->directory);
		enforcer->directory = NULL;
	}
	return r;
}

static int adopt_link(struct mica_enforcer *enforcer, const char *directory, const char *name)
{
	struct mica_enforcer_link *links;
	int fd = mica_pin_get(directory, "", name);

	if (fd < 0)
		return fd;
	links = realloc(enforcer->links, (enforcer->link_count + 1) * sizeof(*links));
	if (!links) {
		(void)close(fd);
		return -ENOMEM;
	}
	enforcer->links = links;
	links[enforcer->link_count] = (struct mica_enforcer_link){ .function = "", .fd = fd };
	(void)snprintf(links[enforcer->link_count].name, sizeof(links[0].name), "%s", name + strlen(MICA_PINS_LINK));
	enforcer->link_count++;
	return 0;
}

static int adopt_all(struct mica_enforcer *enforcer, const char *directory)
{
	_cleanup_closedir_ DIR *entries = opendir(directory);
	struct dirent *entry;
	int r = entries ? 0 : -errno;

	for (int i = 0; r == 0 && i < _MICA_MAP_MAX; i++) {
		enforcer->maps[i] = mica_pin_get(directory, "map_", mica_enforcer_map_names[i]);
		r = enforcer->maps[i] < 0 ? enforcer->maps[i] : 0;
	}
	while (r == 0 && (entry = readdir(entries)))
		if (strncmp(entry->d_name, MICA_PINS_LINK, strlen(MICA_PINS_LINK)) == 0)
			r = adopt_link(enforcer, directory, entry->d_name);
	if (r == 0) {
		enforcer->iterator.fd = mica_pin_get(directory, "", "iterator");
		enforcer->request = mica_pin_get(directory, "", "request");
		r = enforcer->iterator.fd < 0 ? enforcer->iterator.fd : enforcer->request < 0 ? enforcer->request : 0;
	}
	return r;
}

int mica_enforcer_adopt(const char *directory, const struct mica_enforcer_options *options, struct mica_enforcer **ret,
			struct mica_problem *ret_problem)
{
	_cleanup_(mica_enforcer_close) struct mica_enforcer *enforcer = calloc(1, sizeof(*enforcer));
	_cleanup_close_ int complete = -EBADF;
	int r;

	*ret_problem = (struct mica_problem){};
	mica_libbpf_log_begin();
	if (!enforcer || !(enforcer->directory = strdup(directory)))
		return mica_problem_refuse(ret_problem, -ENOMEM, "out of memory");
	if (access(directory, F_OK) < 0)
		return mica_problem_refuse(ret_problem, -ENOENT, "nothing is pinned in %s", directory);
	complete = mica_pin_get(directory, "", COMPLETE);
	if (complete < 0)
		return mica_problem_refuse(ret_problem, complete == -EPERM ? -EPERM : -EPROTO,
					   "what is pinned in %s is of another version of mica, or not all there: %s",
					   directory, mica_errno_name(complete));
	enforcer->options = *options;
	r = adopt_all(enforcer, directory);
	if (r == 0)
		r = mica_enforcer_listen(enforcer);
	if (r == 0)
		r = mica_enforcer_trust_self(enforcer);
	if (r < 0)
		return mica_problem_refuse(ret_problem, r == -ENOENT ? -EPROTO : r,
					   "cannot take over what is pinned in %s: %s", directory, mica_errno_name(r));
	*ret = TAKE_PTR(enforcer);
	return 0;
}

int mica_enforcer_check_pins(const struct mica_enforcer *enforcer, struct mica_problem *problem)
{
	if (!enforcer->directory || mica_pin_exists(enforcer->directory, COMPLETE))
		return 0;
	(void)snprintf(problem->remedy, sizeof(problem->remedy), "enforcement ends with this process: pin it again");
	return mica_problem_refuse(problem, -ENOTCONN, "the pins in %s are gone", enforcer->directory);
}
