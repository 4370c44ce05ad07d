// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/enforcer_internal.h"
#include "kernel/libbpf_log.h"

/* Names in the directory: map_NAME, link_NAME, iterator, request, and at last one that says that all is there. */
#define COMPLETE "complete-" STRINGIFY(MICA_ENFORCE_ABI)
#define STRINGIFY(text) STRINGIFY_VALUE(text)
#define STRINGIFY_VALUE(text) #text
#define LINK_PREFIX "link_"

#define BPF_FS_MAGIC_NUMBER 0xcafe4a11

struct pin_path {
	char text[512];
};

static struct pin_path pin_path(const char *directory, const char *prefix, const char *name)
{
	struct pin_path path;

	(void)snprintf(path.text, sizeof(path.text), "%s/%s%s", directory, prefix, name);
	return path;
}

static int pin_fd(int fd, const char *directory, const char *prefix, const char *name)
{
	struct pin_path path = pin_path(directory, prefix, name);

	return bpf_obj_pin(fd, path.text) ? -errno : 0;
}

static int pin_all(struct mica_enforcer *enforcer, const char *directory, const char **ret_name)
{
	int r = 0;

	for (int i = 0; r == 0 && i < _MICA_MAP_MAX; i++) {
		*ret_name = mica_enforcer_map_names[i];
		r = pin_fd(enforcer->maps[i], directory, "map_", *ret_name);
	}
	for (unsigned i = 0; r == 0 && i < enforcer->link_count; i++) {
		*ret_name = enforcer->links[i].name;
		r = pin_fd(enforcer->links[i].fd, directory, LINK_PREFIX, *ret_name);
	}
	if (r == 0) {
		*ret_name = "iterator";
		r = pin_fd(enforcer->iterator.fd, directory, "", *ret_name);
	}
	if (r == 0) {
		*ret_name = "request";
		r = pin_fd(enforcer->request, directory, "", *ret_name);
	}
	if (r == 0) {
		_cleanup_close_ int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

		r = fd < 0 ? -errno : mica_enforcer_register_own(enforcer, fd);
	}
	if (r == 0) {
		*ret_name = COMPLETE;
		r = pin_fd(enforcer->maps[MICA_MAP_HEADERS], directory, "", *ret_name);
	}
	return r;
}

/** Removes what is in the directory, and the directory. The sign of completeness goes first. */
static int remove_pins(const char *directory)
{
	struct pin_path complete = pin_path(directory, "", COMPLETE);
	_cleanup_closedir_ DIR *entries = opendir(directory);
	struct dirent *entry;
	int r = 0;

	if (!entries)
		return -errno;
	(void)unlink(complete.text);
	while ((entry = readdir(entries))) {
		struct pin_path path = pin_path(directory, "", entry->d_name);

		if (entry->d_name[0] != '.' && unlink(path.text) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r < 0 ? r : rmdir(directory) < 0 ? -errno : 0;
}

int mica_enforcer_pin(struct mica_enforcer *enforcer, const char *directory, struct mica_problem *ret_problem)
{
	_cleanup_free_ char *copy = strdup(directory);
	const char *name = "";
	struct statfs found;
	int r;

	*ret_problem = (struct mica_problem){};
	if (!copy)
		return mica_enforcer_refuse(ret_problem, -ENOMEM, "out of memory");
	if (mkdir(directory, 0700) < 0) {
		r = -errno;
		return mica_enforcer_refuse(ret_problem, r, "cannot make the directory %s: %s", directory,
					    mica_errno_name(r));
	}
	if (statfs(directory, &found) < 0 || (__u32)found.f_type != BPF_FS_MAGIC_NUMBER) {
		(void)rmdir(directory);
		(void)snprintf(ret_problem->remedy, sizeof(ret_problem->remedy), "mount -t bpf bpffs /sys/fs/bpf");
		return mica_enforcer_refuse(ret_problem, -EINVAL, "%s is not in a bpffs", directory);
	}
	r = pin_all(enforcer, directory, &name);
	if (r < 0) {
		(void)remove_pins(directory);
		return mica_enforcer_refuse(ret_problem, r, "cannot pin %s in %s: %s", name, directory,
					    mica_errno_name(r));
	}
	free(enforcer->directory);
	enforcer->directory = TAKE_PTR(copy);
	return 0;
}

int mica_enforcer_unpin(struct mica_enforcer *enforcer, const char *directory)
{
	int r = remove_pins(directory);

	if (r == 0 && enforcer) {
		free(enforcer->directory);
		enforcer->directory = NULL;
	}
	return r;
}

static int get_pin(const char *directory, const char *prefix, const char *name)
{
	struct pin_path path = pin_path(directory, prefix, name);
	int fd = bpf_obj_get(path.text);

	return fd < 0 ? -errno : fd;
}

static int adopt_link(struct mica_enforcer *enforcer, const char *directory, const char *name)
{
	struct mica_enforcer_link *links;
	int fd = get_pin(directory, "", name);

	if (fd < 0)
		return fd;
	links = realloc(enforcer->links, (enforcer->link_count + 1) * sizeof(*links));
	if (!links) {
		(void)close(fd);
		return -ENOMEM;
	}
	enforcer->links = links;
	links[enforcer->link_count] = (struct mica_enforcer_link){ .function = "", .fd = fd };
	(void)snprintf(links[enforcer->link_count].name, sizeof(links[0].name), "%s", name + strlen(LINK_PREFIX));
	enforcer->link_count++;
	return 0;
}

static int adopt_all(struct mica_enforcer *enforcer, const char *directory)
{
	_cleanup_closedir_ DIR *entries = opendir(directory);
	struct dirent *entry;
	int r = entries ? 0 : -errno;

	for (int i = 0; r == 0 && i < _MICA_MAP_MAX; i++) {
		enforcer->maps[i] = get_pin(directory, "map_", mica_enforcer_map_names[i]);
		r = enforcer->maps[i] < 0 ? enforcer->maps[i] : 0;
	}
	while (r == 0 && (entry = readdir(entries)))
		if (strncmp(entry->d_name, LINK_PREFIX, strlen(LINK_PREFIX)) == 0)
			r = adopt_link(enforcer, directory, entry->d_name);
	if (r == 0) {
		enforcer->iterator.fd = get_pin(directory, "", "iterator");
		enforcer->request = get_pin(directory, "", "request");
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
		return mica_enforcer_refuse(ret_problem, -ENOMEM, "out of memory");
	if (access(directory, F_OK) < 0)
		return mica_enforcer_refuse(ret_problem, -ENOENT, "nothing is pinned in %s", directory);
	complete = get_pin(directory, "", COMPLETE);
	if (complete < 0)
		return mica_enforcer_refuse(ret_problem, complete == -EPERM ? -EPERM : -EPROTO,
					    "what is pinned in %s is of another version of mica, or not all there: %s",
					    directory, mica_errno_name(complete));
	enforcer->options = *options;
	r = adopt_all(enforcer, directory);
	if (r == 0)
		r = mica_enforcer_listen(enforcer);
	if (r == 0)
		r = mica_enforcer_trust_self(enforcer);
	if (r < 0)
		return mica_enforcer_refuse(ret_problem, r == -ENOENT ? -EPROTO : r,
					    "cannot take over what is pinned in %s: %s", directory, mica_errno_name(r));
	*ret = TAKE_PTR(enforcer);
	return 0;
}

int mica_enforcer_check_pins(const struct mica_enforcer *enforcer, struct mica_problem *problem)
{
	struct pin_path path;

	if (!enforcer->directory)
		return 0;
	path = pin_path(enforcer->directory, "", COMPLETE);
	if (access(path.text, F_OK) == 0)
		return 0;
	(void)snprintf(problem->remedy, sizeof(problem->remedy), "enforcement ends with this process: pin it again");
	return mica_enforcer_refuse(problem, -ENOTCONN, "the pins in %s are gone", enforcer->directory);
}
