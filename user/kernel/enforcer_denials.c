// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel/enforcer_internal.h"

static int take_denial(void *context, void *data, size_t size)
{
	struct mica_enforcer *enforcer = context;
	const struct mica_denial *denial = data;

	/* From another version's programs, or cut: nothing can be said about it. */
	if (size < sizeof(*denial) || denial->abi != MICA_ENFORCE_ABI || denial->path_bytes > size - sizeof(*denial))
		return 0;
	return enforcer->options.take(denial, enforcer->options.userdata);
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
	return enforcer->ring ? ring_buffer__consume(enforcer->ring) : 0;
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
		return mica_enforcer_refuse(ret_problem, -ENOTCONN, "the program %s is attached no more",
					    detached->name);
	r = was_seen(enforcer);
	if (r < 0)
		return mica_enforcer_refuse(ret_problem, r, "cannot probe whether the programs run: %s",
					    mica_errno_name(r));
	if (r)
		return mica_enforcer_check_pins(enforcer, ret_problem);
	(void)snprintf(ret_problem->remedy, sizeof(ret_problem->remedy),
		       "see /proc/sys/kernel/ftrace_enabled, which must be 1");
	return mica_enforcer_refuse(ret_problem, -ENOTCONN, "the kernel runs none of the programs");
}
