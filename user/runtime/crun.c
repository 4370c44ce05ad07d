// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/crun.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "container/json.h"
#include "store/container.h"

#define LOG_LIMIT (1 << 20)

int mica_crun_words(struct mica_words *words, const char *log)
{
	const char *const common[] = {
		"crun",         "--root", (MICA_CONTAINER_RUN "/crun"), "--cgroup-manager", "cgroupfs", "--log", log,
		"--log-format", "json",
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(common) / sizeof(common[0]); i++)
		r = mica_words_add(words, common[i]);
	return r;
}

int mica_crun_spawn(const struct mica_words *words, const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;
	int r;

	(void)sigemptyset(&none);
	r = posix_spawnattr_init(&attributes);
	if (r)
		return -r;
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawnp(&pid, "crun", actions, &attributes, (char *const *)words->items, environ);
	(void)posix_spawnattr_destroy(&attributes);
	if (r == 0)
		*ret_pid = pid;
	return -r;
}

int mica_wait_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int mica_crun_call(const struct mica_words *words)
{
	pid_t pid = -1;
	int r = mica_crun_spawn(words, NULL, &pid);
	int status;

	if (r < 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return mica_wait_status(status);
}

void mica_crun_read_log(const char *log, char *text, size_t size)
{
	_cleanup_free_ char *content = NULL;
	const char *path = strncmp(log, "file:", 5) == 0 ? log + 5 : log;

	text[0] = '\0';
	if (mica_file_read(path, LOG_LIMIT, &content, NULL) < 0)
		return;
	for (char *line = content, *end; *line; line = end) {
		_cleanup_json_ json_t *entry = NULL;
		const char *message, *level;

		end = strchrnul(line, '\n');
		entry = mica_json_parse(line, (size_t)(end - line));
		end += *end == '\n';
		message = mica_json_string(entry, "msg");
		level = mica_json_string(entry, "level");
		if (message && level && strcmp(level, "error") == 0)
			(void)snprintf(text, size, "%s", message);
	}
}

int mica_crun_status(const char *error)
{
	bool about_program = strstr(error, "executable") || strstr(error, "exec ") || strstr(error, "execv");

	if (about_program && (strstr(error, "not found") || strstr(error, "No such file")))
		return MICA_EXIT_NOT_FOUND;
	return about_program ? MICA_EXIT_CANNOT_INVOKE : MICA_EXIT_RUNTIME;
}

int mica_crun_init(const char *id)
{
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *text = NULL;
	char path[128];
	size_t size;

	(void)snprintf(path, sizeof(path), MICA_CONTAINER_RUN "/crun/%s/status", id);
	if (mica_file_read(path, LOG_LIMIT, &text, &size) < 0)
		return 0;
	json = mica_json_parse(text, size);
	return (int)json_integer_value(json_object_get(json, "pid"));
}
