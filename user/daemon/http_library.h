/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libmicrohttpd, loaded when the daemon serves volumes: it brings GnuTLS along.
 */
#ifndef MICA_DAEMON_HTTP_LIBRARY_H
#define MICA_DAEMON_HTTP_LIBRARY_H

#include <microhttpd.h>

/** The functions of libmicrohttpd that mica calls, each under its own name: X(name). */
#define MICA_HTTP_FUNCTIONS(X)             \
	X(MHD_add_response_header)         \
	X(MHD_create_response_from_buffer) \
	X(MHD_destroy_response)            \
	X(MHD_get_connection_info)         \
	X(MHD_get_daemon_info)             \
	X(MHD_get_timeout)                 \
	X(MHD_queue_response)              \
	X(MHD_resume_connection)           \
	X(MHD_run)                         \
	X(MHD_start_daemon)                \
	X(MHD_stop_daemon)                 \
	X(MHD_suspend_connection)

/* A name of a member cannot stand in parentheses. */
#define MICA_HTTP_MEMBER(function) __typeof__(&(function)) function; /* NOLINT(bugprone-macro-parentheses) */
struct mica_http_library {
	MICA_HTTP_FUNCTIONS(MICA_HTTP_MEMBER)
};
#undef MICA_HTTP_MEMBER

/** Callable once mica_http_library_load has returned 0. */
extern struct mica_http_library libmicrohttpd;

/** Loads it; again is free. 0 or -ELIBACC. */
int mica_http_library_load(void);

#endif
