// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "container/json.h"
#include "runtime/run.h"
#include "store/container.h"
#include "store/store_internal.h"

static int signal_number(const char *text)
{
	int number = atoi(text);

	if (number > 0)
		return number;
	if (strncmp(text, "SIG", 3) == 0)
		text += 3;
	for (number = 1; number < NSIG; number++) {
		const char *name = sigabbrev_np(number);

		if (name && strcmp(name, text) == 0)
			return number;
	}
	/* "RTMIN+3", as systemd wants it. */
	if (strncmp(text, "RTMIN+", 6) == 0)
		return SIGRTMIN + atoi(text + 6);
	return SIGTERM;
}

/* The process, so that its number cannot become another's; negative: it does not run. */
static int open_init(const char *id)
{
	int pid = mica_container_init_pid(id);
	int fd = pid ? pidfd_open(pid, 0) : -1;

	if (fd >= 0 && mica_container_init_pid(id) != pid) {
		(void)close(fd);
		return -ESRCH;
	}
	return fd;
}

/* Until whoever kept it has cleaned up. */
static int wait_for_keeper(struct mica_store *store, const char *id)
{
	_cleanup_close_ int fd = -EBADF;
	int r = mica_container_lock(store, id, true, &fd);

	return r == -ENOENT ? 0 : r;
}

int mica_container_stop(struct mica_store *store, const char *id, unsigned seconds)
{
	_cleanup_json_ json_t *settings = NULL;
	_cleanup_close_ int fd = open_init(id);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	const char *name;
	int r;

	if (fd < 0)
		return 0;
	r = mica_container_settings(store, id, &settings);
	if (r < 0)
		return r;
	name = mica_json_string(settings, "StopSignal");
	if (pidfd_send_signal(fd, signal_number(name ? name : "SIGTERM"), NULL, 0) < 0 && errno != ESRCH)
		return mica_store_refuse(store, -errno, "cannot signal the container '%.12s'", id);
	while ((r = poll(&ended, 1, seconds > 2000000 ? -1 : (int)seconds * 1000)) < 0 && errno == EINTR)
		continue;
	if (r == 0 && pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return mica_store_refuse(store, -errno, "cannot kill the container '%.12s'", id);
	while (poll(&ended, 1, -1) < 0 && errno == EINTR)
		continue;
	return wait_for_keeper(store, id);
}
