// SPDX-License-Identifier: BSD-2-Clause
#include "enforce/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define KEPT_VERSION 1
#define SUFFIX ".json"
/** All files of a set, each with its escapes. */
#define KEPT_BYTES ((size_t)1 << 30)
#define NAME_BYTES (2 * MICA_FORCE_DIGEST_BYTES + sizeof(SUFFIX))

static void json_cleanup(json_t **json)
{
	json_decref(*json);
}

static void set_name(char name[static NAME_BYTES], const uint8_t digest[static MICA_FORCE_DIGEST_BYTES])
{
	for (size_t i = 0; i < MICA_FORCE_DIGEST_BYTES; i++)
		(void)snprintf(name + 2 * i, 3, "%02x", digest[i]);
	memcpy(name + 2 * (size_t)MICA_FORCE_DIGEST_BYTES, SUFFIX, sizeof(SUFFIX));
}

int mica_keep_open(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat status;
	int fd;

	if (!copy)
		return -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* What others can write is not to be believed. */
	if (fstat(fd, &status) < 0 || status.st_uid != geteuid() || status.st_mode & 022) {
		(void)close(fd);
		return -EPERM;
	}
	return fd;
}

static int open_lock(int directory_fd, const char *name, int operation)
{
	_cleanup_close_ int fd = openat(directory_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	do
		r = flock(fd, operation);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : TAKE_FD(fd);
}

int mica_keep_lock(int directory_fd)
{
	return open_lock(directory_fd, "lock", LOCK_EX);
}

int mica_keep_lock_follower(int directory_fd, int *ret_pid)
{
	int fd = open_lock(directory_fd, "follower", LOCK_EX | LOCK_NB), size;
	_cleanup_free_ char *text = NULL;
	char pid[24];

	if (fd == -EWOULDBLOCK) {
		if (ret_pid)
			*ret_pid = mica_file_read_at(directory_fd, "follower", sizeof(pid), &text, NULL) == 0
					   ? atoi(text)
					   : 0;
		return -EBUSY;
	}
	if (fd < 0)
		return fd;
	size = snprintf(pid, sizeof(pid), "%d\n", getpid());
	/* For people only. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)size, 0) != size) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

int mica_keep_write_file(int directory_fd, const char *name, const char *data, size_t size)
{
	char temporary[NAME_MAX];
	int fd, r = 0;

	(void)snprintf(temporary, sizeof(temporary), ".%s.%d", name, getpid());
	fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; r == 0 && done < size;) {
		ssize_t written = write(fd, data + done, size - done);

		if (written > 0)
			done += (size_t)written;
		else if (written == 0 || errno != EINTR)
			r = written == 0 ? -EIO : -errno;
	}
	if (close(fd) < 0 && r == 0)
		r = -errno;
	/* Below /run nothing outlives the machine: there is no disk to wait for. */
	if (r == 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(directory_fd, temporary, 0);
	return r;
}

int mica_keep_encode(const struct mica_policy_sources *sources, bool audit, struct mica_buffer *out)
{
	_cleanup_(json_cleanup) json_t *files = json_array();
	_cleanup_(json_cleanup) json_t *document = NULL;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; files && i < sources->count; i++) {
		const struct mica_policy_source *source = &sources->items[i];
		json_t *file = json_pack("{s:o, s:o}", "name", json_string_nocheck(source->name), "text",
					 json_stringn_nocheck(source->text, source->size));

		if (json_array_append_new(files, file) < 0)
			return -ENOMEM;
	}
	document = json_pack("{s:i, s:b, s:O}", "v", KEPT_VERSION, "audit", audit, "files", files);
	text = document ? json_dumps(document, JSON_COMPACT) : NULL;
	/* A file name need not be UTF-8, which no JSON can hold: it is then not kept. */
	if (!text)
		return document ? -EILSEQ : -ENOMEM;
	return mica_buffer_append_string(out, text);
}

static int decode_files(const json_t *files, struct mica_policy_sources *sources)
{
	const json_t *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));
		const json_t *text = json_object_get(file, "text");

		if (!name || !json_is_string(text))
			return -EBADMSG;
		if (mica_policy_sources_add(sources, name, json_string_value(text), json_string_length(text)) < 0)
			return -ENOMEM;
	}
	return 0;
}

int mica_keep_decode(const char *text, size_t size, struct mica_policy_sources *ret, bool *ret_audit)
{
	_cleanup_(json_cleanup) json_t *document = json_loadb(text, size, JSON_ALLOW_NUL, NULL);
	_cleanup_policy_sources_ struct mica_policy_sources sources = {};
	const json_t *audit = json_object_get(document, "audit"), *files = json_object_get(document, "files");
	int r;

	if (json_integer_value(json_object_get(document, "v")) != KEPT_VERSION || !json_is_boolean(audit) ||
	    !json_is_array(files))
		return -EBADMSG;
	r = decode_files(files, &sources);
	if (r < 0)
		return r;
	*ret_audit = json_is_true(audit);
	*ret = sources;
	sources = (struct mica_policy_sources){};
	return 0;
}

int mica_keep_write(int directory_fd, const struct mica_force *force)
{
	_cleanup_buffer_ struct mica_buffer text = {};
	char name[NAME_BYTES];
	int r = mica_keep_encode(&force->sources, force->audit, &text);

	if (r < 0)
		return r;
	set_name(name, force->digest);
	return mica_keep_write_file(directory_fd, name, text.data, text.size);
}

int mica_keep_read(int directory_fd, const uint8_t digest[static MICA_FORCE_DIGEST_BYTES], struct mica_force **ret)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	_cleanup_policy_sources_ struct mica_policy_sources sources = {};
	_cleanup_force_ struct mica_force *force = NULL;
	_cleanup_free_ char *text = NULL;
	char name[NAME_BYTES];
	bool audit;
	size_t size;
	int r;

	set_name(name, digest);
	r = mica_file_read_at(directory_fd, name, KEPT_BYTES, &text, &size);
	if (r == 0)
		r = mica_keep_decode(text, size, &sources, &audit);
	if (r == 0)
		r = mica_force_make(&sources, audit, &force, &messages);
	if (r != 0)
		return r == -EINVAL ? -EBADMSG : r;
	if (memcmp(force->digest, digest, MICA_FORCE_DIGEST_BYTES) != 0)
		return -EBADMSG;
	*ret = TAKE_PTR(force);
	return 0;
}

static bool is_set_name(const char *name)
{
	/* Only names of digests. */
	return strlen(name) == NAME_BYTES - 1 &&
	       strspn(name, "0123456789abcdef") == 2 * (size_t)MICA_FORCE_DIGEST_BYTES &&
	       strcmp(name + 2 * (size_t)MICA_FORCE_DIGEST_BYTES, SUFFIX) == 0;
}

/** Calls `visit` for the name of each set that is kept, until it returns other than 0. */
static int each_set(int directory_fd, int (*visit)(const char *name, void *userdata), void *userdata)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	_cleanup_closedir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory) {
		r = -errno;
		mica_cleanup_close(&fd);
		return r;
	}
	for (const struct dirent *entry = readdir(directory); r == 0 && entry; entry = readdir(directory))
		if (is_set_name(entry->d_name))
			r = visit(entry->d_name, userdata);
	return r;
}

struct finding {
	char begin[2 * sizeof(uint64_t) + 1];
	uint8_t digest[MICA_FORCE_DIGEST_BYTES];
};

static int compare_set(const char *name, void *userdata)
{
	struct finding *finding = userdata;

	if (strncmp(name, finding->begin, sizeof(finding->begin) - 1) != 0)
		return 0;
	for (size_t i = 0; i < MICA_FORCE_DIGEST_BYTES; i++) {
		const char digits[] = { name[2 * i], name[2 * i + 1], '\0' };

		finding->digest[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return 1;
}

int mica_keep_find(int directory_fd, uint64_t digest_head, struct mica_force **ret)
{
	const uint8_t *bytes = (const uint8_t *)&digest_head;
	struct finding finding = {};
	int r;

	for (size_t i = 0; i < sizeof(digest_head); i++)
		(void)snprintf(finding.begin + 2 * i, 3, "%02x", bytes[i]);
	r = each_set(directory_fd, compare_set, &finding);
	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	return mica_keep_read(directory_fd, finding.digest, ret);
}

struct kept_set {
	char name[NAME_BYTES];
	/** When it was written: when it was put in force last. */
	struct timespec time;
};

struct sweeping {
	int directory_fd;
	/** The one that is in force; "": none. */
	char current[NAME_BYTES];
	/** The newest of the others, newest first. */
	struct kept_set kept[MICA_KEEP_SETS];
	size_t count, most;
};

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static int sweep_set(const char *name, void *userdata)
{
	struct sweeping *sweeping = userdata;
	struct kept_set set;
	struct stat status;
	size_t place = 0;

	if (strcmp(name, sweeping->current) == 0 || fstatat(sweeping->directory_fd, name, &status, 0) < 0)
		return 0;
	set.time = status.st_mtim;
	memcpy(set.name, name, sizeof(set.name));
	while (place < sweeping->count && !is_newer(&set.time, &sweeping->kept[place].time))
		place++;
	if (place == sweeping->most) {
		(void)unlinkat(sweeping->directory_fd, name, 0);
		return 0;
	}
	if (sweeping->count == sweeping->most)
		(void)unlinkat(sweeping->directory_fd, sweeping->kept[--sweeping->count].name, 0);
	memmove(&sweeping->kept[place + 1], &sweeping->kept[place], (sweeping->count - place) * sizeof(set));
	sweeping->kept[place] = set;
	sweeping->count++;
	return 0;
}

void mica_keep_sweep(int directory_fd, const uint8_t *digest)
{
	struct sweeping sweeping = { .directory_fd = directory_fd, .most = digest ? MICA_KEEP_SETS : 0 };

	if (digest)
		set_name(sweeping.current, digest);
	(void)each_set(directory_fd, sweep_set, &sweeping);
}
