// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_mount_old.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/union_signature.h"

/* mount(2) copies one page, and its last byte must be NUL. */
#define OPTIONS_MAX 4095

static unsigned long flags_of(const struct mica_union_specification *specification)
{
	return specification->readonly || !specification->upper ? MS_RDONLY : 0ul;
}

static bool is_plain(const char *path)
{
	return !strpbrk(path, ":,\\");
}

/* By name where it needs no escapes and `by_name`, else by the number of a descriptor that stays open. */
static int append_directory(struct mica_buffer *options, const char *path, bool by_name)
{
	int fd;

	if (by_name)
		return mica_buffer_append_string(options, path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return mica_buffer_appendf(options, "%d", fd);
}

static int append_all(struct mica_buffer *options, const struct mica_union_specification *specification, bool by_name)
{
	int r = mica_buffer_append_string(options, "lowerdir=");

	for (size_t i = 0; r == 0 && i < specification->lower_count; i++) {
		if (i)
			(void)mica_buffer_append_byte(options, ':');
		r = append_directory(options, specification->lowers[i], by_name);
	}
	if (r == 0 && specification->upper) {
		(void)mica_buffer_append_string(options, ",upperdir=");
		r = append_directory(options, specification->upper, by_name);
		if (r == 0) {
			(void)mica_buffer_append_string(options, ",workdir=");
			r = append_directory(options, specification->work, by_name);
		}
	}
	for (const char *const *option = specification->options; r == 0 && option && *option; option++)
		r = mica_buffer_appendf(options, ",%s", *option);
	return r;
}

static bool all_plain(const struct mica_union_specification *specification)
{
	if (specification->upper && (!is_plain(specification->upper) || !is_plain(specification->work)))
		return false;
	for (size_t i = 0; i < specification->lower_count; i++)
		if (!is_plain(specification->lowers[i]))
			return false;
	return true;
}

/* In a process of its own: it needs another working directory and many descriptors. */
static int mount_in_child(const struct mica_union_specification *specification, const char *target)
{
	_cleanup_buffer_ struct mica_buffer options = {};
	char signature[MICA_UNION_SIGNATURE_SIZE];
	struct rlimit limit;
	const char *text;
	bool by_name = all_plain(specification);
	int r;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	r = append_all(&options, specification, by_name);
	if (r == 0 && by_name && options.size > OPTIONS_MAX) {
		mica_buffer_reset(&options);
		by_name = false;
		r = append_all(&options, specification, false);
	}
	if (r < 0)
		return r;
	if (!by_name && chdir("/proc/self/fd") < 0)
		return -errno;
	text = mica_buffer_string(&options);
	if (!text)
		return -ENOMEM;
	if (options.size > OPTIONS_MAX)
		return -E2BIG;
	/* Numbers do not tell later what the union is made of. */
	mica_union_signature(specification->lowers, specification->lower_count, specification->upper,
			     specification->work, signature);
	return mount(by_name ? "mica" : signature, target, "overlay", flags_of(specification), text) < 0 ? -errno : 0;
}

int mica_union_mount_old(const struct mica_union_specification *specification, const char *target)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0)
		_exit(-mount_in_child(specification, target));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int number_of(struct mica_union_numbers *numbers, const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	numbers->fds[numbers->fd_count++] = fd;
	return fd;
}

static int open_all(const struct mica_union_specification *specification, struct mica_union_numbers *numbers)
{
	size_t used = 0;
	int fd = 0;

	for (size_t i = 0; i < specification->lower_count; i++) {
		fd = number_of(numbers, specification->lowers[i]);
		if (fd < 0)
			return fd;
		used += (size_t)snprintf(numbers->lowers + used, sizeof(numbers->lowers) - used, "%s%d", i ? ":" : "",
					 fd);
		if (used >= sizeof(numbers->lowers))
			return -E2BIG;
	}
	if (!specification->upper)
		return 0;
	fd = number_of(numbers, specification->upper);
	(void)snprintf(numbers->upper, sizeof(numbers->upper), "%d", fd);
	if (fd >= 0)
		fd = number_of(numbers, specification->work);
	(void)snprintf(numbers->work, sizeof(numbers->work), "%d", fd);
	return fd < 0 ? fd : 0;
}

int mica_union_numbers_begin(const struct mica_union_specification *specification, struct mica_union_numbers *ret)
{
	_cleanup_(mica_union_numbers_end) struct mica_union_numbers numbers = MICA_UNION_NUMBERS_NONE;
	int r;

	numbers.fds = calloc(specification->lower_count + 2, sizeof(*numbers.fds));
	if (!numbers.fds)
		return -ENOMEM;
	r = open_all(specification, &numbers);
	if (r < 0)
		return r;
	mica_union_signature(specification->lowers, specification->lower_count, specification->upper,
			     specification->work, numbers.signature);
	numbers.back_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (numbers.back_fd < 0 || chdir("/proc/self/fd") < 0)
		return -errno;
	*ret = numbers;
	numbers = MICA_UNION_NUMBERS_NONE;
	return 0;
}

void mica_union_numbers_end(struct mica_union_numbers *numbers)
{
	for (size_t i = 0; i < numbers->fd_count; i++)
		(void)close(numbers->fds[i]);
	free(numbers->fds);
	if (numbers->back_fd >= 0) {
		(void)fchdir(numbers->back_fd);
		(void)close(numbers->back_fd);
	}
	*numbers = MICA_UNION_NUMBERS_NONE;
}
