/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP server in front of the plugin (libmicrohttpd), in the daemon's own loop. A client that is slow, sends
 * nonsense or opens many connections costs no other one: headers, bodies, times and connections are limited, and of too
 * many connections the one that is idle for longest is closed.
 */
#ifndef MICA_DAEMON_PLUGIN_SERVER_H
#define MICA_DAEMON_PLUGIN_SERVER_H

#include "daemon/loop.h"
#include "daemon/plugin.h"

struct mica_plugin_server;

/** Serves on a listening socket, which becomes the server's. The rest is borrowed. */
int mica_plugin_server_new(struct mica_loop *loop, struct mica_plugin *plugin, int listen_fd,
			   struct mica_plugin_server **ret);
void mica_plugin_server_free(struct mica_plugin_server **server);

/**
 * Makes a listening socket that only root can connect to, in a directory that is made where it is not there. A socket
 * that nobody listens on any more is replaced. A descriptor; -EADDRINUSE: somebody serves there; or a negative errno.
 */
int mica_plugin_listen(const char *path);

#endif
