// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/engines.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

#define PROCS_BYTES ((size_t)1 << 20)

static const char *const usual_sockets[] = { "/run/docker.sock", "/run/containerd/containerd.sock",
					     "/run/docker/containerd/containerd.sock", "/run/podman/podman.sock",
					     NULL };
static const char *const usual_cgroups[] = { "/sys/fs/cgroup/system.slice/docker.service",
					     "/sys/fs/cgroup/system.slice/containerd.service",
					     "/sys/fs/cgroup/system.slice/podman.service", NULL };

const struct mica_engine_places mica_engine_usual_places = { usual_sockets, usual_cgroups };

/** The process that listens on a socket; 0: none, or it is not to be told. */
static int listener_of(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = {};
	socklen_t size = sizeof(peer);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return 0;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return 0;
	/* A socket of root's directory that somebody else made is nobody's word. The machine's init starts everything:
	 * it is never exempt. */
	return peer.uid == 0 && peer.pid > 1 ? peer.pid : 0;
}

static int each_of_cgroup(const char *cgroup, int (*visit)(int pid, void *userdata), void *userdata)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	char *line, *rest;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	if (mica_file_read(path, PROCS_BYTES, &text, NULL) < 0)
		return 0;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		long pid = strtol(line, NULL, 10);

		if (pid > 1 && pid <= INT_MAX)
			r = visit((int)pid, userdata);
	}
	return r;
}

int mica_engines_each_process(const struct mica_engine_places *places, int (*visit)(int pid, void *userdata),
			      void *userdata)
{
	int r = 0;

	for (size_t i = 0; r == 0 && places->sockets[i]; i++) {
		int pid = listener_of(places->sockets[i]);

		if (pid)
			r = visit(pid, userdata);
	}
	for (size_t i = 0; r == 0 && places->cgroups[i]; i++)
		r = each_of_cgroup(places->cgroups[i], visit, userdata);
	return r;
}

int mica_engines_trust_process(struct mica_enforcer *enforcer, int pid)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* Its other threads are as their leader is. */
	return fd < 0 ? -errno : mica_enforcer_trust(enforcer, fd);
}

struct trusting {
	struct mica_enforcer *enforcer;
	size_t count;
};

static int trust(int pid, void *userdata)
{
	struct trusting *trusting = userdata;
	int r = mica_engines_trust_process(trusting->enforcer, pid);

	if (r == 0)
		trusting->count++;
	else
		mica_log_debug_errno(r, "cannot exempt process %d", pid);
	return 0;
}

int mica_engines_trust(struct mica_enforcer *enforcer, const struct mica_engine_places *places, size_t *ret_count)
{
	struct trusting trusting = { .enforcer = enforcer };
	int r = mica_engines_each_process(places, trust, &trusting);

	if (r < 0)
		return r;
	*ret_count = trusting.count;
	return 0;
}
