/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A folder of pins in a bpffs: whole or not there. The pin that says so is made last, and removed first.
 */
#ifndef MICA_KERNEL_PINS_H
#define MICA_KERNEL_PINS_H

#include <stdbool.h>

/** Where a bpffs is by convention. */
#define MICA_BPFFS "/sys/fs/bpf"

/** How the pins of links begin. */
#define MICA_PINS_LINK "link_"
/** The pin that is made last: all is there, and of this version. */
#define MICA_PINS_COMPLETE(abi) "complete-" MICA_PINS_TEXT(abi)
#define MICA_PINS_TEXT(value) #value

/** Whether a directory lies in a bpffs. */
bool mica_pins_are_in_bpffs(const char *directory);
/** Pins `fd` as PREFIX + NAME. 0 or a negative errno. */
int mica_pin(int fd, const char *directory, const char *prefix, const char *name);
/** A descriptor of what is pinned so, or a negative errno. */
int mica_pin_get(const char *directory, const char *prefix, const char *name);
/** Whether there is a pin of that name. */
bool mica_pin_exists(const char *directory, const char *name);
/** Removes the pin `complete`, then all the others, then the directory. 0 or a negative errno; it goes on after one. */
int mica_pins_remove(const char *directory, const char *complete);

#endif
