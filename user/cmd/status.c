// SPDX-License-Identifier: BSD-2-Clause
/*
 * `mica status`: are policies in force, and does it work?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/capability.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/enforce.h"
#include "stream/json_writer.h"

/** Maps that are told of. */
#define MAPS_MAX 64

struct map {
	char name[32];
	uint64_t used, max;
};

struct status {
	bool json;
	/** Why not, and what to do. */
	struct mica_problem problem;
	bool enforcing;
	/** There is a set, whether it is in force or not. */
	bool has_set;
	struct mica_enforce_header header;
	/** NULL: what it says is not known. */
	struct mica_force *force;
	/** The process that follows it; 0: none. */
	int follower;
	struct map maps[MAPS_MAX];
	size_t map_count;
};

static const struct argp_option options[] = {
	{ "json", 'j', NULL, 0, "As one JSON object", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct status *status = state->input;

	(void)argument;
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	status->json = true;
	return 0;
}

__attribute__((format(printf, 2, 3))) static void because(struct status *status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(status->problem.what, sizeof(status->problem.what), format, arguments);
	va_end(arguments);
}

static void advise(struct status *status, const char *remedy)
{
	(void)snprintf(status->problem.remedy, sizeof(status->problem.remedy), "%s", remedy);
}

/** Nothing is pinned: why? */
static void explain_absence(struct status *status)
{
	if (!mica_pins_are_in_bpffs(MICA_BPFFS)) {
		because(status, "no bpffs is mounted at " MICA_BPFFS ": what was pinned there is gone");
		advise(status, "mount -t bpf bpf " MICA_BPFFS ", then put the policies in force again");
		return;
	}
	because(status, "nothing is pinned at " MICA_ENFORCER_PINS);
	advise(status, "`mica policy load` puts policies in force (a `mica enforce` without --pin is not seen here)");
}

static int add_map(const char *name, uint64_t used, uint64_t max, void *userdata)
{
	struct status *status = userdata;
	struct map *map = &status->maps[status->map_count];

	if (status->map_count == MAPS_MAX)
		return 0;
	(void)snprintf(map->name, sizeof(map->name), "%s", name);
	map->used = used;
	map->max = max;
	status->map_count++;
	return 0;
}

/** Whether somebody follows: then the lock is not to be had. */
static void read_follower(int directory_fd, struct status *status)
{
	_cleanup_close_ int follower_fd = mica_keep_lock_follower(directory_fd, &status->follower);
}

/** What is kept beside the pins. */
static void read_kept(struct status *status)
{
	_cleanup_close_ int directory_fd = mica_keep_open(mica_cmd_keep_directory());

	if (directory_fd < 0)
		return;
	read_follower(directory_fd, status);
	if (status->has_set)
		(void)mica_keep_read(directory_fd, status->header.digest, &status->force);
}

/** Looks. 0, or the errno of looking. */
static int find_out(struct status *status, struct mica_held *held)
{
	int r = mica_held_adopt(held, &status->problem);

	if (r == -ENOENT) {
		explain_absence(status);
		return 0;
	}
	if (r == -EPROTO) {
		advise(status, "`mica enforce --pin` or `mica policy load` puts new ones in their place");
		return 0;
	}
	if (r < 0)
		return r;
	r = mica_enforcer_header(held->enforcer, &status->header);
	status->has_set = r == 0;
	read_kept(status);
	(void)mica_enforcer_each_map(held->enforcer, add_map, status);
	if (r == -ENOENT) {
		because(status, "the programs are attached, and there is no set of policies");
		advise(status, "`mica policy load` puts policies in force");
		return 0;
	}
	if (r == 0)
		r = mica_enforcer_probe(held->enforcer, &status->problem);
	if (r == -ENOTCONN)
		return 0;
	if (r < 0)
		return r;
	if (status->header.deadline_ns && mica_clock_ns(CLOCK_BOOTTIME) >= status->header.deadline_ns) {
		because(status, "the time of the policies (--for) is over");
		advise(status, "`mica policy unload` removes them, `mica policy load` puts others in force");
		return 0;
	}
	status->enforcing = true;
	return 0;
}

static void print_set(const struct status *status)
{
	uint64_t now = mica_clock_ns(CLOCK_BOOTTIME);
	char left[MICA_FORMAT_SIZE];

	if (status->force)
		(void)printf("policies    %zu, with %zu rule%s%s\n", status->force->set.count,
			     status->force->set.rule_count, status->force->set.rule_count == 1 ? "" : "s",
			     status->force->audit ? " (audit: nothing is denied)" : "");
	else
		(void)printf("policies    not known: %s does not have them\n", mica_cmd_keep_directory());
	(void)printf("generation  %llu\n", (unsigned long long)status->header.generation);
	if (status->header.deadline_ns > now)
		(void)printf("ends in     %s\n", mica_format_duration(status->header.deadline_ns - now, left));
	if (status->follower)
		(void)printf("follower    process %d gives new containers their own policies\n", status->follower);
	else
		(void)printf("follower    none: new containers have the policies by default, unless the OCI hook gives "
			     "them theirs\n");
}

static int print_text(const struct status *status)
{
	(void)printf("%s\n", status->enforcing ? "ENFORCING" : "NOT ENFORCING");
	if (!status->enforcing)
		(void)printf("because     %s\n", status->problem.what);
	if (!status->enforcing && *status->problem.remedy)
		(void)printf("remedy      %s\n", status->problem.remedy);
	if (status->has_set)
		print_set(status);
	for (size_t i = 0; i < status->map_count; i++)
		(void)printf("%s%-16s %llu of %llu\n", i ? "            " : "maps        ", status->maps[i].name,
			     (unsigned long long)status->maps[i].used, (unsigned long long)status->maps[i].max);
	return 0;
}

static void write_maps(struct mica_json_writer *writer, const struct status *status)
{
	mica_json_key(writer, "maps");
	mica_json_begin(writer, '[');
	for (size_t i = 0; i < status->map_count; i++) {
		if (i)
			(void)mica_buffer_append_byte(writer->out, ',');
		mica_json_begin(writer, '{');
		mica_json_string(writer, "name", status->maps[i].name);
		mica_json_number(writer, "used", status->maps[i].used);
		mica_json_number(writer, "max", status->maps[i].max);
		mica_json_end(writer, '}');
	}
	mica_json_end(writer, ']');
}

static int print_json(const struct status *status)
{
	_cleanup_buffer_ struct mica_buffer out = {};
	struct mica_json_writer writer = { .out = &out };
	uint64_t now = mica_clock_ns(CLOCK_BOOTTIME);

	mica_json_begin(&writer, '{');
	mica_json_number(&writer, "v", 1);
	mica_json_key(&writer, "enforcing");
	(void)mica_buffer_append_string(&out, status->enforcing ? "true" : "false");
	if (!status->enforcing)
		mica_json_string(&writer, "reason", status->problem.what);
	if (!status->enforcing && *status->problem.remedy)
		mica_json_string(&writer, "remedy", status->problem.remedy);
	if (status->has_set)
		mica_json_number(&writer, "generation", status->header.generation);
	if (status->force) {
		mica_json_number(&writer, "policies", status->force->set.count);
		mica_json_number(&writer, "rules", status->force->set.rule_count);
	}
	if (status->force && status->force->audit)
		mica_json_true(&writer, "audit");
	if (status->has_set && status->header.deadline_ns > now)
		mica_json_number(&writer, "ends_in_ns", status->header.deadline_ns - now);
	if (status->follower)
		mica_json_number(&writer, "follower", (uint64_t)status->follower);
	write_maps(&writer, status);
	mica_json_end(&writer, '}');
	(void)mica_buffer_append_byte(&out, '\n');
	if (out.failed)
		return -ENOMEM;
	(void)fwrite(out.data, 1, out.size, stdout);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "",
		.doc = "Says whether the policies that are pinned are enforced, found out by trying, and if not why.\v"
		       "Exit status: 0 ENFORCING, 1 NOT ENFORCING. Needs root.",
	};
	_cleanup_(mica_held_close) struct mica_held held = { .pins = MICA_ENFORCER_PINS, .only_looks = true };
	struct status status = {};
	int r;

	if (mica_cmd_parse(&argp, argc, argv, &status) != 0)
		return MICA_EXIT_USAGE;
	if (!mica_have_capability(CAP_SYS_ADMIN)) {
		mica_log_error("what is in force is told to root only: no CAP_SYS_ADMIN");
		return MICA_EXIT_UNSUPPORTED;
	}
	r = find_out(&status, &held);
	/* What cannot be looked at is not known to work. */
	if (r < 0 && !*status.problem.what)
		because(&status, "it cannot be found out: %s", strerror(-r));
	r = status.json ? print_json(&status) : print_text(&status);
	mica_force_free(&status.force);
	if (r < 0)
		mica_log_error_errno(r, "cannot tell");
	return r == 0 && status.enforcing ? MICA_EXIT_OK : MICA_EXIT_FAILURE;
}

const struct mica_command mica_command_status = {
	.name = "status",
	.summary = "say whether policies are enforced, and if not why",
	.run = run,
};
