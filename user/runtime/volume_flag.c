// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/options.h"
#include "store/name.h"

void mica_volume_flag_free(struct mica_volume_flag *flag)
{
	free(flag->name);
	free(flag->source);
	free(flag->target);
	*flag = (struct mica_volume_flag){};
}

char *mica_path_clean(const char *path)
{
	char *clean = path[0] == '/' ? malloc(strlen(path) + 2) : NULL;
	size_t used = 0;

	if (!clean)
		return NULL;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 2 && path[0] == '.' && path[1] == '.') {
			while (used && clean[used - 1] != '/')
				used--;
			used -= used > 0;
		} else if (size && !(size == 1 && path[0] == '.')) {
			clean[used++] = '/';
			(void)memcpy(clean + used, path, size);
			used += size;
		}
		path += size + strspn(path + size, "/");
	}
	if (!used)
		clean[used++] = '/';
	clean[used] = '\0';
	return clean;
}

__attribute__((format(printf, 3, 4))) static int refuse(char *reason, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int take_option(struct mica_volume_flag *flag, const char *option, size_t size)
{
	static const char *const propagations[] = { "rslave", "rprivate", "slave", "private" };

	if (size == 2 && strncmp(option, "ro", size) == 0)
		flag->read_only = true;
	else if (size == 6 && strncmp(option, "nocopy", size) == 0)
		flag->no_copy = true;
	else if (size == 2 && strncmp(option, "rw", size) == 0)
		return 0;
	else {
		for (size_t i = 0; i < sizeof(propagations) / sizeof(propagations[0]); i++)
			if (strlen(propagations[i]) == size && strncmp(option, propagations[i], size) == 0) {
				flag->propagation = propagations[i];
				return 0;
			}
		return -EINVAL;
	}
	return 0;
}

static int take_options(struct mica_volume_flag *flag, const char *options, char *reason, size_t reason_size)
{
	while (*options) {
		size_t size = strcspn(options, ",");

		if (take_option(flag, options, size) < 0)
			return refuse(reason, reason_size,
				      "a volume has no option '%.*s'; there are ro, rw, nocopy, rprivate and rslave",
				      (int)size, options);
		options += size + (options[size] == ',');
	}
	return 0;
}

static int set_source(struct mica_volume_flag *flag, const char *text, size_t size, char *reason, size_t reason_size)
{
	_cleanup_free_ char *source = strndup(text, size), *joined = NULL;
	char here[PATH_MAX];

	if (!source)
		return -ENOMEM;
	if (source[0] == '/') {
		flag->source = mica_path_clean(source);
		return flag->source ? 0 : -ENOMEM;
	}
	if (source[0] == '.' && strchr(source, '/')) {
		if (!getcwd(here, sizeof(here)))
			return -errno;
		if (asprintf(&joined, "%s/%s", here, source) < 0) {
			joined = NULL;
			return -ENOMEM;
		}
		flag->source = mica_path_clean(joined);
		return flag->source ? 0 : -ENOMEM;
	}
	if (!mica_name_valid(source))
		return refuse(reason, reason_size,
			      "'%s' is no name for a volume ([a-zA-Z0-9][a-zA-Z0-9_.-]+); a directory of the host is "
			      "given by its absolute path",
			      source);
	flag->name = TAKE_PTR(source);
	return 0;
}

static int parse(const char *text, struct mica_volume_flag *flag, char *reason, size_t reason_size)
{
	const char *first = strchr(text, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	_cleanup_free_ char *target = NULL;
	int r = 0;

	if (!first)
		target = strdup(text);
	else
		target = second ? strndup(first + 1, (size_t)(second - first - 1)) : strdup(first + 1);
	if (!target)
		return -ENOMEM;
	if (first == text || (second && strchr(second + 1, ':')))
		return refuse(reason, reason_size, "'%s' is not [SOURCE:]TARGET[:OPTIONS]", text);
	if (target[0] != '/')
		return refuse(reason, reason_size, "the path in the container must be absolute, and '%s' is not",
			      target);
	flag->target = mica_path_clean(target);
	if (!flag->target)
		return -ENOMEM;
	if (strcmp(flag->target, "/") == 0)
		return refuse(reason, reason_size, "a volume cannot be the container's root");
	if (first)
		r = set_source(flag, text, (size_t)(first - text), reason, reason_size);
	if (r == 0 && second)
		r = take_options(flag, second + 1, reason, reason_size);
	return r;
}

int mica_volume_flag_parse(const char *text, struct mica_volume_flag *ret, char *reason, size_t reason_size)
{
	_cleanup_volume_flag_ struct mica_volume_flag flag = {};
	int r = parse(text, &flag, reason, reason_size);

	if (r < 0)
		return r;
	*ret = flag;
	flag = (struct mica_volume_flag){};
	return 0;
}
