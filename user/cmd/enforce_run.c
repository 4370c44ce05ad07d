// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica enforce`: puts a set in force, follows the containers, and shows what is denied.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <string.h>

#include "base/capability.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "cmd/enforce_internal.h"
#include "enforce/engines.h"

/** Denials are announced in batches; they are looked for at least this often. */
#define READ_INTERVAL_MS 100
/** Who is there is looked at at least once a second, and at most this often, when there are news. */
#define LOOK_MS 50
#define LOOK_NS (LOOK_MS * 1000000ULL)
/** Engines are looked for this often: they may have been restarted. */
#define TRUST_NS (5 * MICA_ENFORCE_SECOND_NS)

/** The lock of what processes share; a descriptor that is none where nothing is shared. */
static int lock(const struct mica_enforcing *enforcing, int *ret_fd)
{
	int fd = enforcing->directory_fd < 0 ? -EBADF : mica_keep_lock(enforcing->directory_fd);

	if (fd < 0 && enforcing->directory_fd >= 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int read_header(struct mica_enforcing *enforcing)
{
	struct mica_enforce_header header;
	int r = mica_enforcer_header(enforcing->held.enforcer, &header);

	if (r < 0)
		return r;
	enforcing->generation = header.generation;
	enforcing->deadline_ns = header.deadline_ns;
	return 0;
}

/** Publishes the set that is in force once more, with all subjects as they are now. */
static int publish_again(struct mica_enforcing *enforcing)
{
	struct mica_problem problem = {};
	int r = mica_enforcing_keep_counters(enforcing);

	if (r == 0)
		r = mica_subjects_publish(&enforcing->subjects, enforcing->deadline_ns, &problem);
	if (r < 0) {
		(void)mica_cmd_force_failed(r,
					    "the policies are in force, but new containers have those by default only",
					    &problem);
		return r;
	}
	mica_subjects_register(&enforcing->subjects);
	return read_header(enforcing);
}

static int ignore_namespace(const struct mica_namespace *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

/** Another process has put another set in force: its words are taken over. */
static int take_over(struct mica_enforcing *enforcing, const struct mica_enforce_header *header)
{
	struct mica_force *force = NULL;
	int r = mica_keep_read(enforcing->directory_fd, header->digest, &force);

	if (r < 0)
		return mica_log_error_errno(r, "other policies were put in force, and %s does not have them",
					    mica_cmd_keep_directory());
	mica_enforcing_change_set(enforcing, force);
	enforcing->generation = header->generation;
	enforcing->deadline_ns = header->deadline_ns;
	mica_cmd_say_in_force(force, &enforcing->subjects, 0);
	return 0;
}

/** 0: the set in force is the one that is known here, and stays so while the lock is held; -ESTALE: it is another;
 * -ENOENT: none is; or another errno. *ret_header is filled in unless it cannot be read. */
static int check_set(const struct mica_enforcing *enforcing, struct mica_enforce_header *ret_header)
{
	int r = mica_enforcer_header(enforcing->held.enforcer, ret_header);

	if (r < 0)
		return r;
	return ret_header->generation == enforcing->generation ? 0 : -ESTALE;
}

/** Looks who came, went or has a name now. */
static int look(struct mica_enforcing *enforcing)
{
	_cleanup_close_ int locked = -EBADF;
	struct mica_enforce_header header;
	int r = lock(enforcing, &locked);

	enforcing->looked_ns = mica_clock_ns(CLOCK_MONOTONIC);
	enforcing->stranger = false;
	enforcing->news = false;
	/* What one set says of a subject means something else in another. */
	if (r == 0)
		r = check_set(enforcing, &header);
	if (r == -ESTALE)
		r = take_over(enforcing, &header);
	if (r == 0)
		r = mica_identity_settle(enforcing->identity, ignore_namespace, NULL);
	if (r == 0)
		r = mica_subjects_follow(&enforcing->subjects);
	if (r == -ENOSPC)
		r = publish_again(enforcing);
	enforcing->look_took_ns = mica_clock_ns(CLOCK_MONOTONIC) - enforcing->looked_ns;
	mica_cmd_say_unregistered(&enforcing->subjects, &enforcing->told);
	return r;
}

/** A container's first program runs: it has its own policies before it does much. */
static void hear(uint64_t number, uint32_t tgid, void *userdata)
{
	struct mica_enforcing *enforcing = userdata;
	_cleanup_close_ int locked = -EBADF;
	struct mica_enforce_header header;
	int r = lock(enforcing, &locked);

	if (r == 0)
		r = check_set(enforcing, &header);
	if (r == 0)
		r = mica_subjects_hear(&enforcing->subjects, number, tgid);
	if (r == -ENOSPC)
		r = publish_again(enforcing);
	/* The next look does what this one could not. */
	enforcing->stranger |= r < 0;
}

/** Another process has pinned another enforcer in this one's place, for policies that this one cannot decide. 0: it is
 * followed from now on; -ENOENT: there is none; or another errno. */
static int change_enforcer(struct mica_enforcing *enforcing)
{
	struct mica_held other = { .pins = enforcing->held.pins, .options = enforcing->held.options };
	_cleanup_close_ int locked = -EBADF;
	struct mica_problem problem = {};
	int r = enforcing->held.pinned ? lock(enforcing, &locked) : -ENOENT;

	if (r == 0)
		r = mica_held_adopt(&other, &problem);
	if (r < 0)
		return r;
	/* What the old one denied last. */
	r = mica_enforcer_flush(enforcing->held.enforcer);
	if (r < 0) {
		mica_held_close(&other);
		return r;
	}
	mica_held_close(&enforcing->held);
	enforcing->held = other;
	enforcing->lost = 0;
	enforcing->subjects.enforcer = other.enforcer;
	mica_objects_forget_registered(&enforcing->subjects.objects);
	/* Unlike any: what is in force is taken over. */
	enforcing->generation = 0;
	return 0;
}

/** 0; 1: it is over; or a negative errno. */
static int check_header(struct mica_enforcing *enforcing)
{
	struct mica_enforce_header header;
	int r = check_set(enforcing, &header);

	if (r == -ENOENT && change_enforcer(enforcing) == 0)
		r = check_set(enforcing, &header);
	if (r == -ENOENT) {
		mica_log_info("somebody ended it (mica policy unload)");
		return 1;
	}
	if (r == -ESTALE)
		return take_over(enforcing, &header);
	if (r < 0)
		return r;
	return header.deadline_ns && mica_clock_ns(CLOCK_BOOTTIME) >= header.deadline_ns;
}

/** Makes the pins anew that are gone. Who puts another set in force meanwhile is waited for. */
static int pin_again(struct mica_enforcing *enforcing, const struct mica_problem *problem)
{
	_cleanup_close_ int locked = -EBADF;
	int made = lock(enforcing, &locked);

	if (made == 0)
		made = mica_held_pin_again(&enforcing->held);
	if (made > 0)
		mica_log_warning("%d pins were gone (%s): they are there again", made, problem->what);
	else if (made < 0)
		mica_log_error_errno(made, "cannot pin again what was pinned");
	return made;
}

/** Says once that it does not work, and once that it does again. Pins that are gone are made anew. */
static void watch(struct mica_enforcing *enforcing)
{
	struct mica_problem problem = {};
	int r = mica_enforcer_probe(enforcing->held.enforcer, &problem);

	if (r == -ESTALE)
		r = change_enforcer(enforcing);
	if (r == -ENOTCONN && enforcing->held.pinned && pin_again(enforcing, &problem) > 0)
		r = mica_enforcer_probe(enforcing->held.enforcer, &problem);
	if (r == -ENOTCONN && !enforcing->broken)
		mica_log_error("NOT ENFORCING: %s%s%s", problem.what, *problem.remedy ? "; " : "", problem.remedy);
	else if (r == 0 && enforcing->broken)
		mica_log_info("enforcing again");
	enforcing->broken = r == -ENOTCONN;
}

static void trust_engines(struct mica_enforcing *enforcing)
{
	size_t count;

	(void)mica_engines_trust(enforcing->held.enforcer, &mica_engine_usual_places, &count);
}

/** What is looked at once a second. 0; 1: it is over; or a negative errno. */
static int look_around(struct mica_enforcing *enforcing)
{
	int r = look(enforcing);

	/* The set went meanwhile: the header tells. */
	if (r == 0 || r == -ENOENT)
		r = check_header(enforcing);
	if (r == 0) {
		watch(enforcing);
		r = mica_enforcing_look_at_branches(enforcing);
	}
	if (r == 0)
		r = mica_enforcing_show_losses(enforcing);
	return r;
}

/** Is it looked who is there before the second is over? The engines have news, something was mounted, or a stranger was
 * denied something. Where there is much to look at it takes no more than half of the time. */
static bool is_look_due(const struct mica_enforcing *enforcing)
{
	uint64_t since = mica_clock_ns(CLOCK_MONOTONIC) - enforcing->looked_ns;

	return (enforcing->stranger || enforcing->news) && since >= LOOK_NS && since >= 2 * enforcing->look_took_ns;
}

static int read_denials(struct mica_enforcing *enforcing)
{
	int r = mica_enforcer_read(enforcing->held.enforcer);

	if (r >= 0)
		r = mica_enforcing_read_branches(enforcing);
	if (r >= 0 && is_look_due(enforcing))
		r = look(enforcing);
	if (r == -ENOENT)
		r = 0;
	return r < 0 ? r : mica_enforcing_release(enforcing, false);
}

/** Until a signal or the end. 0 or a negative errno. */
static int loop(struct mica_enforcing *enforcing, int signals)
{
	/* What is mounted where a volume was is an object that is not known yet. */
	_cleanup_close_ int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct pollfd fds[] = { { .events = POLLIN },
				{ .fd = signals, .events = POLLIN },
				{ .fd = mica_identity_fd(enforcing->identity), .events = POLLIN },
				{ .events = POLLPRI } };
	uint64_t second = mica_clock_ns(CLOCK_MONOTONIC), trusted = second, now;
	int r = 0;

	while (r == 0 && !enforcing->done) {
		fds[0].fd = mica_enforcer_fd(enforcing->held.enforcer);
		fds[3].fd = enforcing->force->needs_volumes ? mounts : -1;
		/* News that must wait are not asked for again. */
		if (poll(fds, enforcing->news ? 2 : 4, enforcing->news ? LOOK_MS : READ_INTERVAL_MS) < 0 &&
		    errno != EINTR)
			return -errno;
		if (fds[1].revents)
			return 0;
		enforcing->news |= fds[2].revents || fds[3].revents;
		fds[2].revents = fds[3].revents = 0;
		r = read_denials(enforcing);
		now = mica_clock_ns(CLOCK_MONOTONIC);
		if (r == 0 && now - second >= MICA_ENFORCE_SECOND_NS) {
			second = now;
			r = look_around(enforcing);
		}
		if (r == 0 && now - trusted >= TRUST_NS) {
			trusted = now;
			trust_engines(enforcing);
		}
	}
	return r < 0 ? r : 0;
}

/** Adopts what is pinned: the same set stays as it is, with its counters; another is replaced. */
static int adopt(struct mica_enforcing *enforcing, bool *ret_same, struct mica_problem *problem)
{
	struct mica_enforce_header header;
	int r = mica_held_adopt(&enforcing->held, problem);

	*ret_same = false;
	if (r == -ENOENT || enforcing->held.remains)
		return 0;
	if (r < 0)
		return r;
	*ret_same = mica_enforcer_header(enforcing->held.enforcer, &header) == 0 && !header.deadline_ns &&
		    !enforcing->options->duration_ns &&
		    memcmp(header.digest, enforcing->force->digest, sizeof(header.digest)) == 0;
	return 0;
}

static int begin_pinned(struct mica_enforcing *enforcing, struct mica_problem *problem)
{
	_cleanup_close_ int locked = -EBADF;
	bool same;
	int r = lock(enforcing, &locked);

	if (r == 0)
		r = mica_keep_write(enforcing->directory_fd, enforcing->force);
	if (r < 0) {
		(void)snprintf(problem->what, sizeof(problem->what), "cannot keep them in %s: %s",
			       mica_cmd_keep_directory(), strerror(-r));
		return r;
	}
	r = adopt(enforcing, &same, problem);
	if (r == 0 && same) {
		enforcing->subjects.enforcer = enforcing->held.enforcer;
		r = mica_subjects_follow(&enforcing->subjects);
	} else if (r == 0) {
		r = mica_held_put(&enforcing->held, &enforcing->subjects, enforcing->deadline_ns, true, problem);
	}
	if (r == 0)
		mica_keep_sweep(enforcing->directory_fd, enforcing->force->digest);
	return r;
}

static int begin(struct mica_enforcing *enforcing, struct mica_problem *problem)
{
	const struct mica_enforce_options *options = enforcing->options;
	int r;

	enforcing->deadline_ns = mica_cmd_deadline(options->duration_ns);
	if (options->pin)
		r = begin_pinned(enforcing, problem);
	else
		r = mica_held_put(&enforcing->held, &enforcing->subjects, enforcing->deadline_ns, false, problem);
	if (r == 0)
		r = read_header(enforcing);
	for (size_t i = 0; r == 0 && i < options->trusted_count; i++) {
		int trusted = mica_engines_trust_process(enforcing->held.enforcer, options->trusted[i]);

		if (trusted < 0)
			mica_log_warning_errno(trusted, "process %d cannot be exempt", options->trusted[i]);
	}
	return r;
}

/** Says what stdout refused. Returns the exit status. */
static int check_output(const struct mica_enforcing *enforcing)
{
	if (!enforcing->output_error)
		return MICA_EXIT_OK;
	__fpurge(stdout);
	clearerr(stdout);
	if (enforcing->output_error == EPIPE)
		return MICA_EXIT_OK;
	mica_log_error_errno(enforcing->output_error, "cannot write what is denied");
	return MICA_EXIT_FAILURE;
}

/** What is pinned stays, unless its time is over. */
static void leave(struct mica_enforcing *enforcing)
{
	_cleanup_close_ int locked = -EBADF;

	if (!enforcing->held.pinned)
		return;
	if (!enforcing->deadline_ns || mica_clock_ns(CLOCK_BOOTTIME) < enforcing->deadline_ns)
		mica_log_info("it stays in force; `mica policy unload` ends it");
	else if (lock(enforcing, &locked) == 0 && mica_held_end(&enforcing->held) == 0)
		mica_keep_sweep(enforcing->directory_fd, NULL);
}

static int follow(struct mica_enforcing *enforcing, int signals)
{
	int r;

	mica_enforcing_set_up_output(enforcing);
	mica_cmd_say_in_force(enforcing->force, &enforcing->subjects, enforcing->options->duration_ns);
	mica_cmd_say_unregistered(&enforcing->subjects, &enforcing->told);
	r = mica_enforcing_look_at_branches(enforcing);
	if (r == 0)
		r = loop(enforcing, signals);
	if (r == 0)
		r = mica_enforcer_flush(enforcing->held.enforcer);
	if (r >= 0)
		r = mica_enforcing_read_branches(enforcing);
	if (r >= 0)
		r = mica_enforcing_release(enforcing, true);
	if (r == 0)
		r = mica_enforcing_show_losses(enforcing);
	if (r == 0)
		r = mica_enforcing_show_totals(enforcing);
	/* Withdrawn by somebody: its counters went with it. */
	if (r < 0 && r != -ENOENT && r != -ERANGE) {
		mica_log_error_errno(r, "cannot follow what is in force");
		return MICA_EXIT_FAILURE;
	}
	leave(enforcing);
	return check_output(enforcing);
}

/** Only one process follows what is pinned. Returns the exit status. */
static int open_directory(struct mica_enforcing *enforcing)
{
	int pid = 0;

	enforcing->directory_fd = mica_keep_open(mica_cmd_keep_directory());
	if (enforcing->directory_fd < 0) {
		mica_log_error_errno(enforcing->directory_fd, "cannot use %s", mica_cmd_keep_directory());
		return MICA_EXIT_FAILURE;
	}
	enforcing->follower_fd = mica_keep_lock_follower(enforcing->directory_fd, &pid);
	if (enforcing->follower_fd >= 0)
		return MICA_EXIT_OK;
	if (enforcing->follower_fd == -EBUSY)
		mica_log_error("process %d follows what is pinned; `mica policy load` changes it", pid);
	else
		mica_log_error_errno(enforcing->follower_fd, "cannot lock %s", mica_cmd_keep_directory());
	return MICA_EXIT_FAILURE;
}

static void free_enforcing(struct mica_enforcing *enforcing)
{
	mica_enforcing_drop_waiting(enforcing);
	mica_branch_reader_close(&enforcing->branches);
	mica_held_close(&enforcing->held);
	mica_subjects_free(&enforcing->subjects);
	mica_decisions_free(&enforcing->decisions);
	mica_force_free(&enforcing->force);
	mica_enforcing_forget_sets(enforcing);
	free(enforcing->before);
	mica_identity_free(&enforcing->identity);
	mica_cleanup_close(&enforcing->directory_fd);
	mica_cleanup_close(&enforcing->follower_fd);
}

int mica_enforce_run(const struct mica_enforce_options *options)
{
	_cleanup_(free_enforcing) struct mica_enforcing enforcing = { .options = options,
								      .directory_fd = -EBADF,
								      .follower_fd = -EBADF };
	_cleanup_close_ int signals = -EBADF;
	struct mica_problem problem = {};
	int status = mica_cmd_force(options, &enforcing.force), r;

	if (status != MICA_EXIT_OK)
		return status;
	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("policies are put in force by root: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	if (options->pin)
		status = open_directory(&enforcing);
	if (status != MICA_EXIT_OK)
		return status;
	r = mica_identity_new(NULL, &enforcing.identity);
	if (r == 0)
		r = signals = mica_signals_open();
	if (r < 0) {
		mica_log_error_errno(r, "cannot start");
		return MICA_EXIT_FAILURE;
	}
	enforcing.decisions.force = enforcing.force;
	enforcing.held =
		(struct mica_held){ .pins = MICA_ENFORCER_PINS,
				    .options = { .take = mica_enforcing_take, .hear = hear, .userdata = &enforcing } };
	enforcing.subjects = (struct mica_subjects){ .force = enforcing.force,
						     .identity = enforcing.identity,
						     .directory_fd = enforcing.directory_fd };
	r = begin(&enforcing, &problem);
	if (r < 0)
		return mica_cmd_force_failed(r, "cannot enforce", &problem);
	return follow(&enforcing, signals);
}
