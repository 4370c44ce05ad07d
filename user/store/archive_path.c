// SPDX-License-Identifier: BSD-2-Clause
#include "store/archive_path.h"

#include <limits.h>
#include <string.h>

int mica_archive_path_clean(const char *path, struct mica_buffer *ret)
{
	mica_buffer_reset(ret);
	if (path[0] == '/')
		return -EINVAL;
	while (*path) {
		size_t size = strcspn(path, "/");

		if (size == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (size > NAME_MAX)
			return -ENAMETOOLONG;
		if (size && !(size == 1 && path[0] == '.')) {
			if (ret->size)
				(void)mica_buffer_append_byte(ret, '/');
			(void)mica_buffer_append(ret, path, size);
		}
		path += size;
		path += strspn(path, "/");
	}
	if (ret->size >= PATH_MAX)
		return -ENAMETOOLONG;
	return mica_buffer_string(ret) ? 0 : -ENOMEM;
}
