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

/** Calls `visit` for each of the pins but COMPLETE, until it returns other than 0, which it then returns. */
static int each_pin(const struct mica_enforcer *enforcer,
		    int (*visit)(int fd, const char *prefix, const char *name, void *userdata), void *userdata)
{
	int r = 0;

	for (int i = 0; r == 0 && i < _MICA_MAP_MAX; i++)
		r = visit(enforcer->maps[i], "map_", mica_enforcer_map_names[i], userdata);
	for (unsigned i = 0; r == 0 && i < enforcer->link_count; i++)
		r = visit(enforcer->links[i].fd, MICA_PINS_LINK, enforcer->links[i].name, userdata);
	if (r == 0)
		r = visit(enforcer->iterator.fd, "", "iterator", userdata);
	return r == 0 ? visit(enforcer->request, "", "request", userdata) : r;
}

struct pinning {
	const char *directory;
	/** What is there already stays. */
	bool again;
	/** Pins that were made; the one that was tried last. */
	unsigned made;
	const char *name;
};

static int pin_one(int fd, const char *prefix, const char *name, void *userdata)
{
	struct pinning *pinning = userdata;
	int r = mica_pin(fd, pinning->directory, prefix, name);

	pinning->name = name;
	if (r == -EEXIST && pinning->again)
		return 0;
	pinning->made += r == 0;
	return r;
}

static int own_directory(struct mica_enforcer *enforcer, const char *directory)
{
	_cleanup_close_ int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : mica_enforcer_register_own(enforcer, fd);
}

/**
 * The pins have no permission bits: the kernel then asks for a capability, which a program of ours refuses to subjects
 * (bpf/enforce/self.bpf.c). To root they are as good as others.
 */
static int pin_all(struct mica_enforcer *enforcer, struct pinning *pinning)
{
	int r = own_directory(enforcer, pinning->directory);
	mode_t mask = umask(0777);

	if (r == 0)
		r = mica_enforcer_number_set(enforcer, MICA_NUMBER_LINKS, enforcer->link_count);
	if (r == 0)
		r = each_pin(enforcer, pin_one, pinning);
	if (r == 0)
		r = pin_one(enforcer->maps[MICA_MAP_HEADERS], "", COMPLETE, pinning);
	(void)umask(mask);
	return r;
}

static int make_directory(const char *directory, bool again, struct mica_problem *problem)
{
	int r = mkdir(directory, 0700) < 0 ? -errno : 0;

	if (r < 0 && !(again && r == -EEXIST))
		return mica_problem_refuse(problem, r, "cannot make the directory %s: %s", directory,
					   mica_errno_name(r));
	if (mica_pins_are_in_bpffs(directory))
		return 0;
	(void)rmdir(directory);
	(void)snprintf(problem->remedy, sizeof(problem->remedy), "mount -t bpf bpffs /sys/fs/bpf");
	return mica_problem_refuse(problem, -EINVAL, "%s is not in a bpffs", directory);
}

int mica_enforcer_pin(struct mica_enforcer *enforcer, const char *directory, struct mica_problem *ret_problem)
{
	_cleanup_free_ char *copy = strdup(directory);
	struct pinning pinning = { .directory = directory, .name = "" };
	int r;

	*ret_problem = (struct mica_problem){};
	if (!copy)
		return mica_problem_refuse(ret_problem, -ENOMEM, "out of memory");
	r = make_directory(directory, false, ret_problem);
	if (r < 0)
		return r;
	r = pin_all(enforcer, &pinning);
	if (r < 0) {
		(void)mica_pins_remove(directory, COMPLETE);
		return mica_problem_refuse(ret_problem, r, "cannot pin %s in %s: %s", pinning.name, directory,
					   mica_errno_name(r));
	}
	free(enforcer->directory);
	enforcer->directory = TAKE_PTR(copy);
	return 0;
}

int mica_enforcer_pin_again(struct mica_enforcer *enforcer, struct mica_problem *ret_problem)
{
	struct pinning pinning = { .directory = enforcer->directory, .again = true, .name = "" };
	int r;

	*ret_problem = (struct mica_problem){};
	if (!enforcer->directory)
		return 0;
	r = make_directory(enforcer->directory, true, ret_problem);
	if (r < 0)
		return r;
	r = pin_all(enforcer, &pinning);
	if (r < 0)
		return mica_problem_refuse(ret_problem, r, "cannot pin %s in %s: %s", pinning.name, enforcer->directory,
					   mica_errno_name(r));
	return (int)pinning.made;
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

int mica_enforcer_moved(struct mica_enforcer *enforcer, const char *directory)
{
	char *copy = strdup(directory);

	if (!copy)
		return -ENOMEM;
	free(enforcer->directory);
	enforcer->directory = copy;
	return 0;
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
	if (r == 0 && enforcer->link_count != mica_enforcer_number_get(enforcer, MICA_NUMBER_LINKS))
		return mica_problem_refuse(
			ret_problem, -EPROTO,
			"of the pins in %s some are gone, and with them their hooks: %u of %llu are left", directory,
			enforcer->link_count,
			(unsigned long long)mica_enforcer_number_get(enforcer, MICA_NUMBER_LINKS));
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

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

struct looking {
	const char *directory;
	struct mica_problem *problem;
};

static int look_for_pin(int fd, const char *prefix, const char *name, void *userdata)
{
	struct looking *looking = userdata;
	char pin[96];

	(void)fd;
	(void)snprintf(pin, sizeof(pin), "%s%s", prefix, name);
	if (mica_pin_exists(looking->directory, pin))
		return 0;
	(void)snprintf(looking->problem->remedy, sizeof(looking->problem->remedy),
		       "enforcement ends with this process: pin it again");
	return mica_problem_refuse(looking->problem, -ENOTCONN, "the pin %s/%s is gone", looking->directory, pin);
}

int mica_enforcer_check_pins(const struct mica_enforcer *enforcer, struct mica_problem *problem)
{
	struct looking looking = { .directory = enforcer->directory, .problem = problem };
	_cleanup_close_ int pinned = -EBADF;

	if (!enforcer->directory)
		return 0;
	pinned = mica_pin_get(enforcer->directory, "", COMPLETE);
	if (pinned >= 0 && map_id(pinned) != map_id(enforcer->maps[MICA_MAP_HEADERS]))
		return mica_problem_refuse(problem, -ESTALE, "another enforcement is pinned in %s",
					   enforcer->directory);
	if (pinned < 0)
		return look_for_pin(-1, "", COMPLETE, &looking);
	return each_pin(enforcer, look_for_pin, &looking);
}
