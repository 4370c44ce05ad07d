/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Acts that a policy may forbid, each by the system calls that it is about, and what came of it: see main.c.
 */
#ifndef ACT_H
#define ACT_H

#include <stdbool.h>
#include <stddef.h>

struct act {
	const char *name;
	/** How many arguments it takes, at least; and which. */
	int arguments;
	const char *usage;
	/** 0 if it was done, a negative errno if it was refused. `args` ends with NULL. */
	int (*run)(char **args);
};

extern const struct act name_acts[];
extern const struct act look_acts[];
extern const struct act descriptor_acts[];
extern const struct act transfer_acts[];
extern const struct act change_acts[];
extern const struct act attribute_acts[];
extern const struct act device_acts[];
extern const struct act uring_acts[];
extern const struct act mount_acts[];
extern const struct act tree_acts[];
extern const struct act race_acts[];
extern const struct act self_acts[];
extern const struct act sum_acts[];

/** Runs the words before the act that say from where it is done (nest, userns, comm, …); the first word of the act. */
char **take_prefixes(char **args);

/** The result of a system call as an act returns it. */
int done(long result);
/**
 * What went before is preparation, what follows is the act. With `hold`, the process that prepared goes on in the
 * background here, and acts when it gets SIGUSR1.
 */
void now(void);
extern bool hold;
/** The process that the kernel has acted for, if it is not the caller's: a child's. */
extern int actor;
/** The preparation failed: says so, and ends with status 3. */
_Noreturn void unable(const char *what);

/** Opens, or is unable; a path only (O_PATH), unless it is held: opening it is part of the act. */
int prepare_open(const char *path, int flags);
/** Writes a byte, closes. */
int write_byte(int fd);

#endif
