// SPDX-License-Identifier: BSD-2-Clause
/*
 * What `mica enforce` writes to stdout: denials, losses, totals.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/enforce_internal.h"

/** A denial waits so long for its container's name: a runtime tells it before the container's first program runs. */
#define WAIT_NS 500000000ULL
/** For those that wait; what is too much goes on without a name. */
#define WAITING_BYTES ((size_t)16 << 20)

struct mica_waiting {
	struct mica_waiting *next;
	/** CLOCK_MONOTONIC, ns. */
	uint64_t until_ns;
	size_t size;
	struct mica_denial denial;
};

static const char *cgroup_path(uint64_t cgroup_id, void *userdata)
{
	struct mica_enforcing *enforcing = userdata;

	return mica_identity_cgroup_path(enforcing->identity, cgroup_id);
}

static void fail_output(struct mica_enforcing *enforcing)
{
	enforcing->output_error = errno ? errno : EIO;
	/* Whoever puts policies in force for a while has them for that while, read or not. */
	enforcing->done |= !enforcing->options->pin;
}

/** 0 or -ENOMEM; what stdout refuses is told at the end. */
static int write_event(struct mica_enforcing *enforcing, const struct mica_event *event)
{
	const struct mica_sink_context context = { .cgroup_path = cgroup_path, .userdata = enforcing };
	int r;

	if (enforcing->output_error)
		return 0;
	r = enforcing->options->json ? mica_sink_json(stdout, event, &context)
				     : mica_sink_text(stdout, event, &enforcing->text);
	if (r != -EIO)
		return r;
	fail_output(enforcing);
	return 0;
}

static int64_t clock_offset(void)
{
	return (int64_t)(mica_clock_ns(CLOCK_REALTIME) - mica_clock_ns(CLOCK_BOOTTIME));
}

static int show(struct mica_enforcing *enforcing, const struct mica_denial *denial)
{
	const struct mica_subject *subject = mica_subjects_get(&enforcing->subjects, denial->subject);
	struct mica_decisions *decisions = mica_enforcing_decisions_of(enforcing, denial);
	char directory[MICA_BRANCH_DIRECTORY_BYTES];
	struct mica_event event;
	int r = mica_denial_event(denial, decisions, &enforcing->subjects.objects, clock_offset(), &event);

	if (r < 0) {
		enforcing->unreadable++;
		return 0;
	}
	(void)mica_enforcing_describe_branch(enforcing, denial, directory, &event.decision);
	event.container = subject ? subject->container : NULL;
	return write_event(enforcing, &event);
}

static int queue(struct mica_enforcing *enforcing, const struct mica_denial *denial, uint64_t until_ns)
{
	size_t size = sizeof(struct mica_waiting) + denial->path_bytes;
	struct mica_waiting *waiting = malloc(size);

	if (!waiting)
		return -ENOMEM;
	waiting->next = NULL;
	waiting->until_ns = until_ns;
	waiting->size = size;
	memcpy(&waiting->denial, denial, sizeof(*denial) + denial->path_bytes);
	if (enforcing->last)
		enforcing->last->next = waiting;
	else
		enforcing->first = waiting;
	enforcing->last = waiting;
	enforcing->waiting_bytes += size;
	return 0;
}

/** Whether its container may yet become known. The host's own tasks, and what is no subject, have none. */
static bool is_nameless(const struct mica_enforcing *enforcing, const struct mica_denial *denial)
{
	const struct mica_subject *subject = mica_subjects_get(&enforcing->subjects, denial->subject);

	return denial->subject && (!subject || !subject->container);
}

int mica_enforcing_take(const struct mica_denial *denial, void *userdata)
{
	struct mica_enforcing *enforcing = userdata;
	bool nameless;

	if (denial->abi != MICA_ENFORCE_ABI || denial->size < sizeof(*denial) ||
	    denial->path_bytes > denial->size - sizeof(*denial)) {
		enforcing->unreadable++;
		return 0;
	}
	nameless = is_nameless(enforcing, denial);
	enforcing->stranger |= denial->subject && !mica_subjects_get(&enforcing->subjects, denial->subject);
	if ((!nameless && !enforcing->first) || enforcing->waiting_bytes > WAITING_BYTES)
		return show(enforcing, denial);
	/* Its cgroup may be gone when it is shown. */
	(void)mica_identity_cgroup_path(enforcing->identity, denial->cgroup_id);
	/* One with a name waits behind others, so that the order stays. */
	return queue(enforcing, denial, nameless ? mica_clock_ns(CLOCK_MONOTONIC) + WAIT_NS : 0);
}

static struct mica_waiting *take_first(struct mica_enforcing *enforcing)
{
	struct mica_waiting *waiting = enforcing->first;

	enforcing->first = waiting->next;
	if (!enforcing->first)
		enforcing->last = NULL;
	enforcing->waiting_bytes -= waiting->size;
	return waiting;
}

int mica_enforcing_release(struct mica_enforcing *enforcing, bool all)
{
	uint64_t now = mica_clock_ns(CLOCK_MONOTONIC);
	int r = 0;

	while (r == 0 && enforcing->first &&
	       (all || enforcing->first->until_ns <= now || !is_nameless(enforcing, &enforcing->first->denial))) {
		struct mica_waiting *waiting = take_first(enforcing);

		r = show(enforcing, &waiting->denial);
		free(waiting);
	}
	if (fflush(stdout) && !enforcing->output_error)
		fail_output(enforcing);
	return r;
}

void mica_enforcing_drop_waiting(struct mica_enforcing *enforcing)
{
	while (enforcing->first)
		free(take_first(enforcing));
}

static int show_loss(struct mica_enforcing *enforcing, enum mica_lost_cause cause, uint64_t count)
{
	const struct mica_event event = {
		.record.type = MICA_EVENT_LOST,
		.time_ns = mica_clock_ns(CLOCK_REALTIME),
		.lost_count = count,
		.lost_cause = cause,
		.lost_of = MICA_EVENT_DENY,
	};

	return count ? write_event(enforcing, &event) : 0;
}

int mica_enforcing_show_losses(struct mica_enforcing *enforcing)
{
	uint64_t lost = mica_enforcer_lost(enforcing->held.enforcer), unreadable = enforcing->unreadable;
	uint64_t more = mica_enforcing_branches_lost(enforcing) + (lost > enforcing->lost ? lost - enforcing->lost : 0);
	int r = show_loss(enforcing, MICA_LOST_RING_FULL, more);

	enforcing->lost = lost;
	enforcing->unreadable = 0;
	return r < 0 ? r : show_loss(enforcing, MICA_LOST_UNREADABLE, unreadable);
}

/** The counters of the set in force and of those before it that said the same. Caller frees. */
static int read_counters(struct mica_enforcing *enforcing, struct mica_enforce_counter **ret)
{
	uint32_t count = enforcing->force->image.counter_count;
	_cleanup_free_ struct mica_enforce_counter *counters = calloc(count, sizeof(*counters));
	int r = counters ? mica_enforcer_read_counters(enforcing->held.enforcer, 0, count, counters) : -ENOMEM;

	if (r < 0)
		return r;
	for (uint32_t i = 0; enforcing->before && i < count; i++) {
		counters[i].denied += enforcing->before[i].denied;
		counters[i].audited += enforcing->before[i].audited;
		counters[i].suppressed += enforcing->before[i].suppressed;
	}
	*ret = TAKE_PTR(counters);
	return 0;
}

int mica_enforcing_keep_counters(struct mica_enforcing *enforcing)
{
	struct mica_enforce_counter *counters;
	int r = read_counters(enforcing, &counters);

	if (r < 0)
		return r;
	free(enforcing->before);
	enforcing->before = counters;
	return 0;
}

int mica_enforcing_show_totals(struct mica_enforcing *enforcing)
{
	const struct mica_totals_options options = { .json = enforcing->options->json,
						     .time_ns = mica_clock_ns(CLOCK_REALTIME) };
	_cleanup_free_ struct mica_enforce_counter *counters = NULL;
	int r = read_counters(enforcing, &counters);

	if (r < 0 || enforcing->output_error)
		return r;
	if (!options.json)
		(void)fputc('\n', stdout);
	r = mica_totals_print(stdout, &enforcing->decisions, counters, &options);
	if (r == -EIO || fflush(stdout)) {
		fail_output(enforcing);
		return 0;
	}
	return r;
}

void mica_enforcing_set_up_output(struct mica_enforcing *enforcing)
{
	const char *no_color = getenv("NO_COLOR");
	struct winsize size = {};

	enforcing->text.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		enforcing->text.width = size.ws_col;
	if (!enforcing->options->json)
		(void)mica_sink_text_heading(stdout, &enforcing->text);
	(void)fflush(stdout);
}
