/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/engine_docker.h"

#define SMALL_FILE_BYTES 256

const struct mica_docker_pair_files mica_docker_mounts = { DOCKER_LAYERS "/layerdb/mounts", "mount-id", "init-id" };
const struct mica_docker_pair_files mica_docker_layers = { DOCKER_LAYERS "/layerdb/sha256", "cache-id", "diff" };

static void free_pair(struct mica_docker_pair *pair)
{
	free(pair->name);
	free(pair->first);
	free(pair->second);
	*pair = (struct mica_docker_pair){};
}

void mica_docker_pairs_free(struct mica_docker_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		free_pair(&pairs->pairs[i]);
	free(pairs->pairs);
	*pairs = (struct mica_docker_pairs){};
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct mica_docker_pair *)a)->name, ((const struct mica_docker_pair *)b)->name);
}

static struct mica_docker_pair *find(const struct mica_docker_pairs *pairs, char *name)
{
	const struct mica_docker_pair key = { .name = name };

	return pairs->count ? bsearch(&key, pairs->pairs, pairs->count, sizeof(key), compare_names) : NULL;
}

const struct mica_docker_pair *mica_docker_pairs_by_name(const struct mica_docker_pairs *pairs, const char *name)
{
	return find(pairs, (char *)name);
}

/**
 * 0, also when there is no such file or nothing in it yet (NULL), or it makes no sense (counted, ""); -ENOMEM. dockerd
 * makes the file and then writes to it (moby layer/filestore.go: os.WriteFile).
 */
static int read_id(const struct mica_host *host, const char *directory, const char *name, const char *file,
		   size_t *errors, char **ret)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t size = 0;
	int r;

	if (asprintf(&path, "%s/%s/%s", directory, name, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = mica_host_read(host, path, SMALL_FILE_BYTES, &text, &size);
	if (r == 0 && size == 0)
		return 0;
	if (r == 0)
		r = mica_docker_parse_id(text, size, ret);
	if (r == 0 || r == -ENOMEM || r == -ENOENT)
		return r == -ENOENT ? 0 : r;
	++*errors;
	*ret = strdup("");
	return *ret ? 0 : -ENOMEM;
}

struct round {
	struct mica_docker_pairs *old;
	struct mica_docker_pairs new;
	const struct mica_docker_pair_files *files;
	const struct mica_host *host;
	size_t *errors;
	bool changed;
};

static int take_name(struct round *round, char *name)
{
	struct mica_docker_pair *old = find(round->old, name), *pair, *larger;

	larger = reallocarray(round->new.pairs, (round->new.count / 64 + 1) * 64, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	round->new.pairs = larger;
	pair = &larger[round->new.count++];
	*pair = (struct mica_docker_pair){ .name = strdup(name) };
	if (!pair->name)
		return -ENOMEM;
	/* They are written once; what was not there yet is looked for again. */
	if (old) {
		pair->first = TAKE_PTR(old->first);
		pair->second = TAKE_PTR(old->second);
	}
	if (pair->first && pair->second)
		return 0;
	if (!pair->first &&
	    read_id(round->host, round->files->directory, name, round->files->first, round->errors, &pair->first) < 0)
		return -ENOMEM;
	if (!pair->second &&
	    read_id(round->host, round->files->directory, name, round->files->second, round->errors, &pair->second) < 0)
		return -ENOMEM;
	if (pair->first && pair->second)
		round->changed = true;
	else
		round->new.unsettled = true;
	return 0;
}

static int list(struct round *round)
{
	_cleanup_free_ char *root = mica_host_path(round->host, round->files->directory);
	_cleanup_closedir_ DIR *stream = root ? opendir(root) : NULL;
	struct dirent *entry;
	int r = 0;

	if (!root)
		return -ENOMEM;
	while (stream && r == 0 && (entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			r = take_name(round, entry->d_name);
	return r;
}

int mica_docker_pairs_refresh(struct mica_docker_pairs *pairs, const struct mica_docker_pair_files *files,
			      const struct mica_host *host, size_t *errors)
{
	struct round round = { .old = pairs, .files = files, .host = host, .errors = errors };
	int r;

	mica_host_watch(host, files->directory, false);
	round.new.stamp = pairs->stamp;
	if (!mica_host_stamp(host, files->directory, &round.new.stamp) && !pairs->unsettled)
		return 0;
	r = list(&round);
	if (r < 0) {
		/* What was taken over from the old is read again. */
		mica_docker_pairs_free(&round.new);
		mica_docker_pairs_free(pairs);
		return r;
	}
	if (round.new.count)
		qsort(round.new.pairs, round.new.count, sizeof(*round.new.pairs), compare_names);
	if (round.new.count != pairs->count)
		round.changed = true;
	round.new.unsettled |= mica_stamp_is_fresh(&round.new.stamp);
	mica_docker_pairs_free(pairs);
	*pairs = round.new;
	return round.changed;
}
