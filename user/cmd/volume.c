// SPDX-License-Identifier: BSD-2-Clause
#include "store/volume.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/store.h"
#include "cmd/volume.h"
#include "store/volume_users.h"

#define OPTIONS_MAX 16

struct options {
	struct mica_cmd_words words;
	const char *backend;
	struct mica_volume_option given[OPTIONS_MAX];
	size_t given_count;
	bool quiet, all, json, uncounted, unused;
};

enum {
	KEY_UNCOUNTED = 0x800,
	KEY_UNUSED,
	KEY_JSON,
};

static void add_option(struct argp_state *state, struct options *volume, char *argument)
{
	char *equals = strchr(argument, '=');

	if (!equals || equals == argument)
		argp_error(state, "--opt wants KEY=VALUE, not '%s'", argument);
	else if (volume->given_count == OPTIONS_MAX)
		argp_error(state, "too many options");
	else {
		*equals = '\0';
		volume->given[volume->given_count++] = (struct mica_volume_option){ argument, equals + 1 };
	}
}

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	struct options *volume = userdata;

	switch (key) {
	case 'd':
		volume->backend = argument;
		return 0;
	case 'o':
		add_option(state, volume, argument);
		return 0;
	case 'q':
		volume->quiet = true;
		return 0;
	case 'a':
		volume->all = true;
		return 0;
	case KEY_UNCOUNTED:
		volume->uncounted = true;
		return 0;
	case KEY_UNUSED:
		volume->unused = true;
		return 0;
	case KEY_JSON:
		volume->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int open_store(const struct argp_option *table, const char *words, const char *doc, int argc, char **argv,
		      struct options *volume, struct mica_store **ret)
{
	volume->words.question = "which volume?";
	volume->words.take = take;
	volume->words.userdata = volume;
	return mica_cmd_words_parse(table, words, doc, argc, argv, &volume->words, ret);
}

static int run_create(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "driver", 'd', "BACKEND", 0,
		  "local (a directory in the store), tmpfs, bind (a directory of the host), nfs, glusterfs, mount "
		  "(what "
		  "mount(8) can), block (a device)",
		  0 },
		{ "opt", 'o', "KEY=VALUE", 0,
		  "local: size; tmpfs: size, mode, uid, gid; bind: source; nfs: server, path, o; glusterfs: server, "
		  "volume, "
		  "path, o; mount: type, device, o; block: device",
		  0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	_cleanup_free_ char *name = NULL;
	struct options volume = { .words = { .most = 1 }, .backend = "local" };
	int status =
		open_store(options, "[NAME]", "Makes a volume and prints its name; without a name an anonymous one.",
			   argc, argv, &volume, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = mica_volume_create(store, volume.words.count ? volume.words.words[0] : NULL, volume.backend, volume.given,
			       volume.given_count, &name);
	if (r < 0)
		status = mica_cmd_store_failed(store, r, "cannot create the volume");
	if (r < 0)
		return r == -EOPNOTSUPP ? MICA_EXIT_UNSUPPORTED : status;
	(void)puts(name);
	return MICA_EXIT_OK;
}

static int run_ls(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "quiet", 'q', NULL, 0, "Only the names", 0 },
		{ "json", KEY_JSON, NULL, 0, "One JSON object a line", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = {};
	int status = open_store(options, "", "Lists the volumes. A server that does not answer delays nothing.", argc,
				argv, &volume, &store);

	if (status != MICA_EXIT_OK)
		return status;
	return mica_cmd_volume_list(store, volume.json    ? MICA_VOLUME_LIST_JSON
					   : volume.quiet ? MICA_VOLUME_LIST_NAMES
							  : MICA_VOLUME_LIST_TEXT);
}

static int add_user(const char *user, int64_t count, void *userdata)
{
	return json_object_set_new(userdata, user, json_integer(count));
}

struct inspection {
	struct mica_store *store;
	json_t *array;
};

static int print_json(const struct mica_volume *volume, void *userdata)
{
	const struct inspection *inspection = userdata;
	json_t *users = json_object();
	json_t *object =
		json_pack("{s:s, s:s, s:o?, s:s, s:b, s:I, s:o}", "Name", volume->name, "Driver", volume->backend,
			  "Options", json_loads(volume->options, 0, NULL), "Mountpoint", volume->directory, "Anonymous",
			  (int)volume->anonymous, "Containers", (json_int_t)volume->containers, "Users", users);
	int r = object && json_array_append_new(inspection->array, object) == 0 ? 0 : -ENOMEM;

	return r < 0 ? r : mica_volume_users_list(inspection->store, volume->name, add_user, users);
}

static int run_inspect(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = { .words = { .least = 1, .most = SIZE_MAX } };
	int status = open_store(NULL, "NAME...", "Shows volumes as JSON, in the words of docker volume inspect.", argc,
				argv, &volume, &store);
	json_t *array;

	if (status != MICA_EXIT_OK)
		return status;
	array = json_array();
	for (size_t i = 0; i < volume.words.count; i++) {
		int r = mica_volume_inspect(store, volume.words.words[i], print_json,
					    &(struct inspection){ store, array });
		if (r < 0)
			status = mica_cmd_store_failed(store, r, "cannot inspect the volume '%s'",
						       volume.words.words[i]);
	}
	(void)json_dumpf(array, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(array);
	return status;
}

static int remove_one(struct mica_store *store, const char *name)
{
	int r = mica_volume_remove(store, name);

	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot remove the volume '%s'", name);
	(void)puts(name);
	return MICA_EXIT_OK;
}

static int run_rm(int argc, char **argv)
{
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = { .words = { .least = 1, .most = SIZE_MAX } };
	int status =
		open_store(NULL, "NAME...",
			   "Removes volumes with their files. One that a container has is kept; what a bind volume "
			   "shows is never touched.",
			   argc, argv, &volume, &store);

	for (size_t i = 0; store && i < volume.words.count; i++) {
		int one = remove_one(store, volume.words.words[i]);
		if (one != MICA_EXIT_OK)
			status = one;
	}
	return status;
}

static int take_directory(const struct mica_volume *volume, void *userdata)
{
	(void)userdata;
	(void)puts(volume->directory);
	return 0;
}

static const struct mica_volume_use person = { .user = MICA_VOLUME_USER_PERSON, .lasting = true };

static int run_mount(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "uncounted", KEY_UNCOUNTED, NULL, 0, "Only now: it is not kept mounted", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = { .words = { .least = 1, .most = 1 } };
	int status = open_store(options, "NAME",
				"Mounts a volume, where its backend mounts something, and prints the directory of its "
				"files. The daemon "
				"keeps it mounted, over reboots too, until `mica volume unmount`.",
				argc, argv, &volume, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = volume.uncounted ? mica_volume_mount(store, volume.words.words[0])
			     : mica_volume_acquire(store, volume.words.words[0], &person, NULL);
	if (r == 0)
		r = mica_volume_inspect(store, volume.words.words[0], take_directory, NULL);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot mount the volume '%s'", volume.words.words[0])
		     : MICA_EXIT_OK;
}

static int run_unmount(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "unused", KEY_UNUSED, NULL, 0, "Only if nobody uses it, `mica volume mount` included", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = { .words = { .least = 1, .most = 1 } };
	int status = open_store(options, "NAME", "Unmounts a volume, unless an engine uses it.", argc, argv, &volume,
				&store);
	int64_t users = 0;
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	r = volume.unused ? mica_volume_settle(store, volume.words.words[0])
			  : mica_volume_release(store, volume.words.words[0], &person);
	if (r == 0)
		r = mica_volume_users_count(store, volume.words.words[0], &users);
	if (r < 0)
		return mica_cmd_store_failed(store, r, "cannot unmount the volume '%s'", volume.words.words[0]);
	if (users && !volume.unused)
		mica_log_error("the volume '%s' stays mounted: an engine uses it %" PRId64 " times",
			       volume.words.words[0], users);
	return users && !volume.unused ? MICA_EXIT_FAILURE : MICA_EXIT_OK;
}

struct unused {
	struct mica_store *store;
	char **names;
	size_t count;
	bool all;
};

static int add_unused(const struct mica_volume *volume, void *userdata)
{
	struct unused *unused = userdata;
	int64_t engines = 0;
	char **names;

	if (mica_volume_users_engines(unused->store, volume->name, &engines) < 0 || engines)
		return 0;
	if (volume->containers || (!volume->anonymous && !unused->all))
		return 0;
	names = reallocarray(unused->names, unused->count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	unused->names = names;
	names[unused->count] = strdup(volume->name);
	return names[unused->count] ? (unused->count++, 0) : -ENOMEM;
}

static int run_prune(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "all", 'a', NULL, 0, "Those with a name too, not only anonymous ones", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options volume = {};
	struct unused unused = {};
	int status = open_store(options, "", "Removes the anonymous volumes that no container has.", argc, argv,
				&volume, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	unused.all = volume.all;
	unused.store = store;
	r = mica_volume_list(store, add_unused, &unused);
	if (r < 0)
		status = mica_cmd_store_failed(store, r, "cannot list the volumes");
	for (size_t i = 0; i < unused.count; i++) {
		int one = r < 0 ? status : remove_one(store, unused.names[i]);
		if (one != MICA_EXIT_OK)
			status = one;
		free(unused.names[i]);
	}
	free(unused.names);
	return status;
}

static const struct mica_command command_create = { .name = "create", .summary = "make one", .run = run_create };
static const struct mica_command command_ls = { .name = "ls", .summary = "list them", .run = run_ls };
static const struct mica_command command_inspect = { .name = "inspect", .summary = "show as JSON", .run = run_inspect };
static const struct mica_command command_rm = { .name = "rm", .summary = "remove them", .run = run_rm };
static const struct mica_command command_prune = {
	.name = "prune",
	.summary = "remove those that no container has",
	.run = run_prune,
};
static const struct mica_command command_mount = { .name = "mount",
						   .summary = "make its files visible",
						   .run = run_mount };
static const struct mica_command command_unmount = { .name = "unmount", .summary = "hide them", .run = run_unmount };
static const struct mica_command *const verbs[] = {
	&command_create,
	&command_ls,
	&command_inspect,
	&command_rm,
	&command_prune,
	&command_mount,
	&command_unmount,
	&mica_command_volume_backup,
	&mica_command_volume_restore,
	&mica_command_volume_sync,
	NULL,
};

static int run(int argc, char **argv)
{
	static const struct mica_command_group group = {
		.name = "mica volume",
		.summary = "Keeps volumes: directories that outlive containers.",
		.more = "`mica volume VERB --help` and mica-volume(8) tell more.",
		.verbs = verbs,
	};

	return mica_cmd_run_group(&group, argc, argv);
}

const struct mica_command mica_command_volume = {
	.name = "volume",
	.summary = "keep volumes",
	.run = run,
};
