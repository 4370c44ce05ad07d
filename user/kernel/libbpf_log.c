// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/libbpf_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

/** libbpf's warnings are about attempts whose failure the caller explains: they are for debugging, line by line. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (level == LIBBPF_DEBUG || !mica_log_shows(MICA_LOG_DEBUG))
		return 0;
	if (vasprintf(&text, format, arguments) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		mica_log_debug("%s", line);
	return 0;
}

void mica_libbpf_log_begin(void)
{
	libbpf_set_print(print_libbpf);
}
