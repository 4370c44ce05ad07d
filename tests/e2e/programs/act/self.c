// SPDX-License-Identifier: BSD-2-Clause
/*
 * Acts on what enforces: links, maps and programs in the kernel, and their pins.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

static long bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/** For each object of a kind: a descriptor of it, and what `attack` does to it. ok: one of them was taken. */
static int each_id(int next, int get, int (*attack)(int fd))
{
	int refusal = -ENOENT;
	uint32_t id = 0;

	for (;;) {
		union bpf_attr attributes = { .start_id = id };

		if (bpf(next, &attributes) < 0)
			return errno == ENOENT ? refusal : -errno;
		id = attributes.next_id;
		attributes = (union bpf_attr){ .prog_id = id };
		int fd = (int)bpf(get, &attributes);

		if (fd < 0) {
			refusal = -errno;
			continue;
		}
		int result = attack(fd);

		(void)close(fd);
		if (result == 0)
			return 0;
		refusal = result;
	}
}

static int detach(int fd)
{
	union bpf_attr attributes = { .link_detach.link_fd = (uint32_t)fd };

	return done(bpf(BPF_LINK_DETACH, &attributes));
}

/** Empties the map of its first key. */
static int empty(int fd)
{
	char key[512] = { 0 };
	union bpf_attr attributes = { .map_fd = (uint32_t)fd, .next_key = (uintptr_t)key };

	if (bpf(BPF_MAP_GET_NEXT_KEY, &attributes) < 0)
		return -errno;
	attributes = (union bpf_attr){ .map_fd = (uint32_t)fd, .key = (uintptr_t)key };
	return done(bpf(BPF_MAP_DELETE_ELEM, &attributes));
}

static int freeze(int fd)
{
	union bpf_attr attributes = { .map_fd = (uint32_t)fd };

	return done(bpf(BPF_MAP_FREEZE, &attributes));
}

static int look(int fd)
{
	(void)fd;
	return 0;
}

static int act_link_detach(char **args)
{
	(void)args;
	return each_id(BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID, detach);
}

static int act_map_delete(char **args)
{
	(void)args;
	return each_id(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, empty);
}

static int act_map_freeze(char **args)
{
	(void)args;
	return each_id(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, freeze);
}

static int act_program_get(char **args)
{
	(void)args;
	return each_id(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, look);
}

static int act_pin_get(char **args)
{
	union bpf_attr attributes = { .pathname = (uintptr_t)args[0] };

	return done(bpf(BPF_OBJ_GET, &attributes));
}

const struct act self_acts[] = {
	{ "bpf-link-detach", 0, "", act_link_detach }, { "bpf-map-delete", 0, "", act_map_delete },
	{ "bpf-map-freeze", 0, "", act_map_freeze },   { "bpf-program-get", 0, "", act_program_get },
	{ "bpf-pin-get", 1, "PIN", act_pin_get },      {},
};
