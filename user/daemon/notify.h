/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service manager and a service tell each other (sd_notify(3), sd_listen_fds(3)): two small, stable protocols,
 * for which no library is needed.
 */
#ifndef MICA_DAEMON_NOTIFY_H
#define MICA_DAEMON_NOTIFY_H

/** Sends "READY=1", "STATUS=…" and so on, where somebody listens. 0: nobody does; 1: sent; or a negative errno. */
int mica_notify(const char *state);

/** The socket that the service manager opened for us; -ENOENT: none was; -EINVAL: several, or no listening unix socket.
 *  The environment is cleared of it. */
int mica_notify_listen_fd(void);

#endif
