// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica oci-runtime`: an OCI runtime for engines without hooks (Docker): adds the hook to the bundle of a new
 * container, and becomes the real runtime.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "container/oci_hook.h"
#include "enforce/keep.h"

#define CONFIG_NAME "config.json"
#define CONFIG_BYTES ((size_t)64 << 20)
#define RUNTIME_OPTION "--runtime"

static const char *const usual_runtimes[] = {
	"/usr/bin/crun", "/usr/sbin/runc", "/usr/bin/runc", "/usr/local/bin/crun", "/usr/local/sbin/runc", NULL,
};

static const char *find_runtime(void)
{
	for (size_t i = 0; usual_runtimes[i]; i++)
		if (access(usual_runtimes[i], X_OK) == 0)
			return usual_runtimes[i];
	return NULL;
}

/** Adds the hook to the bundle's config.json. 0 or a negative errno. */
static int add_hook(const char *bundle)
{
	static const char *const arguments[] = { "mica", "oci-hook", NULL };
	_cleanup_close_ int directory_fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL, *changed = NULL;
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t size;
	int r;

	if (directory_fd < 0 || length < 0)
		return -errno;
	self[length] = '\0';
	r = mica_file_read_at(directory_fd, CONFIG_NAME, CONFIG_BYTES, &text, &size);
	if (r == 0)
		r = mica_oci_add_hook(text, size, self, arguments, &changed);
	if (r != 0)
		return r < 0 ? r : 0;
	return mica_keep_write_file(directory_fd, CONFIG_NAME, changed, strlen(changed));
}

static void print_usage(FILE *out)
{
	(void)fputs(
		"Usage: mica oci-runtime [--runtime=PATH] ARGUMENT...\n\n"
		"An OCI runtime that has each new container given its policies by `mica oci-hook` before its first\n"
		"program runs, and is crun or runc (or PATH) else: all arguments are theirs. For Docker:\n\n"
		"  { \"runtimes\": { \"mica\": { \"path\": \"/usr/local/bin/mica\", \"runtimeArgs\": [ \"oci-runtime\" "
		"] } },\n"
		"    \"default-runtime\": \"mica\" }\n\n"
		"in /etc/docker/daemon.json. mica-oci-runtime(8) tells more.\n",
		out);
}

/* The arguments are the runtime's, --help too: argp has no part in it. */
static int run(int argc, char **argv)
{
	const char *runtime = NULL;
	struct mica_oci_call call;
	int first = 1, r;

	if (argc > 1 && strncmp(argv[1], RUNTIME_OPTION "=", strlen(RUNTIME_OPTION "=")) == 0) {
		runtime = argv[1] + strlen(RUNTIME_OPTION "=");
		first = 2;
	}
	if (argc <= first || (first == 1 && strcmp(argv[1], "--help") == 0)) {
		print_usage(argc <= first ? stderr : stdout);
		return argc <= first ? MICA_EXIT_USAGE : MICA_EXIT_OK;
	}
	if (!runtime)
		runtime = find_runtime();
	if (!runtime) {
		mica_log_error("there is neither crun nor runc; " RUNTIME_OPTION "=PATH says where the runtime is");
		return MICA_EXIT_UNSUPPORTED;
	}
	argv += first - 1;
	argc -= first - 1;
	call = mica_oci_parse_call(argc, argv);
	if (call.verb && (strcmp(call.verb, "create") == 0 || strcmp(call.verb, "run") == 0)) {
		r = add_hook(call.bundle ? call.bundle : ".");
		if (r < 0) {
			mica_log_error_errno(r, "cannot add the hook to %s/" CONFIG_NAME,
					     call.bundle ? call.bundle : ".");
			return MICA_EXIT_FAILURE;
		}
	}
	argv[0] = (char *)runtime;
	(void)execv(runtime, argv);
	mica_log_error_errno(-errno, "cannot run %s", runtime);
	return MICA_EXIT_FAILURE;
}

const struct mica_command mica_command_oci_runtime = {
	.name = "oci-runtime",
	.summary = "be an OCI runtime whose containers have policies from the start",
	.run = run,
};
