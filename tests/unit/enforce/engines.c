/* SPDX-License-Identifier: BSD-2-Clause */
#include "enforce/engines.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST 8

struct seen {
	int pids[MOST];
	size_t count;
};

static int take(int pid, void *userdata)
{
	struct seen *seen = userdata;

	cr_assert_lt(seen->count, MOST);
	seen->pids[seen->count++] = pid;
	return 0;
}

static void make_listener(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
}

Test(enforce_engines, by_socket_and_by_cgroup)
{
	char directory[] = "/tmp/mica-engines-XXXXXX", socket_path[64], cgroup[64], procs[96], absent[64];
	const char *sockets[] = { absent, socket_path, NULL }, *cgroups[] = { absent, cgroup, NULL };
	const struct mica_engine_places places = { sockets, cgroups };
	struct seen seen = {};
	FILE *file;

	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(absent, sizeof(absent), "%s/absent", directory);
	(void)snprintf(socket_path, sizeof(socket_path), "%s/s", directory);
	(void)snprintf(cgroup, sizeof(cgroup), "%s/c", directory);
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	make_listener(socket_path);
	cr_assert_eq(mkdir(cgroup, 0700), 0);
	file = fopen(procs, "w");
	/* The machine's init is never an engine: it starts everything. */
	(void)fputs("1\n17\n\nx\n4194304\n", file);
	(void)fclose(file);
	cr_assert_eq(mica_engines_each_process(&places, take, &seen), 0);
	if (geteuid() == 0 && getpid() > 1) {
		cr_assert_eq(seen.count, 3);
		cr_assert_eq(seen.pids[0], getpid());
	}
	cr_assert_eq(seen.pids[seen.count - 2], 17);
	cr_assert_eq(seen.pids[seen.count - 1], 4194304);
}
