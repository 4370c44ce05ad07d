/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dead-server PATH: mounts a FUSE file system at the path and never answers a request, as a network file system whose
 * server is dead; it also holds the mount's root open by a descriptor. Says "mounted", and sleeps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int device = open("/dev/fuse", O_RDWR);
	char options[100];

	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
	if (argc != 2 || device < 0 || mount("dead", argv[1], "fuse", 0, options) < 0) {
		perror("dead-server");
		return 1;
	}
	if (open(argv[1], O_PATH) < 0) {
		perror(argv[1]);
		return 1;
	}
	puts("mounted");
	(void)fflush(stdout);
	sleep(1000);
	return 0;
}
