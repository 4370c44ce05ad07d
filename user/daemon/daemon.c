// SPDX-License-Identifier: BSD-2-Clause
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/signals.h"
#include "daemon/child.h"
#include "daemon/keeper.h"
#include "daemon/loop.h"
#include "daemon/notify.h"
#include "daemon/plugin.h"
#include "daemon/plugin_server.h"

#define LOCK_NAME "daemon.lock"
/* The daemon answers within seconds: it does not wait longer for another process that writes. */
#define PATIENCE_MS 2000

struct daemon {
	struct mica_store *store;
	const struct mica_config *config;
	int lock_fd, signal_fd;
	struct mica_loop *loop;
	struct mica_watch signals;
	struct mica_keeper *keeper;
	struct mica_plugin *plugin;
	struct mica_plugin_server *server;
	struct mica_child *trace, *policies;
	/** We made the socket, and take it away. */
	bool own_socket;
};

static int refuse_second(int fd)
{
	char pid[24] = "";
	ssize_t size = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
	mica_log_error("another mica daemon%s%s%s has this store", *pid ? ", process " : "", pid, *pid ? "," : "");
	return -EBUSY;
}

/* The lock goes with the process, however it ends. */
static int take_lock(struct daemon *daemon)
{
	char path[4200], pid[24];
	int size;

	(void)snprintf(path, sizeof(path), "%s/" LOCK_NAME, mica_store_root(daemon->store));
	daemon->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (daemon->lock_fd < 0)
		return mica_log_error_errno(-errno, "cannot open %s", path);
	if (flock(daemon->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return refuse_second(daemon->lock_fd);
	size = snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(daemon->lock_fd, 0) < 0 || pwrite(daemon->lock_fd, pid, (size_t)size, 0) != size)
		return mica_log_error_errno(-errno, "cannot write %s", path);
	return 0;
}

static void take_signal(uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	struct signalfd_siginfo signal;

	(void)events;
	if (read(daemon->signal_fd, &signal, sizeof(signal)) == sizeof(signal))
		mica_loop_stop(daemon->loop);
}

static int watch_signals(struct daemon *daemon)
{
	int fd = mica_signals_open();

	if (fd < 0)
		return fd;
	daemon->signal_fd = fd;
	daemon->signals = (struct mica_watch){ .fd = daemon->signal_fd, .ready = take_signal, .userdata = daemon };
	return mica_loop_watch(daemon->loop, &daemon->signals, EPOLLIN);
}

static int get_socket(struct daemon *daemon)
{
	int fd = mica_notify_listen_fd();

	if (fd == -EINVAL)
		mica_log_error("the service manager passed something else than one listening unix socket");
	if (fd != -ENOENT)
		return fd;
	fd = mica_plugin_listen(daemon->config->socket);
	if (fd == -EADDRINUSE)
		mica_log_error("somebody serves %s already", daemon->config->socket);
	else if (fd < 0)
		mica_log_error_errno(fd, "cannot listen on %s", daemon->config->socket);
	daemon->own_socket = fd >= 0;
	return fd;
}

static int start_plugin(struct daemon *daemon)
{
	int fd = get_socket(daemon), r;

	if (fd < 0)
		return fd;
	r = mica_plugin_new(daemon->loop, daemon->store, daemon->config, &daemon->plugin);
	if (r == 0)
		r = mica_plugin_server_new(daemon->loop, daemon->plugin, fd, &daemon->server);
	return r < 0 ? mica_log_error_errno(r, "cannot serve the volume plugin") : 0;
}

static int start_children(struct daemon *daemon)
{
	const struct mica_config_child *trace = &daemon->config->trace, *policies = &daemon->config->policies;
	int r = 0;

	if (policies->output)
		r = mica_child_start(daemon->loop, policies->arguments, policies->output, &daemon->policies);
	if (r == 0 && trace->output)
		r = mica_child_start(daemon->loop, trace->arguments, trace->output, &daemon->trace);
	return r;
}

static int start(struct daemon *daemon)
{
	int r = mica_loop_new(&daemon->loop);

	if (r == 0)
		r = watch_signals(daemon);
	if (r < 0)
		return mica_log_error_errno(r, "cannot start");
	r = take_lock(daemon);
	if (r < 0)
		return r;
	mica_store_set_patience(daemon->store, PATIENCE_MS);
	mica_store_stay(daemon->store);
	r = start_children(daemon);
	if (r == 0 && daemon->config->plugin)
		r = start_plugin(daemon);
	if (r < 0)
		return r;
	r = mica_keeper_new(daemon->loop, daemon->store,
			    &(struct mica_keeper_options){ .interval = (unsigned)daemon->config->interval,
							   .mount_timeout = (unsigned)daemon->config->mount_timeout },
			    &daemon->keeper);
	return r < 0 ? mica_log_error_errno(r, "cannot watch the mounts") : 0;
}

static void stop(struct daemon *daemon)
{
	mica_child_stop(&daemon->trace);
	mica_child_stop(&daemon->policies);
	mica_plugin_server_free(&daemon->server);
	mica_plugin_free(&daemon->plugin);
	mica_keeper_free(&daemon->keeper);
	if (daemon->own_socket)
		(void)unlink(daemon->config->socket);
	mica_loop_free(&daemon->loop);
	mica_cleanup_close(&daemon->signal_fd);
	mica_cleanup_close(&daemon->lock_fd);
}

int mica_daemon_run(struct mica_store *store, const struct mica_config *config)
{
	struct daemon daemon = { .store = store, .config = config, .lock_fd = -EBADF, .signal_fd = -EBADF };
	struct rlimit files;
	int r;

	/* As many connections as are allowed, and the helpers' pipes. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	r = start(&daemon);
	if (r == 0) {
		(void)mica_notify("READY=1\nSTATUS=Keeping mounts in place");
		mica_log_info("keeping %s%s%s", mica_store_root(store), config->plugin ? ", serving volumes on " : "",
			      config->plugin ? config->socket : "");
		r = mica_loop_run(daemon.loop);
		(void)mica_notify("STOPPING=1");
	}
	stop(&daemon);
	return r;
}
