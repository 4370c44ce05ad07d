/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

static _Atomic int shown_level = MICA_LOG_INFO;

void mica_log_set_level(enum mica_log_level level)
{
	atomic_store(&shown_level, (int)level);
}

void mica_log_set_level_from_environment(void)
{
	const char *value = getenv("MICA_DEBUG");
	if (value && strcmp(value, "1") == 0)
		mica_log_set_level(MICA_LOG_DEBUG);
}

bool mica_log_shows(enum mica_log_level level)
{
	return (int)level <= atomic_load_explicit(&shown_level, memory_order_relaxed);
}

__attribute__((format(printf, 2, 0))) static void print(int error, const char *format, va_list arguments)
{
	_cleanup_buffer_ struct mica_buffer text = {}, line = {};

	(void)mica_buffer_vappendf(&text, format, arguments);
	if (error)
		(void)mica_buffer_appendf(&text, ": %s", strerror(error));
	(void)mica_buffer_append_string(&line, "mica: ");
	(void)mica_utf8_append_escaped(&line, text.data, text.size);
	(void)mica_buffer_append_byte(&line, '\n');
	/* One call, so that lines of several processes do not mix; there is nobody to tell if stderr fails. */
	if (text.failed || line.failed)
		(void)fputs("mica: out of memory\n", stderr);
	else
		(void)fwrite(line.data, 1, line.size, stderr);
}

void mica_log(enum mica_log_level level, const char *format, ...)
{
	if (!mica_log_shows(level))
		return;
	int kept_errno = errno;
	va_list arguments;
	va_start(arguments, format);
	print(0, format, arguments);
	va_end(arguments);
	errno = kept_errno;
}

int mica_log_errno(enum mica_log_level level, int error, const char *format, ...)
{
	int positive = error < 0 ? -error : error;
	if (!mica_log_shows(level))
		return -positive;
	int kept_errno = errno;
	va_list arguments;
	va_start(arguments, format);
	print(positive, format, arguments);
	va_end(arguments);
	errno = kept_errno;
	return -positive;
}
