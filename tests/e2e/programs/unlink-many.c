// SPDX-License-Identifier: BSD-2-Clause
/*
 * Makes files in directories, or removes them again, as fast as it goes:
 *
 *	unlink-many make DIRECTORY COUNT DIRECTORIES
 *	unlink-many remove DIRECTORY COUNT DIRECTORIES THREADS
 *
 * DIRECTORY/dN/fM; each thread takes directories of its own. Prints how many there were.
 */
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct share {
	pthread_t thread;
	int root;
	bool make;
	unsigned first, step, directories, files;
	unsigned long done;
};

static void visit_directory(struct share *share, unsigned directory)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "d%u", directory);
	if (share->make && mkdirat(share->root, name, 0755) < 0)
		error(1, errno, "mkdir %s", name);
	int fd = openat(share->root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		error(1, errno, "open %s", name);
	for (unsigned file = 0; file < share->files; file++) {
		(void)snprintf(name, sizeof(name), "f%u", file);
		if (share->make ? mknodat(fd, name, S_IFREG | 0644, 0) : unlinkat(fd, name, 0))
			error(1, errno, "d%u/%s", directory, name);
		share->done++;
	}
	(void)close(fd);
}

static void *work(void *argument)
{
	struct share *share = argument;

	for (unsigned directory = share->first; directory < share->directories; directory += share->step)
		visit_directory(share, directory);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		error(2, 0, "usage: unlink-many make|remove DIRECTORY COUNT DIRECTORIES [THREADS]");
	bool make = strcmp(argv[1], "make") == 0;
	unsigned count = (unsigned)atoi(argv[3]), directories = (unsigned)atoi(argv[4]);
	unsigned threads = argc > 5 ? (unsigned)atoi(argv[5]) : 1;
	int root = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct share *shares = calloc(threads, sizeof(*shares));
	unsigned long done = 0;

	if (root < 0)
		error(1, errno, "open %s", argv[2]);
	if (!shares || !directories || count % directories)
		error(2, 0, "COUNT must be a multiple of DIRECTORIES");
	for (unsigned i = 0; i < threads; i++) {
		shares[i] = (struct share){ .root = root,
					    .make = make,
					    .first = i,
					    .step = threads,
					    .directories = directories,
					    .files = count / directories };
		if (pthread_create(&shares[i].thread, NULL, work, &shares[i]))
			error(1, 0, "no thread");
	}
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(shares[i].thread, NULL);
		done += shares[i].done;
	}
	(void)printf("%lu\n", done);
	return 0;
}
