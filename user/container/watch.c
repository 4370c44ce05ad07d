/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/cleanup.h"

/** Names kept for one directory whose owner does not take them. */
#define NAMES_LIMIT 4096
#define READ_BYTES (16 << 10)

struct mica_watched {
	int number;
	uint64_t key;
	bool wants_names;
	char **names;
	size_t first;
	size_t count;
	char path[];
};

static void free_watched(void *value)
{
	struct mica_watched *watched = value;

	for (size_t i = watched->first; i < watched->count; i++)
		free(watched->names[i]);
	free(watched->names);
	free(watched);
}

void mica_watch_init(struct mica_watch *watch)
{
	*watch = (struct mica_watch){ .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	if (watch->fd < 0)
		watch->fd = -EBADF;
}

void mica_watch_free(struct mica_watch *watch)
{
	mica_table_free(&watch->paths, NULL);
	mica_table_free(&watch->directories, free_watched);
	if (watch->fd >= 0)
		(void)close(watch->fd);
	*watch = (struct mica_watch){ .fd = -EBADF };
}

static struct mica_watched *find(const struct mica_watch *watch, const char *path)
{
	struct mica_watched *watched = mica_table_get(&watch->paths, mica_hash_bytes(path, strlen(path)));

	return watched && strcmp(watched->path, path) == 0 ? watched : NULL;
}

static void forget(struct mica_watch *watch, struct mica_watched *watched)
{
	(void)mica_table_remove(&watch->directories, (uint64_t)watched->number + 1);
	if (mica_table_get(&watch->paths, watched->key) == watched)
		(void)mica_table_remove(&watch->paths, watched->key);
	free_watched(watched);
}

void mica_watch_add(struct mica_watch *watch, const char *path, bool names)
{
	const uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_CREATE;
	size_t length = strlen(path);
	struct mica_watched *watched;

	if (watch->fd < 0 || find(watch, path))
		return;
	watched = calloc(1, sizeof(*watched) + length + 1);
	if (!watched)
		return;
	memcpy(watched->path, path, length + 1);
	watched->wants_names = names;
	watched->key = mica_hash_bytes(path, length);
	watched->number = inotify_add_watch(watch->fd, path, mask);
	if (watched->number < 0 || mica_table_put(&watch->directories, (uint64_t)watched->number + 1, watched) < 0) {
		free(watched);
		return;
	}
	/* Without it the directory is watched again under another number, at the price of one more system call. */
	(void)mica_table_put(&watch->paths, watched->key, watched);
}

static void keep_name(struct mica_watched *watched, const char *name)
{
	char **larger;

	if (watched->first == watched->count)
		watched->first = watched->count = 0;
	if (watched->count == NAMES_LIMIT)
		return;
	/* Grows in steps of 64: reallocarray of the same size is free. */
	larger = reallocarray(watched->names, (watched->count / 64 + 1) * 64, sizeof(*larger));
	if (!larger)
		return;
	watched->names = larger;
	watched->names[watched->count] = strdup(name);
	watched->count += !!watched->names[watched->count];
}

static void take_in(struct mica_watch *watch, const struct inotify_event *event)
{
	struct mica_watched *watched = mica_table_get(&watch->directories, (uint64_t)event->wd + 1);

	if (!watched)
		return;
	if (event->mask & IN_IGNORED)
		forget(watch, watched);
	else if (event->mask & IN_MOVE_SELF)
		(void)inotify_rm_watch(watch->fd, event->wd);
	else if (watched->wants_names && event->len && event->mask & IN_ISDIR &&
		 event->mask & (IN_CREATE | IN_MOVED_TO))
		keep_name(watched, event->name);
}

bool mica_watch_read(struct mica_watch *watch)
{
	char buffer[READ_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool any = false;
	ssize_t size;

	while (watch->fd >= 0 && (size = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		const struct inotify_event *event;

		any = true;
		for (char *at = buffer; at < buffer + size; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)at;
			take_in(watch, event);
		}
	}
	return any;
}

char *mica_watch_take(struct mica_watch *watch, const char *path)
{
	struct mica_watched *watched = find(watch, path);

	return watched && watched->first < watched->count ? watched->names[watched->first++] : NULL;
}
