// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "kernel/enforcer_internal.h"

/** How long a denial waits to be taken back: that comes within the same open(2). */
#define PROVISIONAL_NS 100000000ULL
/** Denials that wait to be taken back, at most: those after it are told at once. */
#define MAX_PROVISIONAL 4096

void mica_enforcer_drop_provisional(struct mica_enforcer *enforcer)
{
	for (size_t i = 0; i < enforcer->provisional_count; i++)
		free(enforcer->provisional[i]);
	free(enforcer->provisional);
	enforcer->provisional = NULL;
	enforcer->provisional_count = 0;
}

/** Keeps a copy. False: it cannot. */
static bool hold(struct mica_enforcer *enforcer, const struct mica_denial *denial, size_t size)
{
	struct mica_denial **all, *copy;

	if (enforcer->provisional_count >= MAX_PROVISIONAL)
		return false;
	all = realloc(enforcer->provisional, (enforcer->provisional_count + 1) * sizeof(struct mica_denial *));
	if (!all)
		return false;
	enforcer->provisional = all;
	copy = malloc(size);
	if (!copy)
		return false;
	memcpy(copy, denial, size);
	copy->verdict &= (uint8_t)~MICA_DENIAL_PROVISIONAL;
	all[enforcer->provisional_count++] = copy;
	return true;
}

/** It was passed over: forgets it. */
static void take_back(struct mica_enforcer *enforcer, const struct mica_denial *denial)
{
	for (size_t i = enforcer->provisional_count; i-- > 0;) {
		struct mica_denial *held = enforcer->provisional[i];

		if (held->time_ns != denial->time_ns || held->counter != denial->counter)
			continue;
		free(held);
		enforcer->provisional[i] = enforcer->provisional[--enforcer->provisional_count];
		return;
	}
}

static int take_denial(void *context, void *data, size_t size)
{
	struct mica_enforcer *enforcer = context;
	const struct mica_denial *denial = data;

	/* From another version's programs, or cut: nothing can be said about it. */
	if (size < sizeof(*denial) || denial->abi != MICA_ENFORCE_ABI || denial->path_bytes > size - sizeof(*denial))
		return 0;
	if (denial->kind == MICA_ENFORCE_NEW_SUBJECT) {
		if (enforcer->options.hear)
			enforcer->options.hear(denial->subject, denial->tgid, enforcer->options.userdata);
		return 0;
	}
	if (denial->verdict == MICA_VERDICT_ALLOW) {
		take_back(enforcer, denial);
		return 0;
	}
	if (denial->verdict & MICA_DENIAL_PROVISIONAL && hold(enforcer, denial, size))
		return 0;
	return enforcer->options.take(denial, enforcer->options.userdata);
}

/** Tells those that were made before `until_ns` and were not taken back. Their number, or what `take` returned. */
static int tell_provisional(struct mica_enforcer *enforcer, uint64_t until_ns)
{
	size_t kept = 0, count = enforcer->provisional_count;
	int told = 0, r = 0;

	for (size_t i = 0; i < count; i++) {
		struct mica_denial *held = enforcer->provisional[i];

		if (r != 0 || held->time_ns > until_ns) {
			enforcer->provisional[kept++] = held;
			continue;
		}
		r = enforcer->options.take(held, enforcer->options.userdata);
		told++;
		free(held);
	}
	enforcer->provisional_count = kept;
	return r != 0 ? r : told;
}

int mica_enforcer_listen(struct mica_enforcer *enforcer)
{
	if (!enforcer->options.take)
		return 0;
	enforcer->ring = ring_buffer__new(enforcer->maps[MICA_MAP_DENIALS], take_denial, enforcer, NULL);
	return enforcer->ring ? 0 : -errno;
}

int mica_enforcer_fd(const struct mica_enforcer *enforcer)
{
	return enforcer->ring ? ring_buffer__epoll_fd(enforcer->ring) : -1;
}

int mica_enforcer_read(struct mica_enforcer *enforcer)
{
	uint64_t now = mica_clock_ns(CLOCK_BOOTTIME);
	int read, told;

	if (!enforcer->ring)
		return 0;
	read = ring_buffer__consume(enforcer->ring);
	told = read < 0 ? read : tell_provisional(enforcer, now - PROVISIONAL_NS);
	return told < 0 ? told : read + told;
}

int mica_enforcer_flush(struct mica_enforcer *enforcer)
{
	int read = enforcer->ring ? ring_buffer__consume(enforcer->ring) : 0;
	int told = read < 0 ? read : tell_provisional(enforcer, UINT64_MAX);

	return told < 0 ? told : read + told;
}

uint64_t mica_enforcer_lost(const struct mica_enforcer *enforcer)
{
	return mica_enforcer_number_get(enforcer, MICA_NUMBER_LOST);
}

static void *do_nothing(void *unused)
{
	return unused;
}

/** Makes a thread, as any program can: the hook on that counts it. */
static int was_seen(struct mica_enforcer *enforcer)
{
	uint64_t before = mica_enforcer_number_get(enforcer, MICA_NUMBER_PROBED);
	pthread_t thread;
	int r = mica_enforcer_order(enforcer, MICA_ORDER_PROBE, (uint32_t)getpid());

	if (r < 0)
		return r;
	r = -pthread_create(&thread, NULL, do_nothing, NULL);
	if (r == 0)
		r = -pthread_join(thread, NULL);
	(void)mica_enforcer_order(enforcer, MICA_ORDER_PROBE, 0);
	return r < 0 ? r : mica_enforcer_number_get(enforcer, MICA_NUMBER_PROBED) != before;
}

/** The first link that is attached to nothing any more; NULL: none. */
static const struct mica_enforcer_link *find_detached(const struct mica_enforcer *enforcer)
{
	for (unsigned i = 0; i < enforcer->link_count; i++) {
		struct bpf_link_info info = {};
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(enforcer->links[i].fd, &info, &size) || !info.prog_id)
			return &enforcer->links[i];
	}
	return NULL;
}

int mica_enforcer_probe(struct mica_enforcer *enforcer, struct mica_problem *ret_problem)
{
	const struct mica_enforcer_link *detached = find_detached(enforcer);
	int r;

	*ret_problem = (struct mica_problem){};
	if (detached)
		return mica_problem_refuse(ret_problem, -ENOTCONN, "the program %s is attached no more",
					   detached->name);
	r = was_seen(enforcer);
	if (r < 0)
		return mica_problem_refuse(ret_problem, r, "cannot probe whether the programs run: %s",
					   mica_errno_name(r));
	if (r)
		return mica_enforcer_check_pins(enforcer, ret_problem);
	(void)snprintf(ret_problem->remedy, sizeof(ret_problem->remedy),
		       "see /proc/sys/kernel/ftrace_enabled, which must be 1");
	return mica_problem_refuse(ret_problem, -ENOTCONN, "the kernel runs none of the programs");
}
