// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/branch_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/branch_guard_internal.h"

/** Those who load or remove the guard do so one after the other. Closing the descriptor ends it. */
static int lock(void)
{
	_cleanup_close_ int fd = open(MICA_BPFFS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/** Has the kernel look at one of our descriptors. */
static int request(struct mica_branch_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = call, .ctx_size_in = sizeof(*call));
	_cleanup_close_ int program = mica_branch_guard_get("request");

	if (program < 0)
		return program;
	call->error = -EIO;
	if (bpf_prog_test_run_opts(program, &options))
		return -errno;
	return call->error;
}

/** A map of unions that is empty: nobody is in its care. */
static bool is_unused(void)
{
	_cleanup_close_ int map = mica_branch_guard_get("unions");
	uint64_t key;

	return map < 0 || bpf_map_get_next_key(map, NULL, &key) != 0;
}

/** Loads the guard if it is not there. One that is not whole has no union in its care: it was killed while it was made.
 */
static int bring_up(struct mica_problem *problem)
{
	int r = mica_branch_guard_check();

	if (r == -EPROTO && is_unused())
		r = mica_branch_guard_unpin() < 0 ? -EPROTO : -ENOENT;
	if (r == -ENOENT)
		return mica_branch_guard_load(problem);
	if (r < 0) {
		(void)snprintf(problem->what, sizeof(problem->what),
			       "what is pinned in %s is of another version of mica, or not all there",
			       MICA_BRANCH_PINS);
		(void)snprintf(problem->remedy, sizeof(problem->remedy),
			       "unmount the unions with read-only branches above, then remove that directory");
	}
	return r;
}

static int name_branches(uint64_t number, uint32_t count, const char *const *directories)
{
	_cleanup_close_ int map = mica_branch_guard_get("directories");
	char text[MICA_BRANCH_DIRECTORY_BYTES];

	if (map < 0)
		return map;
	for (uint32_t i = 0; i < count; i++) {
		struct mica_branch_key key = { .number = number, .layer = i + 1 };

		(void)memset(text, 0, sizeof(text));
		(void)memcpy(text, directories[i], strnlen(directories[i], sizeof(text) - 1));
		if (bpf_map_update_elem(map, &key, text, BPF_ANY))
			return -errno;
	}
	return 0;
}

int mica_branch_guard_cover(int union_fd, uint32_t count, const char *const *directories,
			    struct mica_problem *ret_problem)
{
	struct mica_branch_call call = { .request = MICA_BRANCH_COVER, .fd = union_fd, .guarded = count };
	_cleanup_close_ int locked = lock();
	int r;

	*ret_problem = (struct mica_problem){};
	if (locked < 0) {
		(void)snprintf(ret_problem->what, sizeof(ret_problem->what), "cannot lock %s: %s", MICA_BPFFS,
			       mica_errno_name(locked));
		return locked;
	}
	r = bring_up(ret_problem);
	if (r < 0)
		return r;
	r = request(&call);
	if (r == 0)
		r = name_branches(call.number, count, directories);
	if (r < 0)
		(void)snprintf(ret_problem->what, sizeof(ret_problem->what),
			       "the guard does not take the union into its care: %s", mica_errno_name(r));
	return r;
}

int mica_branch_guard_look(int union_fd, struct mica_branch_call *ret)
{
	struct mica_branch_call call = { .request = MICA_BRANCH_LOOK, .fd = union_fd };
	int r = mica_branch_guard_check();

	if (r == 0)
		r = request(&call);
	if (r == 0 && !call.guarded)
		r = -ENOENT;
	if (r == 0)
		*ret = call;
	return r;
}

/** Is the union with that number in its care? */
static bool is_there(int map, uint64_t number)
{
	struct mica_branch_union entry;
	uint64_t key, next;

	for (int more = !bpf_map_get_next_key(map, NULL, &key); more; key = next) {
		more = !bpf_map_get_next_key(map, &key, &next);
		if (bpf_map_lookup_elem(map, &key, &entry) == 0 && entry.number == number)
			return true;
	}
	return false;
}

static void wait_for_end(uint64_t number)
{
	_cleanup_close_ int map = mica_branch_guard_get("unions");
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; map >= 0 && i < 100 && is_there(map, number); i++)
		(void)nanosleep(&pause, NULL);
}

int mica_branch_guard_release(uint64_t number)
{
	_cleanup_close_ int locked = -EBADF;
	int r;

	if (number)
		wait_for_end(number);
	locked = lock();

	if (locked < 0)
		return locked;
	r = mica_branch_guard_check();
	if (r == -ENOENT)
		return 0;
	return is_unused() ? mica_branch_guard_unpin() : -EBUSY;
}

struct mica_branch_reader {
	int (*take)(const struct mica_denial *denial, void *userdata);
	void *userdata;
	struct ring_buffer *ring;
	int denials, directories, numbers, lock;
};

static int take_denial(void *context, void *data, size_t size)
{
	struct mica_branch_reader *reader = context;
	const struct mica_denial *denial = data;

	/* From another version's programs, or cut: nothing can be said about it. */
	if (size < sizeof(*denial) || denial->abi != MICA_ENFORCE_ABI || denial->path_bytes > size - sizeof(*denial))
		return 0;
	return reader->take(denial, reader->userdata);
}

int mica_branch_reader_open(int (*take)(const struct mica_denial *denial, void *userdata), void *userdata,
			    struct mica_branch_reader **ret)
{
	_cleanup_(mica_branch_reader_close) struct mica_branch_reader *reader = NULL;
	int r = mica_branch_guard_check();

	if (r < 0)
		return r;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	*reader = (struct mica_branch_reader){ .denials = -EBADF, .directories = -EBADF, .numbers = -EBADF };
	reader->lock = open(MICA_BRANCH_READER_LOCK, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (reader->lock < 0)
		return -errno;
	if (flock(reader->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	reader->take = take;
	reader->userdata = userdata;
	reader->denials = mica_branch_guard_get("denials");
	reader->directories = mica_branch_guard_get("directories");
	reader->numbers = mica_branch_guard_get("numbers");
	if (reader->denials < 0 || reader->directories < 0 || reader->numbers < 0)
		return -EPROTO;
	reader->ring = ring_buffer__new(reader->denials, take_denial, reader, NULL);
	if (!reader->ring)
		return -errno;
	*ret = TAKE_PTR(reader);
	return 0;
}

void mica_branch_reader_close(struct mica_branch_reader **address)
{
	struct mica_branch_reader *reader = TAKE_PTR(*address);

	if (!reader)
		return;
	ring_buffer__free(reader->ring);
	mica_cleanup_close(&reader->denials);
	mica_cleanup_close(&reader->directories);
	mica_cleanup_close(&reader->numbers);
	mica_cleanup_close(&reader->lock);
	free(reader);
}

int mica_branch_reader_read(struct mica_branch_reader *reader)
{
	return ring_buffer__consume(reader->ring);
}

uint64_t mica_branch_reader_lost(const struct mica_branch_reader *reader)
{
	uint32_t key = MICA_BRANCH_NUMBER_LOST;
	uint64_t lost = 0;

	return bpf_map_lookup_elem(reader->numbers, &key, &lost) ? 0 : lost;
}

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

bool mica_branch_reader_is_current(const struct mica_branch_reader *reader)
{
	_cleanup_close_ int pinned = mica_branch_guard_get("denials");

	return pinned >= 0 && map_id(pinned) == map_id(reader->denials);
}

int mica_branch_reader_directory(const struct mica_branch_reader *reader, const struct mica_denial *denial,
				 char ret[static MICA_BRANCH_DIRECTORY_BYTES])
{
	struct mica_branch_key key = { .number = denial->union_id, .layer = denial->counter };

	return bpf_map_lookup_elem(reader->directories, &key, ret) ? -errno : 0;
}
