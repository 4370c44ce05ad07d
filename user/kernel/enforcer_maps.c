// SPDX-License-Identifier: BSD-2-Clause
/*
 * enforcer.h: how full the tables of the set in force are.
 */
#include <errno.h>
#include <string.h>

#include "kernel/enforcer_internal.h"

/** A key of any of the tables. */
#define KEY_BYTES 64

/** Entries that a hash table has now. */
static uint64_t count_keys(int fd)
{
	char key[KEY_BYTES] = {}, next[KEY_BYTES];
	uint64_t count = 0;

	for (int r = bpf_map_get_next_key(fd, NULL, next); r == 0; r = bpf_map_get_next_key(fd, key, next)) {
		memcpy(key, next, sizeof(key));
		count++;
	}
	return count;
}

/** The table at the active place of a table of tables: a descriptor, which the caller closes, or a negative errno. */
static int open_active(const struct mica_enforcer *enforcer, enum mica_enforcer_map map)
{
	uint32_t zero = 0, place, id;
	int fd;

	if (bpf_map_lookup_elem(enforcer->maps[MICA_MAP_ACTIVE], &zero, &place) ||
	    bpf_map_lookup_elem(enforcer->maps[map], &place, &id))
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? -errno : fd;
}

static int visit_hash(const struct mica_enforcer *enforcer, enum mica_enforcer_map map,
		      int (*visit)(const char *name, uint64_t used, uint64_t max, void *userdata), void *userdata)
{
	_cleanup_close_ int fd = open_active(enforcer, map);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || info.key_size > KEY_BYTES)
		return 0;
	return visit(mica_enforcer_map_names[map], count_keys(fd), info.max_entries, userdata);
}

int mica_enforcer_each_map(const struct mica_enforcer *enforcer,
			   int (*visit)(const char *name, uint64_t used, uint64_t max, void *userdata), void *userdata)
{
	struct mica_enforce_header header;
	int r = mica_enforcer_header(enforcer, &header);

	if (r < 0)
		return r;
	r = visit_hash(enforcer, MICA_MAP_SUBJECTS, visit, userdata);
	if (r == 0)
		r = visit_hash(enforcer, MICA_MAP_VIEWS, visit, userdata);
	if (r == 0)
		r = visit(mica_enforcer_map_names[MICA_MAP_VOICES], header.voice_count, header.voice_capacity,
			  userdata);
	if (r == 0)
		r = visit(mica_enforcer_map_names[MICA_MAP_TABLES], header.chunk_count, MICA_POLICY_MAX_CHUNKS,
			  userdata);
	return r;
}
