// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/error.h"
#include "kernel/enforcer_internal.h"

/** Room for voices of subjects that are named later. */
#define SPARE_VOICES 16384U
#define SUBJECTS 65536U
#define SPARE_VIEWS 65536U

/** Groups of views that set_subject gives begin here; those of an image are below. */
#define FIRST_GROUP 0x80000000U

/** The parts of a set, each an inner map. */
enum part {
	PART_TABLES,
	PART_VOICES,
	PART_MOUNTS,
	PART_COUNTERS,
	PART_SUBJECTS,
	PART_VIEWS,
	_PART_MAX,
};

static const struct part_type {
	enum mica_enforcer_map outer;
	const char *name;
	enum bpf_map_type type;
	__u32 flags;
	__u32 key_bytes;
	__u32 value_bytes;
} part_types[_PART_MAX] = {
	[PART_TABLES] = { MICA_MAP_TABLES, "mica_tables", BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, 4,
			  sizeof(struct mica_policy_chunk) },
	[PART_VOICES] = { MICA_MAP_VOICES, "mica_voices", BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, 4,
			  sizeof(struct mica_enforce_voice) },
	[PART_MOUNTS] = { MICA_MAP_MOUNTS, "mica_mounts", BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, 4,
			  sizeof(struct mica_enforce_mount) },
	[PART_COUNTERS] = { MICA_MAP_COUNTERS, "mica_counters", BPF_MAP_TYPE_ARRAY, BPF_F_INNER_MAP, 4,
			    sizeof(struct mica_enforce_counter) },
	[PART_SUBJECTS] = { MICA_MAP_SUBJECTS, "mica_subjects", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC, 8,
			    sizeof(struct mica_enforce_subject) },
	[PART_VIEWS] = { MICA_MAP_VIEWS, "mica_views", BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC,
			 sizeof(struct mica_enforce_view_key), sizeof(struct mica_enforce_view) },
};

struct parts {
	int fd[_PART_MAX];
};

static void parts_close(struct parts *parts)
{
	for (int i = 0; i < _PART_MAX; i++)
		if (parts->fd[i] > 0)
			(void)close(parts->fd[i]);
}

static int part_create(enum part part, uint32_t entries, struct parts *parts)
{
	const struct part_type *type = &part_types[part];
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = type->flags);

	/* An array of nothing is refused. */
	parts->fd[part] = bpf_map_create(type->type, type->name, type->key_bytes, type->value_bytes,
					 entries ? entries : 1, &options);
	return parts->fd[part] < 0 ? -errno : 0;
}

static int put(int map, const void *key, const void *value)
{
	return bpf_map_update_elem(map, key, value, BPF_ANY) ? -errno : 0;
}

/** Elements of an array from `first` on. */
static int fill_array(int map, uint32_t first, const void *values, uint32_t count, size_t value_bytes)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++) {
		uint32_t key = first + i;

		r = put(map, &key, (const char *)values + i * value_bytes);
	}
	return r;
}

static int fill_parts(const struct parts *parts, const struct mica_enforcer_image *image)
{
	int r = fill_array(parts->fd[PART_TABLES], 0, image->chunks, image->chunk_count, sizeof(*image->chunks));

	if (r == 0)
		r = fill_array(parts->fd[PART_VOICES], 0, image->voices, image->voice_count, sizeof(*image->voices));
	if (r == 0)
		r = fill_array(parts->fd[PART_MOUNTS], 0, image->mounts, image->mount_count, sizeof(*image->mounts));
	for (uint32_t i = 0; r == 0 && i < image->view_count; i++)
		r = put(parts->fd[PART_VIEWS], &image->views[i].key, &image->views[i].view);
	for (uint32_t i = 0; r == 0 && i < image->subject_count; i++)
		r = put(parts->fd[PART_SUBJECTS], &image->subjects[i].number, &image->subjects[i].subject);
	return r;
}

static int make_parts(struct parts *parts, const struct mica_enforcer_image *image)
{
	uint32_t subjects = image->subject_count + SUBJECTS;
	int r = part_create(PART_TABLES, image->chunk_count, parts);

	if (r == 0)
		r = part_create(PART_VOICES, image->voice_count + SPARE_VOICES, parts);
	if (r == 0)
		r = part_create(PART_MOUNTS, image->mount_count, parts);
	if (r == 0)
		r = part_create(PART_COUNTERS, image->counter_count, parts);
	if (r == 0)
		r = part_create(PART_SUBJECTS, subjects, parts);
	if (r == 0)
		r = part_create(PART_VIEWS, image->view_count + SPARE_VIEWS, parts);
	return r < 0 ? r : fill_parts(parts, image);
}

static bool is_view_within(const struct mica_enforce_view *view, uint32_t voices)
{
	return view->first <= voices && view->count <= voices - view->first;
}

static bool is_subject_within(const struct mica_enforce_subject *subject, uint32_t voices)
{
	return is_view_within(&subject->own_union, voices) && is_view_within(&subject->foreign_union, voices) &&
	       is_view_within(&subject->volume, voices) && is_view_within(&subject->layer, voices) &&
	       is_view_within(&subject->nowhere, voices) && is_view_within(&subject->capability, voices);
}

/** Nothing in an image is trusted to be consistent: a verdict by one that is not would be nobody's. */
static const char *find_fault(const struct mica_enforcer_image *image)
{
	if (!image->subject_count || image->subjects[0].number)
		return "it has no default subject";
	if (image->counter_count < _MICA_ENFORCE_COUNT_MAX)
		return "it has too few counters";
	for (uint32_t i = 0; i < image->subject_count; i++)
		if (!is_subject_within(&image->subjects[i].subject, image->voice_count) ||
		    image->subjects[i].subject.group >= FIRST_GROUP)
			return "a subject names voices that are not there";
	for (uint32_t i = 0; i < image->view_count; i++)
		if (!is_view_within(&image->views[i].view, image->voice_count))
			return "a view names voices that are not there";
	for (uint32_t i = 0; i < image->voice_count; i++) {
		const struct mica_enforce_voice *voice = &image->voices[i];

		if (voice->kind == MICA_ENFORCE_MOUNTS &&
		    (voice->root > image->mount_count || voice->count > image->mount_count - voice->root))
			return "a voice names mounts that are not there";
		if (voice->counter >= image->counter_count)
			return "a voice names a counter that is not there";
	}
	return NULL;
}

/** The place of the set in force; MICA_ENFORCE_SETS: none. */
static int read_active(const struct mica_enforcer *enforcer, uint32_t *ret)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(enforcer->maps[MICA_MAP_ACTIVE], &zero, ret) ? -errno : 0;
}

static int write_active(const struct mica_enforcer *enforcer, uint32_t place)
{
	uint32_t zero = 0;

	return put(enforcer->maps[MICA_MAP_ACTIVE], &zero, &place);
}

/** Empties a place. What is not there is no error. */
static void clear_place(const struct mica_enforcer *enforcer, uint32_t place)
{
	const struct mica_enforce_header nothing = {};

	(void)put(enforcer->maps[MICA_MAP_HEADERS], &place, &nothing);
	for (int i = 0; i < _PART_MAX; i++)
		(void)bpf_map_delete_elem(enforcer->maps[part_types[i].outer], &place);
}

/** Puts the parts into their place. The kernel waits, at each, until no program works with what was there before. */
static int set_place(const struct mica_enforcer *enforcer, uint32_t place, const struct parts *parts,
		     const struct mica_enforce_header *header)
{
	int r = 0;

	for (int i = 0; r == 0 && i < _PART_MAX; i++)
		r = put(enforcer->maps[part_types[i].outer], &place, &parts->fd[i]);
	if (r == 0)
		r = put(enforcer->maps[MICA_MAP_HEADERS], &place, header);
	return r;
}

/** Until no program runs that began before: the kernel waits so when an element of an outer map is set. */
static int wait_for_programs(const struct mica_enforcer *enforcer, uint32_t place, const struct parts *parts)
{
	return put(enforcer->maps[MICA_MAP_COUNTERS], &place, &parts->fd[PART_COUNTERS]);
}

/** Those who change a pinned set do so one after the other. Closing the descriptor ends it. */
static int lock(const struct mica_enforcer *enforcer)
{
	int fd;

	if (!enforcer->directory)
		return -EBADF;
	fd = open(enforcer->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
	return fd;
}

int mica_enforcer_header(const struct mica_enforcer *enforcer, struct mica_enforce_header *ret)
{
	struct mica_enforce_header header;
	uint32_t place;
	int r = read_active(enforcer, &place);

	if (r < 0)
		return r;
	if (place >= MICA_ENFORCE_SETS)
		return -ENOENT;
	if (bpf_map_lookup_elem(enforcer->maps[MICA_MAP_HEADERS], &place, &header))
		return -errno;
	*ret = header;
	return 0;
}

static struct mica_enforce_header complete_header(struct mica_enforcer *enforcer,
						  const struct mica_enforcer_image *image)
{
	struct mica_enforce_header header = image->header, old = {};

	(void)mica_enforcer_header(enforcer, &old);
	if (old.generation > enforcer->generation)
		enforcer->generation = old.generation;
	header.generation = ++enforcer->generation;
	header.chunk_count = image->chunk_count;
	header.voice_count = image->voice_count;
	header.voice_capacity = image->voice_count + SPARE_VOICES;
	header.mount_count = image->mount_count;
	header.counter_count = image->counter_count;
	header.guard_counter = MICA_ENFORCE_COUNT_GUARD_LAYERS;
	return header;
}

static int check_image(const struct mica_enforcer *enforcer, const struct mica_enforcer_image *image,
		       struct mica_problem *problem)
{
	uint32_t operations = mica_enforcer_number_get(enforcer, MICA_NUMBER_OPERATIONS);
	uint32_t guards = mica_enforcer_number_get(enforcer, MICA_NUMBER_GUARDS);
	const char *fault = find_fault(image);

	if (fault)
		return mica_problem_refuse(problem, -EINVAL, "the compiled policies are not consistent: %s", fault);
	if (image->header.operations & ~operations || image->header.guards & ~guards & ~MICA_ENFORCE_GUARD_AUDIT)
		return mica_problem_refuse(problem, -ENOSYS,
					   "the policies decide operations that have no hook attached");
	return 0;
}

int mica_enforcer_publish(struct mica_enforcer *enforcer, const struct mica_enforcer_image *image,
			  struct mica_problem *ret_problem)
{
	_cleanup_(parts_close) struct parts parts = {};
	_cleanup_close_ int locked = lock(enforcer);
	struct mica_enforce_header header;
	uint32_t old, place;
	int r;

	*ret_problem = (struct mica_problem){};
	r = check_image(enforcer, image, ret_problem);
	if (r < 0)
		return r;
	r = read_active(enforcer, &old);
	if (r == 0)
		r = make_parts(&parts, image);
	if (r < 0)
		return mica_problem_refuse(ret_problem, r, "cannot give the policies to the kernel: %s",
					   mica_errno_name(r));
	place = old == 0;
	header = complete_header(enforcer, image);
	r = set_place(enforcer, place, &parts, &header);
	if (r == 0)
		r = write_active(enforcer, place);
	if (r < 0) {
		clear_place(enforcer, place);
		return mica_problem_refuse(ret_problem, r, "cannot put the policies in force: %s", mica_errno_name(r));
	}
	(void)wait_for_programs(enforcer, place, &parts);
	if (old < MICA_ENFORCE_SETS)
		clear_place(enforcer, old);
	return 0;
}

int mica_enforcer_withdraw(struct mica_enforcer *enforcer)
{
	_cleanup_close_ int locked = lock(enforcer);
	uint32_t old;
	int r = read_active(enforcer, &old);

	if (r == 0)
		r = write_active(enforcer, MICA_ENFORCE_SETS);
	if (r < 0)
		return r;
	for (uint32_t place = 0; place < MICA_ENFORCE_SETS; place++)
		clear_place(enforcer, place);
	return 0;
}

/** A descriptor of a part of the set in force. Negative errno. */
static int open_part(const struct mica_enforcer *enforcer, enum part part, uint32_t place)
{
	uint32_t id;
	int fd;

	if (bpf_map_lookup_elem(enforcer->maps[part_types[part].outer], &place, &id))
		return -errno;
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? -errno : fd;
}

int mica_enforcer_read_counters(const struct mica_enforcer *enforcer, uint32_t first, uint32_t count,
				struct mica_enforce_counter *ret)
{
	_cleanup_close_ int map = -EBADF;
	struct mica_enforce_header header = {};
	uint32_t place = 0;
	int r = mica_enforcer_header(enforcer, &header);

	if (r == 0)
		r = read_active(enforcer, &place);
	if (r < 0)
		return r;
	if (first > header.counter_count || count > header.counter_count - first)
		return -ERANGE;
	map = open_part(enforcer, PART_COUNTERS, place);
	if (map < 0)
		return map;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t key = first + i;

		if (bpf_map_lookup_elem(map, &key, &ret[i]))
			return -errno;
	}
	return 0;
}

/** Removes the views of a group. */
static void remove_views(int map, uint32_t group)
{
	struct mica_enforce_view_key key, next;

	for (int more = !bpf_map_get_next_key(map, NULL, &key); more; key = next) {
		more = !bpf_map_get_next_key(map, &key, &next);
		if (key.group == group)
			(void)bpf_map_delete_elem(map, &key);
	}
}

static void shift(struct mica_enforce_view *view, uint32_t by)
{
	view->first += by;
}

/** What the kernel remembers of verdicts is void. */
static int subjects_changed(const struct mica_enforcer *enforcer)
{
	return mica_enforcer_number_set(enforcer, MICA_NUMBER_SUBJECTS_CHANGED,
					mica_enforcer_number_get(enforcer, MICA_NUMBER_SUBJECTS_CHANGED) + 1);
}

/** Everything that is new about a subject, before its entry names it. */
static int add_subject(const struct parts *parts, uint64_t number, struct mica_enforce_subject subject, uint32_t base,
		       const struct mica_enforcer_image_view *views, uint32_t view_count)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < view_count; i++) {
		struct mica_enforcer_image_view view = views[i];

		view.key.group = subject.group;
		shift(&view.view, base);
		r = put(parts->fd[PART_VIEWS], &view.key, &view.view);
	}
	shift(&subject.own_union, base);
	shift(&subject.foreign_union, base);
	shift(&subject.volume, base);
	shift(&subject.layer, base);
	shift(&subject.nowhere, base);
	shift(&subject.capability, base);
	return r < 0 ? r : put(parts->fd[PART_SUBJECTS], &number, &subject);
}

static int open_parts(const struct mica_enforcer *enforcer, uint32_t place, struct parts *parts)
{
	for (int i = PART_VOICES; i < _PART_MAX; i++) {
		parts->fd[i] = open_part(enforcer, i, place);
		if (parts->fd[i] < 0)
			return parts->fd[i];
	}
	return 0;
}

int mica_enforcer_set_subject(struct mica_enforcer *enforcer, uint64_t number,
			      const struct mica_enforce_subject *subject, const struct mica_enforce_voice *voices,
			      uint32_t voice_count, const struct mica_enforcer_image_view *views, uint32_t view_count)
{
	_cleanup_(parts_close) struct parts parts = {};
	_cleanup_close_ int locked = lock(enforcer);
	struct mica_enforce_subject fresh = *subject, old = {};
	struct mica_enforce_header header = {};
	uint32_t place = 0, base;
	uint64_t group;
	int r;

	if (!number || !is_subject_within(subject, voice_count))
		return -EINVAL;
	r = mica_enforcer_header(enforcer, &header);
	if (r == 0)
		r = read_active(enforcer, &place);
	if (r == 0)
		r = open_parts(enforcer, place, &parts);
	if (r < 0)
		return r;
	base = header.voice_count;
	if (voice_count > header.voice_capacity - base)
		return -ENOSPC;
	header.voice_count += voice_count;
	group = mica_enforcer_number_get(enforcer, MICA_NUMBER_LAST_GROUP) + 1;
	fresh.group = FIRST_GROUP | (uint32_t)group;
	(void)bpf_map_lookup_elem(parts.fd[PART_SUBJECTS], &number, &old);
	r = mica_enforcer_number_set(enforcer, MICA_NUMBER_LAST_GROUP, group);
	if (r == 0)
		r = fill_array(parts.fd[PART_VOICES], base, voices, voice_count, sizeof(*voices));
	if (r == 0)
		r = put(enforcer->maps[MICA_MAP_HEADERS], &place, &header);
	if (r == 0)
		r = add_subject(&parts, number, fresh, base, views, view_count);
	if (r == 0)
		r = subjects_changed(enforcer);
	remove_views(parts.fd[PART_VIEWS], r < 0 ? fresh.group : old.group);
	return r;
}

int mica_enforcer_forget_subject(struct mica_enforcer *enforcer, uint64_t number)
{
	_cleanup_(parts_close) struct parts parts = {};
	_cleanup_close_ int locked = lock(enforcer);
	struct mica_enforce_subject old = {};
	uint32_t place;
	int r = number ? read_active(enforcer, &place) : -EINVAL;

	if (r == 0)
		r = place < MICA_ENFORCE_SETS ? open_parts(enforcer, place, &parts) : -ENOENT;
	if (r < 0)
		return r;
	if (bpf_map_lookup_elem(parts.fd[PART_SUBJECTS], &number, &old) ||
	    bpf_map_delete_elem(parts.fd[PART_SUBJECTS], &number))
		return -errno;
	remove_views(parts.fd[PART_VIEWS], old.group);
	return subjects_changed(enforcer);
}
