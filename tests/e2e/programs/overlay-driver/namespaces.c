// SPDX-License-Identifier: BSD-2-Clause
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operation.h"
#include "scenarios.h"
#include "truth.h"

/** What the kernel does only after a call, when a namespace ends, is over before the next one. */
static void let_namespaces_settle(void)
{
	usleep(500000);
}

void leave_host_namespace(void)
{
	enum who who = OTHER_NS;

	ON_MOUNTS("unshare", NULL);
	ON_MOUNTS("mount", "/", .path2 = "none", .flags = MS_REC | MS_PRIVATE);
}

static void end_own_namespace(struct union_fs *last)
{
	mount_union(OTHER_NS, last);
	let_namespaces_settle();
	operate((struct operation){ .who = OTHER_NS, .call = "exit" });
	let_namespaces_settle();
}

static void kill_namespace(void)
{
	enum who who = SELF;
	int pid = ON_MOUNTS("clone-newns", NULL);

	let_namespaces_settle();
	fprintf(truth, "{\"killed\":%d,\"start\":%ld", pid, now(CLOCK_REALTIME));
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) < 0)
		die("waitpid");
	fprintf(truth, ",\"end\":%ld}\n", now(CLOCK_REALTIME));
}

void end_namespaces(struct union_fs *last)
{
	end_own_namespace(last);
	kill_namespace();
}
