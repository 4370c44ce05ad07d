// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "container/json.h"
#include "store/container_internal.h"

#define STATUS_LIMIT (1 << 20)

/* When a process started, in ticks since boot, as crun notes it; -1: it is gone, or dead and not waited for yet. */
static long long start_time(int pid)
{
	_cleanup_free_ char *stat = NULL;
	unsigned long long ticks;
	char path[40], state;
	const char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (mica_file_read(path, 4096, &stat, NULL) < 0)
		return -1;
	at = strrchr(stat, ')'); /* its name may have anything in it */
	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			  &state, &ticks) != 2)
		return -1;
	return state == 'Z' || state == 'X' ? -1 : (long long)ticks;
}

int mica_container_init_pid(const char *id)
{
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *text = NULL;
	json_int_t pid, started;
	char path[128];
	size_t size;

	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/crun/%s/status", id);
	if (mica_file_read(path, STATUS_LIMIT, &text, &size) < 0)
		return 0;
	json = mica_json_parse(text, size);
	pid = json_integer_value(json_object_get(json, "pid"));
	started = json_integer_value(json_object_get(json, "process-start-time"));
	/* The number may be another process's by now. */
	return pid > 0 && pid <= INT32_MAX && start_time((int)pid) == started ? (int)pid : 0;
}

/* crun's own state of a container whose crun was killed, with its cgroup. */
static void delete_crun_state(const char *id)
{
	char *const arguments[] = { "crun",    "--root",         (MICA_CONTAINER_RUN "/crun"),
				    "--log",   "file:/dev/null", "delete",
				    "--force", (char *)id,       NULL };
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, "crun", NULL, NULL, arguments, environ) != 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
}

void mica_container_forget_run(const char *id)
{
	char path[128];

	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/crun/%s", id);
	if (access(path, F_OK) == 0)
		delete_crun_state(id);
	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/containers/%s/state.json", id);
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	(void)rmdir(path);
}
