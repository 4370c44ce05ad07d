// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/container.h"
#include "cmd/store.h"
#include "container/json.h"
#include "store/container.h"

enum {
	KEY_JSON = 0x600,
};

struct options {
	bool all, json, quiet;
	int64_t now;
};

static error_t take(int key, char *argument, struct argp_state *state, void *userdata)
{
	struct options *options = userdata;

	(void)argument;
	(void)state;
	switch (key) {
	case 'a':
		options->all = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* "Running", "Created", "Exited (0) 5 min 2 s ago". */
static void describe(const struct mica_stored_container *container, int pid, int64_t now, char text[static 80])
{
	char ago[MICA_FORMAT_SIZE];

	if (pid)
		(void)snprintf(text, 80, "Running");
	else if (container->exit_status < 0)
		(void)snprintf(text, 80, "Created");
	else
		(void)snprintf(text, 80, "Exited (%d) %s ago", container->exit_status,
			       mica_format_duration((uint64_t)(now - container->finished), ago));
}

static void join(const json_t *words, struct mica_buffer *text)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		if (i)
			(void)mica_buffer_append_byte(text, ' ');
		(void)mica_buffer_append_string(text, json_string_value(word));
	}
	/* One line, whatever it is made of. */
	for (i = 0; i < text->size; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
			text->data[i] = '?';
}

static int print_json(const struct mica_stored_container *container, const json_t *settings, int pid)
{
	_cleanup_json_ json_t *object =
		json_pack("{s:s, s:s, s:s*, s:O*, s:O*, s:s, s:I, s:O*}", "id", container->id, "name", container->name,
			  "image_id", container->image, "image", json_object_get(settings, "Image"), "command",
			  json_object_get(settings, "Args"), "state",
			  pid                          ? "running"
			  : container->exit_status < 0 ? "created"
						       : "exited",
			  "created_ns", (json_int_t)container->created, "mounts", json_object_get(settings, "Mounts"));

	if (pid)
		(void)json_object_set_new(object, "pid", json_integer(pid));
	else if (container->exit_status >= 0) {
		(void)json_object_set_new(object, "exit_status", json_integer(container->exit_status));
		(void)json_object_set_new(object, "finished_ns", json_integer(container->finished));
	}
	if (json_dumpf(object, stdout, JSON_COMPACT) < 0)
		return -1;
	(void)putchar('\n');
	return 0;
}

static int print(const struct mica_stored_container *container, void *userdata)
{
	const struct options *options = userdata;
	_cleanup_json_ json_t *settings = mica_json_parse(container->settings, strlen(container->settings));
	_cleanup_buffer_ struct mica_buffer command = {};
	const char *image = mica_json_string(settings, "Image");
	char state[80];
	int pid = mica_container_init_pid(container->id);

	if (!pid && !options->all)
		return 0;
	if (options->json)
		return print_json(container, settings, pid);
	if (options->quiet)
		return puts(container->id) < 0 ? -1 : 0;
	join(json_object_get(settings, "Args"), &command);
	describe(container, pid, options->now, state);
	(void)printf("%-12.12s  %-20.20s  %-24.24s  %-26s  %s\n", container->id, image ? image : "-",
		     mica_buffer_string(&command) ? command.data : "", state, container->name);
	return 0;
}

static int run(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{ "all", 'a', NULL, 0, "Also those that do not run", 0 },
		{ "json", KEY_JSON, NULL, 0, "One JSON object a line", 0 },
		{ "quiet", 'q', NULL, 0, "Only the ids, whole", 0 },
		{ 0 },
	};
	_cleanup_store_ struct mica_store *store = NULL;
	struct options options = {};
	struct mica_cmd_words words = { .take = take, .userdata = &options };
	int status = mica_cmd_words_parse(table, "", "Lists the containers that run.", argc, argv, &words, &store);
	int r;

	if (status != MICA_EXIT_OK)
		return status;
	options.now = (int64_t)mica_clock_ns(CLOCK_REALTIME);
	if (!options.json && !options.quiet)
		(void)printf("%-12s  %-20s  %-24s  %-26s  %s\n", "ID", "IMAGE", "COMMAND", "STATE", "NAME");
	r = mica_container_list(store, print, &options);
	return r < 0 ? mica_cmd_store_failed(store, r, "cannot list the containers") : MICA_EXIT_OK;
}

const struct mica_command mica_command_ps = {
	.name = "ps",
	.summary = "list containers",
	.run = run,
};
