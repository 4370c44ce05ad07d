// SPDX-License-Identifier: BSD-2-Clause
#include "store/name.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool mica_name_valid(const char *name)
{
	size_t size = strnlen(name, MICA_NAME_MAX + 1);

	if (size < 2 || size > MICA_NAME_MAX || !is_alphanumeric(name[0]))
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_alphanumeric(name[i]) && name[i] != '_' && name[i] != '.' && name[i] != '-')
			return false;
	return true;
}

int mica_name_random(char *name, unsigned bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[32];

	if (bytes > sizeof(random))
		return -EINVAL;
	if (getrandom(random, bytes, 0) != (ssize_t)bytes)
		return -errno;
	for (unsigned i = 0; i < bytes; i++) {
		name[2 * i] = digits[random[i] >> 4];
		name[2 * i + 1] = digits[random[i] & 15];
	}
	name[2 * (size_t)bytes] = '\0';
	return 0;
}
