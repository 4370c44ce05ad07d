// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "container/json.h"
#include "runtime/image_config.h"
#include "runtime/mounts.h"
#include "runtime/options.h"
#include "store/container.h"
#include "store/container_root.h"
#include "store/image.h"
#include "store/name.h"
#include "store/store_internal.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What a container is made of. */
struct making {
	const struct mica_container_options *options;
	char *image, *config, *top;
	json_t *image_json, *settings, *mounts;
	struct mica_container_volume *volumes;
	/* Of each volume, its mount in `mounts`. */
	json_t **volume_mounts;
	size_t volume_count;
	int root_fd;
};

static void end(struct making *making)
{
	for (size_t i = 0; i < making->volume_count; i++)
		mica_cleanup_close(&making->volumes[i].source_fd);
	free(making->volumes);
	free(making->volume_mounts);
	json_decref(making->image_json);
	json_decref(making->settings);
	free(making->image);
	free(making->config);
	free(making->top);
	mica_cleanup_close(&making->root_fd);
}

static int read_image(struct mica_store *store, struct making *making)
{
	int r = mica_image_find(store, making->options->image, &making->image);

	if (r == 0)
		r = mica_image_read(store, making->image, &making->config, &making->top);
	if (r < 0)
		return r;
	making->image_json = mica_json_parse(making->config, strlen(making->config));
	return making->image_json ? 0
				  : mica_store_refuse(store, -EBADMSG, "the image '%s' has a damaged configuration",
						      making->options->image);
}

/* Docker's rule: an entry point of the user's own puts the image's command out of force. */
static int make_arguments(struct mica_store *store, const struct making *making, const json_t *config)
{
	const struct mica_container_options *options = making->options;
	json_t *entry = mica_json_strings(options->entrypoint ? NULL : json_object_get(config, "Entrypoint"));
	json_t *command = mica_json_strings(
		options->argument_count || options->entrypoint ? NULL : json_object_get(config, "Cmd"));
	json_t *all = json_array();
	int r = 0;

	if (options->entrypoint && *options->entrypoint)
		r = json_array_append_new(entry, json_string(options->entrypoint));
	for (size_t i = 0; r == 0 && i < options->argument_count; i++)
		r = json_array_append_new(command, json_string(options->arguments[i]));
	if (r == 0)
		r = json_array_extend(all, entry);
	if (r == 0)
		r = json_array_extend(all, command);
	if (r == 0 && !json_array_size(all)) {
		json_decref(entry);
		json_decref(command);
		json_decref(all);
		return mica_store_refuse(store, -EINVAL, "no command: the image '%s' has none either", options->image);
	}
	if (json_object_set_new(making->settings, "Entrypoint", entry) < 0)
		r = -1;
	if (json_object_set_new(making->settings, "Cmd", command) < 0)
		r = -1;
	if (json_object_set_new(making->settings, "Args", all) < 0)
		r = -1;
	return r < 0 ? mica_store_refuse(store, -EINVAL, "an argument is no UTF-8") : 0;
}

static int make_environment(struct mica_store *store, const struct making *making, const json_t *config)
{
	json_t *environment = mica_json_strings(json_object_get(config, "Env"));
	const struct mica_words *given = &making->options->environment;
	bool has_path = false;
	const json_t *item;
	size_t i;
	int r = environment ? 0 : -ENOMEM;

	json_array_foreach(environment, i, item) has_path |= strncmp(json_string_value(item), "PATH=", 5) == 0;
	if (r == 0 && !has_path)
		r = json_array_insert_new(environment, 0, json_string(DEFAULT_PATH)) < 0 ? -ENOMEM : 0;
	if (r == 0 && making->options->terminal)
		r = mica_environment_set(environment, "TERM=xterm");
	for (i = 0; r == 0 && i < given->count; i++) {
		/* "-e NAME" hands the caller's own on; one that is not set is left out. */
		const char *value = strchr(given->items[i], '=') ? "" : getenv(given->items[i]);
		_cleanup_free_ char *assignment = NULL;

		if (!value)
			continue;
		if (asprintf(&assignment, "%s%s%s", given->items[i], strchr(given->items[i], '=') ? "" : "=", value) <
		    0) {
			assignment = NULL;
			r = -ENOMEM;
		} else
			r = mica_environment_set(environment, assignment);
	}
	if (json_object_set_new(making->settings, "Env", environment) < 0)
		r = -ENOMEM;
	return r < 0 ? mica_store_refuse(store, r, "the environment is no UTF-8") : 0;
}

static int set_string(const struct making *making, const char *key, const char *value, const char *otherwise)
{
	return json_object_set_new(making->settings, key, json_string(value ? value : otherwise)) < 0 ? -EINVAL : 0;
}

static int make_settings(struct mica_store *store, struct making *making, const char *id)
{
	_cleanup_json_ json_t *empty = json_object();
	const json_t *config = mica_image_settings(making->image_json, empty);
	const struct mica_container_options *options = making->options;
	const char *directory = options->directory ? options->directory : mica_json_string(config, "WorkingDir");
	_cleanup_free_ char *clean = mica_path_clean(directory ? directory : "/");
	char hostname[13];
	int r;

	(void)snprintf(hostname, sizeof(hostname), "%.12s", id);
	if (!clean)
		return mica_store_refuse(store, -EINVAL, "the working directory '%s' is not absolute", directory);
	making->settings = json_pack("{s:b, s:b, s:b, s:b, s:s, s:[]}", "Tty", options->terminal, "OpenStdin",
				     options->interactive, "ReadOnly", options->read_only, "AutoRemove",
				     options->auto_remove, "WorkingDir", clean, "Mounts");
	making->mounts = json_object_get(making->settings, "Mounts");
	if (!making->mounts)
		return -ENOMEM;
	r = make_arguments(store, making, config);
	if (r == 0)
		r = make_environment(store, making, config);
	if (r < 0)
		return r;
	r |= set_string(making, "User", options->user ? options->user : mica_json_string(config, "User"), "");
	r |= set_string(making, "Hostname", options->hostname, hostname);
	r |= set_string(making, "StopSignal", mica_json_string(config, "StopSignal"), "SIGTERM");
	r |= set_string(making, "Image", options->image, "");
	r |= set_string(making, "Network", options->network, "none");
	return r < 0 ? mica_store_refuse(store, -EINVAL, "an option is no UTF-8") : 0;
}

/* Where the image has a directory at a volume's place, its files are what the volume begins with. */
static int open_source(struct mica_store *store, struct making *making, const char *target, int *ret_fd)
{
	int r = 0;
	int fd;

	if (!making->top)
		return 0;
	if (making->root_fd < 0)
		r = mica_layer_open_root(store, making->top, false, &making->root_fd);
	if (r < 0)
		return r;
	fd = mica_root_open(making->root_fd, target, O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_fd = fd;
	else if (fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP)
		return mica_store_refuse(store, fd, "cannot look at %s in the image", target);
	return 0;
}

static int make_volumes(struct mica_store *store, struct making *making)
{
	size_t count = json_array_size(making->mounts), i;
	json_t *mount;

	making->volumes = calloc(count + 1, sizeof(*making->volumes));
	making->volume_mounts = calloc(count + 1, sizeof(json_t *));
	if (!making->volumes || !making->volume_mounts)
		return -ENOMEM;
	json_array_foreach(making->mounts, i, mount)
	{
		struct mica_container_volume *volume = &making->volumes[making->volume_count];
		int r = 0;

		if (strcmp(mica_json_string(mount, "Type"), "volume") != 0)
			continue;
		*volume = (struct mica_container_volume){ .target = mica_json_string(mount, "Destination"),
							  .name = mica_json_string(mount, "Name"),
							  .source_fd = -EBADF };
		making->volume_mounts[making->volume_count++] = mount;
		if (!json_is_true(json_object_get(mount, "NoCopy")))
			r = open_source(store, making, volume->target, &volume->source_fd);
		if (r < 0)
			return r;
	}
	return 0;
}

static char *print_settings(const struct mica_container_request *request)
{
	struct making *making = request->userdata;

	for (size_t i = 0; i < request->volume_count; i++)
		if (json_object_set_new(making->volume_mounts[i], "Name", json_string(request->volumes[i].ret_name)) <
		    0)
			return NULL;
	return json_dumps(making->settings, JSON_COMPACT);
}

/* Two words, as it pleases people. */
static int make_name(char name[static 64])
{
	static const char *const first[] = {
		"bright", "calm",   "clear", "cool",  "deep",  "early", "fine",  "firm", "gentle", "golden", "green",
		"happy",  "honest", "keen",  "light", "mild",  "neat",  "noble", "open", "plain",  "proud",  "quick",
		"quiet",  "rare",   "round", "sharp", "still", "swift", "warm",  "wide", "wild",   "young"
	};
	static const char *const second[] = { "agate",    "amber", "basalt", "beryl",   "calcite", "chert",   "coral",
					      "diorite",  "flint", "galena", "garnet",  "gneiss",  "granite", "gypsum",
					      "halite",   "jade",  "jasper", "lapis",   "lava",    "lignite", "marble",
					      "obsidian", "onyx",  "opal",   "peridot", "pumice",  "quartz",  "ruby",
					      "schist",   "slate", "spinel", "topaz" };
	unsigned short random[3];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	(void)snprintf(name, 64, "%s_%s%u", first[random[0] % 32], second[random[1] % 32], random[2] % 10000u);
	return 0;
}

static int make(struct mica_store *store, struct making *making, char *id, int *ret_lock_fd)
{
	const struct mica_container_options *options = making->options;
	struct mica_container_request request = {
		.id = id,
		.name = options->name,
		.auto_remove = options->auto_remove && ret_lock_fd,
		.settings = print_settings,
		.userdata = making,
	};
	char name[64];
	int r = mica_container_new_id(id);

	if (r == 0 && !request.name) {
		request.name = name;
		r = make_name(name);
	}
	if (r == 0)
		r = read_image(store, making);
	if (r == 0)
		r = make_settings(store, making, id);
	if (r == 0)
		r = mica_container_mounts(store, options, making->image_json, making->mounts);
	if (r == 0)
		r = make_volumes(store, making);
	if (r < 0)
		return r;
	request.image = making->image;
	request.top = making->top;
	request.volumes = making->volumes;
	request.volume_count = making->volume_count;
	return mica_container_create(store, &request, ret_lock_fd);
}

int mica_container_make(struct mica_store *store, const struct mica_container_options *options, char *ret_id,
			int *ret_lock_fd)
{
	_cleanup_(end) struct making making = { .options = options, .root_fd = -EBADF };

	if (options->name && !mica_name_valid(options->name))
		return mica_store_refuse(store, -EINVAL, "'%s' is no name: [a-zA-Z0-9][a-zA-Z0-9_.-]+", options->name);
	if (options->network && strcmp(options->network, "host") != 0 && strcmp(options->network, "none") != 0)
		return mica_store_refuse(store, -EINVAL, "there is no network '%s'; there are host and none",
					 options->network);
	return make(store, &making, ret_id, ret_lock_fd);
}

static int take_settings(const struct mica_stored_container *container, void *userdata)
{
	json_t **settings = userdata;

	*settings = mica_json_parse(container->settings, strlen(container->settings));
	return *settings ? 0 : -EBADMSG;
}

int mica_container_settings(struct mica_store *store, const char *id, json_t **ret)
{
	int r = mica_container_inspect(store, id, take_settings, ret);

	return r == -EBADMSG ? mica_store_refuse(store, r, "the container '%.12s' has damaged settings", id) : r;
}
