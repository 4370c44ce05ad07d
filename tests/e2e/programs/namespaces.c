// SPDX-License-Identifier: BSD-2-Clause
/*
 * Mount namespaces that come and go: namespaces COUNT PARALLEL DIRECTORY. Each process takes a namespace of its own,
 * mounts a tmpfs on DIRECTORY there, makes, renames and removes a file in it, unmounts a second one, and ends. Prints
 * how many there were.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void live(const char *directory)
{
	if (unshare(CLONE_NEWNS) < 0)
		error(1, errno, "unshare");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		error(1, errno, "make / private");
	if (mount("small", directory, "tmpfs", 0, "size=64k") < 0 ||
	    mount("second", directory, "tmpfs", 0, "size=64k") < 0)
		error(1, errno, "mount on %s", directory);
	if (umount2(directory, MNT_DETACH) < 0)
		error(1, errno, "umount %s", directory);
	if (chdir(directory) < 0 || mknod("a", S_IFREG | 0644, 0) < 0 || rename("a", "b") < 0 || unlink("b") < 0)
		error(1, errno, "files of %s", directory);
	/* This one fails after its check, in the file system: nothing may be kept of it. */
	if (mkdir("d", 0755) < 0 || mkdir("e", 0755) < 0 || mkdir("e/f", 0755) < 0)
		error(1, errno, "directories of %s", directory);
	if (rename("d", "e") == 0 || errno != ENOTEMPTY)
		error(1, 0, "renamed to a directory that is not empty");
	_exit(0);
}

static unsigned reap(void)
{
	int status;

	if (wait(&status) < 0)
		error(1, errno, "wait");
	if (status)
		error(1, 0, "a child ended with status %x", (unsigned)status);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		error(2, 0, "usage: namespaces COUNT PARALLEL DIRECTORY");
	unsigned count = (unsigned)atoi(argv[1]), parallel = (unsigned)atoi(argv[2]), living = 0, done = 0;

	for (unsigned i = 0; i < count; i++) {
		if (living == parallel) {
			done += reap();
			living--;
		}
		pid_t pid = fork();

		if (pid < 0)
			error(1, errno, "fork");
		if (pid == 0)
			live(argv[3]);
		living++;
	}
	for (; living; living--)
		done += reap();
	(void)printf("%u\n", done);
	return 0;
}
