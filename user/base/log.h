/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to the user, on stderr: one line each, "mica: text". Library code logs at debug only; whoever knows what it
 * means to the user (a command) logs once, with the errno.
 */
#ifndef MICA_BASE_LOG_H
#define MICA_BASE_LOG_H

#include <stdbool.h>

enum mica_log_level {
	MICA_LOG_ERROR = 0,
	MICA_LOG_WARNING,
	MICA_LOG_INFO,
	MICA_LOG_DEBUG,
};

/** Shows messages up to this level; at start MICA_LOG_INFO. */
void mica_log_set_level(enum mica_log_level level);
/** MICA_LOG_DEBUG if the environment has MICA_DEBUG=1. */
void mica_log_set_level_from_environment(void);
/** For work that is only done to be logged. */
bool mica_log_shows(enum mica_log_level level);

/** Control bytes and invalid UTF-8 in the text are escaped, for names in it may be hostile. Keeps errno. */
__attribute__((format(printf, 2, 3))) void mica_log(enum mica_log_level level, const char *format, ...);
/** Appends ": No space left on device"; `error` may be positive or negative. Returns it, made negative. */
__attribute__((format(printf, 3, 4))) int mica_log_errno(enum mica_log_level level, int error, const char *format, ...);

#define mica_log_error(...) mica_log(MICA_LOG_ERROR, __VA_ARGS__)
#define mica_log_warning(...) mica_log(MICA_LOG_WARNING, __VA_ARGS__)
#define mica_log_info(...) mica_log(MICA_LOG_INFO, __VA_ARGS__)
#define mica_log_debug(...) mica_log(MICA_LOG_DEBUG, __VA_ARGS__)
#define mica_log_error_errno(error, ...) mica_log_errno(MICA_LOG_ERROR, error, __VA_ARGS__)
#define mica_log_warning_errno(error, ...) mica_log_errno(MICA_LOG_WARNING, error, __VA_ARGS__)
#define mica_log_debug_errno(error, ...) mica_log_errno(MICA_LOG_DEBUG, error, __VA_ARGS__)

#endif
