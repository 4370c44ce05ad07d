// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/container_root.h"

/* NULL: the container has no such file, or it is none (a fifo would be waited for). */
static FILE *open_table(int root_fd, const char *path)
{
	int fd = mica_root_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat stat;
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) ? fdopen(fd, "r") : NULL;
	if (!file)
		(void)close(fd);
	return file;
}

static bool is_number(const char *text, unsigned *ret)
{
	unsigned long long number;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number > UINT32_MAX - 1)
		return false;
	*ret = (unsigned)number;
	return true;
}

static bool find_user(int root_fd, const char *name, struct mica_user *user, char user_name[static 256])
{
	_cleanup_fclose_ FILE *file = open_table(root_fd, "/etc/passwd");
	const struct passwd *entry;
	unsigned number = 0;
	bool numeric = is_number(name, &number);

	user_name[0] = '\0';
	/* A name of digits only is a name first, as for Docker. */
	while (file && (entry = fgetpwent(file)))
		if (strcmp(entry->pw_name, name) == 0 || (numeric && entry->pw_uid == number)) {
			user->uid = entry->pw_uid;
			user->gid = entry->pw_gid;
			(void)snprintf(user->home, sizeof(user->home), "%s", entry->pw_dir);
			(void)snprintf(user_name, 256, "%s", entry->pw_name);
			return true;
		}
	user->uid = number;
	return numeric;
}

static bool find_group(int root_fd, const char *name, struct mica_user *user)
{
	_cleanup_fclose_ FILE *file = open_table(root_fd, "/etc/group");
	const struct group *entry;
	unsigned number = 0;

	while (file && (entry = fgetgrent(file)))
		if (strcmp(entry->gr_name, name) == 0) {
			user->gid = entry->gr_gid;
			return true;
		}
	if (!is_number(name, &number))
		return false;
	user->gid = number;
	return true;
}

static void find_groups(int root_fd, const char *user_name, struct mica_user *user)
{
	_cleanup_fclose_ FILE *file = open_table(root_fd, "/etc/group");
	const struct group *entry;

	while (file && (entry = fgetgrent(file)))
		for (char **member = entry->gr_mem; *member; member++)
			if (strcmp(*member, user_name) == 0 && entry->gr_gid != user->gid &&
			    user->group_count < sizeof(user->groups) / sizeof(user->groups[0]))
				user->groups[user->group_count++] = entry->gr_gid;
}

int mica_user_find(int root_fd, const char *text, struct mica_user *ret, char *reason, size_t reason_size)
{
	size_t size = strcspn(text, ":");
	_cleanup_free_ char *name = strndup(text, size);
	const char *group = text[size] ? text + size + 1 : "";
	struct mica_user user = {};
	char user_name[256];

	if (!name)
		return -ENOMEM;
	if (!find_user(root_fd, *name ? name : "0", &user, user_name)) {
		(void)snprintf(reason, reason_size, "there is no user '%s' in the container's /etc/passwd", name);
		return -ENOENT;
	}
	if (*group && !find_group(root_fd, group, &user)) {
		(void)snprintf(reason, reason_size, "there is no group '%s' in the container's /etc/group", group);
		return -ENOENT;
	}
	if (!*group && *user_name)
		find_groups(root_fd, user_name, &user);
	*ret = user;
	return 0;
}
