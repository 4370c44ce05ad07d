/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/state_files.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/watch.h"

struct state_file {
	/** Another whose path has the same hash. */
	struct state_file *next;
	struct mica_stamp stamp;
	/** Round in which it was last there. */
	unsigned round;
	/** NULL: there is no such file (yet), or it makes no sense. */
	struct mica_engine_container *container;
	/** DIRECTORY/ID; the id is what follows the last slash. */
	char directory[];
};

static void free_file(struct state_file *file)
{
	mica_engine_container_free(&file->container);
	free(file);
}

static void free_chain(void *value)
{
	struct state_file *next;

	for (struct state_file *file = value; file; file = next) {
		next = file->next;
		free_file(file);
	}
}

void mica_state_files_free(struct mica_state_files *files)
{
	mica_table_free(&files->files, free_chain);
	mica_listings_free(&files->listings);
}

static int put(struct mica_table *table, struct state_file *file)
{
	uint64_t key = mica_hash_bytes(file->directory, strlen(file->directory));

	file->next = mica_table_get(table, key);
	return mica_table_put(table, key, file);
}

static struct state_file *find_file(const struct mica_state_files *files, const char *directory)
{
	struct state_file *file = mica_table_get(&files->files, mica_hash_bytes(directory, strlen(directory)));

	while (file && strcmp(file->directory, directory) != 0)
		file = file->next;
	return file;
}

static int get_or_add(struct mica_state_files *files, const char *directory, struct state_file **ret)
{
	size_t length = strlen(directory);
	struct state_file *file = find_file(files, directory);

	if (!file) {
		file = calloc(1, sizeof(*file) + length + 1);
		if (!file)
			return -ENOMEM;
		memcpy(file->directory, directory, length + 1);
		if (put(&files->files, file) < 0) {
			free_file(file);
			return -ENOMEM;
		}
	}
	*ret = file;
	return 0;
}

static int read_file(struct mica_state_files *files, struct state_file *file, const char *path)
{
	const char *id = strrchr(file->directory, '/') + 1;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r = mica_host_read(files->host, path, MICA_STATE_FILE_BYTES, &text, &size);

	/* The file goes before its directory: what it said stays, but for the process. */
	if (r == -ENOENT && file->container && files->named_by_directory) {
		file->container->pid = 0;
		return 0;
	}
	mica_engine_container_free(&file->container);
	/* An empty file is one that is just being made. */
	if (r == 0 && size)
		r = files->parse(id, file->directory, text, size, &file->container);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT)
		files->errors++;
	return 0;
}

/** Writes DIRECTORY/NAME. */
static int join(char path[static PATH_MAX], const char *directory, const char *name)
{
	size_t length = strlen(directory), size = strlen(name);

	if (length + size + 2 > PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path, directory, length);
	path[length] = '/';
	memcpy(path + length + 1, name, size);
	path[length + 1 + size] = '\0';
	return 0;
}

/** A container of which only the directory is known. */
static int name_by_directory(struct mica_state_files *files, struct state_file *file)
{
	const char *id = strrchr(file->directory, '/') + 1;
	_cleanup_(mica_engine_container_free) struct mica_engine_container *container = calloc(1, sizeof(*container));

	if (!container)
		return -ENOMEM;
	container->id = strdup(id);
	container->name = strdup(id);
	if (!container->id || !container->name)
		return -ENOMEM;
	container->unfinished = true;
	file->container = TAKE_PTR(container);
	files->changed = true;
	return 0;
}

static int look_at(struct mica_state_files *files, const char *directory, const char *id, const char *name)
{
	char path[PATH_MAX];
	struct state_file *file;
	int r = join(path, directory, id);

	if (r < 0)
		return 0;
	r = get_or_add(files, path, &file);
	if (r < 0)
		return r;
	if (file->round == files->round)
		return 0;
	file->round = files->round;
	if (join(path, file->directory, name) < 0)
		return 0;
	/* Before the file is looked at: what comes after that is told. */
	mica_host_watch(files->host, file->directory, false);
	if (mica_host_stamp(files->host, path, &file->stamp)) {
		files->changed = true;
		r = read_file(files, file, path);
		if (r < 0)
			file->stamp = (struct mica_stamp){};
	}
	return r == 0 && !file->container && files->named_by_directory ? name_by_directory(files, file) : r;
}

void mica_state_files_begin(struct mica_state_files *files)
{
	files->round++;
	files->changed = false;
}

/** Looks at what was made in a directory since the last round: it may be gone again. */
static int look_at_made(struct mica_state_files *files, const char *directory, const char *file)
{
	char *name;
	int r = 0;

	while (r == 0 && (name = mica_host_take_made(files->host, directory))) {
		if (name[0] != '.')
			r = look_at(files, directory, name, file);
		free(name);
	}
	return r;
}

int mica_state_files_look(struct mica_state_files *files, const char *directory, const char *file)
{
	const struct mica_listing *listing;
	int r;

	/* Before it is read: what comes after that is told. */
	mica_host_watch(files->host, directory, true);
	r = mica_listing_get(&files->listings, files->host, directory, &listing);
	for (size_t i = 0; r == 0 && i < listing->count; i++)
		r = look_at(files, directory, listing->names[i], file);
	return r == 0 ? look_at_made(files, directory, file) : r;
}

/** Calls `visit` for each file, which may then be freed. */
static int each_file(const struct mica_table *table, int (*visit)(struct state_file *file, void *userdata),
		     void *userdata)
{
	for (size_t i = 0; i < table->capacity; i++) {
		struct state_file *next;

		for (struct state_file *file = table->slots[i].value; file; file = next) {
			int r;

			next = file->next;
			r = visit(file, userdata);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

struct survivors {
	unsigned round;
	size_t gone;
	struct mica_table kept;
};

static int count_gone(struct state_file *file, void *userdata)
{
	struct survivors *survivors = userdata;

	survivors->gone += file->round != survivors->round;
	return 0;
}

static int keep_or_free(struct state_file *file, void *userdata)
{
	struct survivors *survivors = userdata;

	if (file->round == survivors->round && put(&survivors->kept, file) == 0)
		return 0;
	/* No memory: it is read again in the next round. */
	free_file(file);
	return 0;
}

int mica_state_files_end(struct mica_state_files *files)
{
	struct survivors survivors = { .round = files->round };

	(void)each_file(&files->files, count_gone, &survivors);
	if (survivors.gone) {
		(void)each_file(&files->files, keep_or_free, &survivors);
		mica_table_free(&files->files, NULL);
		files->files = survivors.kept;
		files->changed = true;
	}
	return files->changed;
}

struct taker {
	int (*take)(struct mica_engine_container *container, void *userdata);
	void *userdata;
};

static int take_copy(struct state_file *file, void *userdata)
{
	const struct taker *taker = userdata;
	struct mica_engine_container *copy;

	if (!file->container)
		return 0;
	copy = mica_engine_container_copy(file->container);
	return copy ? taker->take(copy, taker->userdata) : -ENOMEM;
}

int mica_state_files_each(const struct mica_state_files *files,
			  int (*take)(struct mica_engine_container *container, void *userdata), void *userdata)
{
	struct taker taker = { .take = take, .userdata = userdata };

	return each_file(&files->files, take_copy, &taker);
}

struct wanted_layer {
	const char *id;
	const char *digest;
};

static int look_for_layer(struct state_file *file, void *userdata)
{
	const struct mica_engine_container *container = file->container;
	struct wanted_layer *wanted = userdata;

	for (size_t i = 0; container && !wanted->digest && i < container->layer_count; i++)
		if (strcmp(container->layers[i].id, wanted->id) == 0)
			wanted->digest = container->layers[i].digest;
	return 0;
}

const char *mica_state_files_digest(const struct mica_state_files *files, const char *layer)
{
	struct wanted_layer wanted = { .id = layer };

	(void)each_file(&files->files, look_for_layer, &wanted);
	return wanted.digest;
}

bool mica_state_files_has(const struct mica_state_files *files, const char *directory, const char *id)
{
	_cleanup_free_ char *path = NULL;
	const struct state_file *file;

	if (asprintf(&path, "%s/%s", directory, id) < 0) {
		path = NULL;
		return false;
	}
	file = find_file(files, path);
	return file && file->container;
}

struct wanted {
	const char *id;
	const struct mica_engine_container *found;
};

static int compare_id(struct state_file *file, void *userdata)
{
	struct wanted *wanted = userdata;

	if (file->container && strcmp(file->container->id, wanted->id) == 0)
		wanted->found = file->container;
	return 0;
}

const struct mica_engine_container *mica_state_files_find(const struct mica_state_files *files, const char *id)
{
	struct wanted wanted = { .id = id };

	(void)each_file(&files->files, compare_id, &wanted);
	return wanted.found;
}
