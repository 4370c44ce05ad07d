// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "store/union_mount_old.h"

/* Longest value of FSCONFIG_SET_STRING, with its NUL. */
#define STRING_MAX 256

/* In the work directory of a volatile union (Documentation/filesystems/overlayfs.rst, "Volatile mount"). */
#define VOLATILE_MARK "work/incompat/volatile"

__attribute__((format(printf, 3, 4))) static int fail(struct mica_union_reason *reason, int error, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason->text, sizeof(reason->text), format, arguments);
	va_end(arguments);
	return error;
}

/* Appends the last error that the kernel wrote into the log of the context. */
static int fail_context(struct mica_union_reason *reason, int error, int context_fd, const char *what)
{
	char line[256], told[256] = "";
	ssize_t size;
	int r;

	while ((size = read(context_fd, line, sizeof(line) - 1)) > 2) {
		line[size] = '\0';
		if (line[0] == 'e' || line[0] == 'w')
			(void)memcpy(told, line + 2, (size_t)size - 1);
	}
	told[strcspn(told, "\n")] = '\0';
	r = fail(reason, error, "%s%s%s%s", what, told[0] ? " (the kernel: " : "", told, told[0] ? ")" : "");
	return r;
}

static int set_string(int context_fd, const char *key, const char *value)
{
	return fsconfig(context_fd, FSCONFIG_SET_STRING, key, value, 0) < 0 ? -errno : 0;
}

/* Takes a directory by a descriptor, which has no limit of length and no escapes; needs Linux 6.13. */
static int set_directory_fd(int context_fd, const char *key, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fsconfig(context_fd, FSCONFIG_SET_FD, key, NULL, fd) < 0 ? -errno : 0;
}

/* The kernel takes a backslash out of the upper's and the work directory's name, not out of a lower's. */
static bool escape(const char *path, char text[static STRING_MAX])
{
	size_t used = 0;

	for (; *path; path++) {
		if (used + 2 >= STRING_MAX)
			return false;
		if (*path == '\\')
			text[used++] = '\\';
		text[used++] = *path;
	}
	text[used] = '\0';
	return true;
}

static int set_directory(int context_fd, const char *key, const char *path, bool escaped)
{
	char text[STRING_MAX];
	bool fits = escaped ? escape(path, text) : strlen(path) < STRING_MAX;

	if (!fits)
		return set_directory_fd(context_fd, key, path);
	return set_string(context_fd, key, escaped ? text : path);
}

static int set_option(int context_fd, const char *option)
{
	char key[64];
	size_t size = strcspn(option, "=");

	if (!option[size])
		return fsconfig(context_fd, FSCONFIG_SET_FLAG, option, NULL, 0) < 0 ? -errno : 0;
	if (size >= sizeof(key))
		return -EINVAL;
	(void)memcpy(key, option, size);
	key[size] = '\0';
	return fsconfig(context_fd, FSCONFIG_SET_STRING, key, option + size + 1, 0) < 0 ? -errno : 0;
}

static int set_options(const struct mica_union_specification *specification, int context_fd,
		       struct mica_union_reason *reason)
{
	for (const char *const *option = specification->options; option && *option; option++) {
		int r = set_option(context_fd, *option);

		if (r < 0)
			return fail_context(reason, r, context_fd, *option);
	}
	return 0;
}

static unsigned attributes_of(const struct mica_union_specification *specification)
{
	return specification->readonly || !specification->upper ? MOUNT_ATTR_RDONLY : 0u;
}

/* -EOPNOTSUPP: this kernel does not know the key, nothing is configured. */
static int configure(const struct mica_union_specification *specification, int context_fd,
		     struct mica_union_reason *reason)
{
	/* Without a source the mount would be called "none". */
	int r = set_string(context_fd, "source", "mica");

	if (r < 0)
		return fail(reason, r, "cannot name the union");
	for (size_t i = 0; i < specification->lower_count; i++) {
		r = set_directory(context_fd, "lowerdir+", specification->lowers[i], false);
		if (r == -EINVAL && (i == 0 || strlen(specification->lowers[i]) >= STRING_MAX))
			return -EOPNOTSUPP;
		if (r < 0)
			return fail_context(reason, r, context_fd, specification->lowers[i]);
	}
	if (specification->upper) {
		r = set_directory(context_fd, "upperdir", specification->upper, true);
		if (r == 0)
			r = set_directory(context_fd, "workdir", specification->work, true);
		if (r == -EINVAL)
			return -EOPNOTSUPP;
		if (r < 0)
			return fail_context(reason, r, context_fd, specification->upper);
	}
	return set_options(specification, context_fd, reason);
}

/* Until 6.4 overlayfs learns its options as one string at the end, and any key goes. */
static bool takes_any_key(void)
{
	_cleanup_close_ int context_fd = fsopen("overlay", FSOPEN_CLOEXEC);

	return context_fd >= 0 && fsconfig(context_fd, FSCONFIG_SET_FLAG, "mica-any-key", NULL, 0) == 0;
}

/* Is there the mark of a volatile union that was not ended in good order? The kernel refuses it without a word. */
static bool is_marked_volatile(const char *work)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/" VOLATILE_MARK, work) < (int)sizeof(path) && access(path, F_OK) == 0;
}

static int make(const struct mica_union_specification *specification, int context_fd, struct mica_union_reason *reason)
{
	int r = fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;

	if (r < 0 && specification->upper && is_marked_volatile(specification->work))
		return fail(reason, r,
			    "it was volatile, so '%s' may lack what was written last: look at it, then remove "
			    "'%s/" VOLATILE_MARK "'",
			    specification->upper, specification->work);
	return r < 0 ? fail_context(reason, r, context_fd, "cannot make the union") : 0;
}

/* The file system itself stays writable: only the mount is read-only, so that it is not another one below. */
static int create(const struct mica_union_specification *specification, int context_fd,
		  struct mica_union_reason *reason)
{
	int r = configure(specification, context_fd, reason);

	return r == 0 ? make(specification, context_fd, reason) : r;
}

static int create_old(const struct mica_union_specification *specification, int context_fd,
		      struct mica_union_reason *reason)
{
	_cleanup_(mica_union_numbers_end) struct mica_union_numbers numbers = MICA_UNION_NUMBERS_NONE;
	int r = mica_union_numbers_begin(specification, &numbers);

	if (r < 0)
		return fail(reason, r, "%s",
			    r == -E2BIG ? "so many branches do not fit into what this kernel takes"
					: "cannot open the branches");
	r = set_string(context_fd, "source", numbers.signature);
	if (r == 0)
		r = set_string(context_fd, "lowerdir", numbers.lowers);
	if (r == 0 && specification->upper)
		r = set_string(context_fd, "upperdir", numbers.upper);
	if (r == 0 && specification->upper)
		r = set_string(context_fd, "workdir", numbers.work);
	if (r < 0)
		return fail_context(reason, r, context_fd, "cannot name the branches");
	r = set_options(specification, context_fd, reason);
	return r == 0 ? make(specification, context_fd, reason) : r;
}

static int mount_new(const struct mica_union_specification *specification, const char *target,
		     int (*create_union)(const struct mica_union_specification *, int, struct mica_union_reason *),
		     struct mica_union_reason *reason)
{
	_cleanup_close_ int context_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	_cleanup_close_ int mount_fd = -EBADF;
	int r;

	if (context_fd < 0)
		return errno == ENODEV ? fail(reason, -ENODEV, "this kernel has no overlay file system") : -EOPNOTSUPP;
	r = create_union(specification, context_fd, reason);
	if (r < 0)
		return r;
	mount_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, attributes_of(specification));
	if (mount_fd < 0)
		return fail_context(reason, -errno, context_fd, "cannot mount the union");
	if (specification->before_attach)
		r = specification->before_attach(mount_fd, specification->userdata, reason);
	if (r < 0)
		return r;
	if (move_mount(mount_fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return fail(reason, -errno, "cannot attach the union at %s", target);
	return 0;
}

static int fail_old(struct mica_union_reason *reason, int error, const struct mica_union_specification *specification,
		    const char *target)
{
	char options[256] = "";
	size_t used = 0;

	/* mount(2) does not say which of them it was. */
	for (const char *const *option = specification->options; option && *option && used < sizeof(options); option++)
		used += (size_t)snprintf(options + used, sizeof(options) - used, "%s%s", used ? "," : " with ",
					 *option);
	return fail(reason, error, "cannot mount the union of %zu layers at %s%s", specification->lower_count, target,
		    options);
}

int mica_union_mount(const struct mica_union_specification *specification, const char *target,
		     struct mica_union_reason *ret_reason)
{
	int r;

	ret_reason->text[0] = '\0';
	if (specification->lower_count > MICA_UNION_LOWERS_MAX)
		return fail(ret_reason, -E2BIG, "%zu layers; the kernel takes %d", specification->lower_count,
			    MICA_UNION_LOWERS_MAX);
	r = mount_new(specification, target, create, ret_reason);
	if (r == -EINVAL && takes_any_key()) {
		ret_reason->text[0] = '\0';
		r = -EOPNOTSUPP;
	}
	/* mount(2) would attach it at once. With a text, it was refused before that. */
	if (specification->before_attach)
		return r == -EOPNOTSUPP && !*ret_reason->text ? mount_new(specification, target, create_old, ret_reason)
							      : r;
	if (r != -EOPNOTSUPP)
		return r;
	r = mica_union_mount_old(specification, target);
	return r < 0 ? fail_old(ret_reason, r, specification, target) : 0;
}
