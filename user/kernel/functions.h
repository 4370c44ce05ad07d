/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's functions as its BTF has them: is one there, and does it look as a program expects.
 */
#ifndef MICA_KERNEL_FUNCTIONS_H
#define MICA_KERNEL_FUNCTIONS_H

#include "kernel/programs.h"

struct mica_functions;

/** Loads the BTF of the kernel and of the overlay module. 0; -ENOENT: the kernel has no BTF; other errno. */
int mica_functions_load(struct mica_functions **ret);
void mica_functions_free(struct mica_functions **functions);

/** BTF id of a function of the kernel itself (not of a module), or -ENOENT. */
int mica_functions_id(const struct mica_functions *functions, const char *name);

/** True: overlayfs' functions are known: its module is loaded, or it is built in. */
bool mica_functions_have_overlay(const struct mica_functions *functions);

/** 0: the program's function is there and looks as the program needs it; -ENOENT: it is not there; -EPROTO: it looks
 *  different. */
int mica_functions_check(const struct mica_functions *functions, const struct mica_program *program);

#endif
