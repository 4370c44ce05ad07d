// SPDX-License-Identifier: BSD-2-Clause
/*
 * The last steps of a container runtime: enter-union ROOT PROGRAM [ARGUMENT…] makes ROOT, a mount point, the root of
 * this mount namespace, lets go of the old one, and runs the program: the first one whose root is the union.
 */
#include <errno.h>
#include <error.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char *environment[] = { "PATH=/bin", "HOME=/", NULL };

	if (argc < 3)
		error(2, 0, "usage: enter-union ROOT PROGRAM [ARGUMENT…]");
	if (chdir(argv[1]) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		error(1, errno, "%s", argv[1]);
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		error(1, errno, "the old root");
	(void)execve(argv[2], argv + 2, environment);
	error(1, errno, "%s", argv[2]);
	return 1;
}
