// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes every mount call that Linux has, so that it works and so that it fails, in the host's mount namespace and in
 * others, and says on stdout what it did: mount-api DIRECTORY. In DIRECTORY, a mount of its own, are the layers of a
 * union (l1, l2, up, work), the union itself, mounted at `union` and with a directory `dir`, and a symlink `link` to
 * the union. A call that this kernel does not have is said on stderr.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "flags.h"
#include "scenarios.h"

static void run(const char *name, void (*scenario)(void), bool own_namespace)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		say(name, 0);
		if (own_namespace) {
			if (call(&k_unshare, (long)CLONE_NEWNS) < 0)
				die("unshare");
			(void)call(&k_mount, NONE, "/", NONE, (long)(MS_REC | MS_PRIVATE), NONE);
		}
		scenario();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		die(name);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0)
		die("usage: mount-api DIRECTORY");
	run("contexts on the host", host_contexts, false);
	run("trees on the host", host_trees, false);
	run("mounts on the host", host_mounts, false);
	run("contexts in a namespace", contexts, true);
	run("trees in a namespace", trees, true);
	run("mounts in a namespace", mounts, true);
	run("a new root", new_root, true);
	run("no privilege", no_privilege, true);
	if (have_int80())
		run("32-bit calls", calls_32, true);
	else
		(void)fprintf(stderr, "mount-api: NOT TESTED: this kernel has no calls for 32-bit code\n");
	run("namespaces", namespaces, true);
	return 0;
}
