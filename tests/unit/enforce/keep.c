/* SPDX-License-Identifier: BSD-2-Clause */
#include "enforce/keep.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "enforce/objects.h"

static const char web[] = "apiVersion: mica/v1\n"
			  "kind: Policy\n"
			  "metadata: { name: web }\n"
			  "subjects: [{ default: true }]\n"
			  "rules: [{ name: a, on: write, union: \"/usr/\xc3\xa9**\", verdict: deny }]\n";

static struct mica_policy_sources sources_of(const char *name, const char *text)
{
	struct mica_policy_sources sources = {};

	cr_assert_eq(mica_policy_sources_add(&sources, name, text, strlen(text)), 0);
	return sources;
}

static struct mica_force *make(const char *name, const char *text, bool audit)
{
	_cleanup_policy_messages_ struct mica_policy_messages messages = {};
	struct mica_policy_sources sources = sources_of(name, text);
	struct mica_force *force = NULL;

	cr_assert_eq(mica_force_make(&sources, audit, &force, &messages), 0, "%s",
		     mica_policy_messages_text(&messages));
	return force;
}

static int temporary(char *path)
{
	strcpy(path, "/tmp/mica-kept-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	strcat(path, "/a/b");
	return mica_keep_open(path);
}

Test(enforce_keep, a_set_is_read_as_it_was_written)
{
	char path[64];
	_cleanup_close_ int fd = temporary(path);
	_cleanup_force_ struct mica_force *force = make("web.yaml", web, true), *read = NULL, *other = NULL;

	cr_assert_geq(fd, 0);
	cr_assert_eq(mica_keep_read(fd, force->digest, &read), -ENOENT);
	cr_assert_eq(mica_keep_write(fd, force), 0);
	cr_assert_eq(mica_keep_read(fd, force->digest, &read), 0);
	cr_assert(read->audit);
	cr_assert_eq(read->set.count, 1);
	cr_assert_eq(read->set.policies[0].mode, MICA_POLICY_AUDIT);
	cr_assert_str_eq(read->set.policies[0].file, "web.yaml");
	cr_assert_eq(read->image.counter_count, force->image.counter_count);
	other = make("web.yaml", web, false);
	cr_assert_eq(mica_keep_read(fd, other->digest, &read), -ENOENT, "what would be denied is another set");
	mica_force_free(&read);
	mica_keep_sweep(fd, other->digest);
	cr_assert_eq(mica_keep_find(fd, mica_force_digest_head(force), &read), 0, "its last denials may be unread");
	cr_assert_eq(memcmp(read->digest, force->digest, sizeof(force->digest)), 0);
	mica_force_free(&read);
	mica_keep_sweep(fd, NULL);
	cr_assert_eq(mica_keep_read(fd, force->digest, &read), -ENOENT);
	cr_assert_eq(mica_keep_find(fd, mica_force_digest_head(force), &read), -ENOENT);
}

/** Writes set `number`, and says that it was put in force then. */
static struct mica_force *keep_one(int fd, unsigned number)
{
	const struct timespec times[2] = { { .tv_sec = 1000 + number }, { .tv_sec = 1000 + number } };
	char file[32], name[80] = "";
	struct mica_force *force;

	(void)sprintf(file, "%u.yaml", number);
	force = make(file, web, false);
	cr_assert_eq(mica_keep_write(fd, force), 0);
	for (size_t i = 0; i < sizeof(force->digest); i++)
		(void)sprintf(name + 2 * i, "%02x", force->digest[i]);
	strcat(name, ".json");
	cr_assert_eq(utimensat(fd, name, times, 0), 0);
	return force;
}

Test(enforce_keep, the_last_sets_stay)
{
	char path[64];
	_cleanup_close_ int fd = temporary(path);
	struct mica_force *all[MICA_KEEP_SETS + 4], *read = NULL;
	const unsigned count = sizeof(all) / sizeof(all[0]);

	for (unsigned i = 0; i < count; i++)
		all[i] = keep_one(fd, i);
	/* The oldest is in force again. */
	mica_keep_sweep(fd, all[0]->digest);
	for (unsigned i = 0; i < count; i++) {
		int r = mica_keep_read(fd, all[i]->digest, &read);

		cr_assert_eq(r, i == 0 || i >= count - MICA_KEEP_SETS ? 0 : -ENOENT, "set %u: %d", i, r);
		mica_force_free(&read);
		mica_force_free(&all[i]);
	}
}

Test(enforce_keep, the_digest_is_of_all_that_is_said)
{
	_cleanup_force_ struct mica_force *force = make("web.yaml", web, false), *again = make("web.yaml", web, false);
	_cleanup_force_ struct mica_force *moved = make("other.yaml", web, false);

	cr_assert_eq(memcmp(force->digest, again->digest, sizeof(force->digest)), 0);
	cr_assert_neq(memcmp(force->digest, moved->digest, sizeof(force->digest)), 0);
}

Test(enforce_keep, what_was_damaged_is_refused)
{
	char path[64], name[80] = "";
	_cleanup_close_ int fd = temporary(path);
	_cleanup_force_ struct mica_force *force = make("web.yaml", web, false), *read = NULL;

	for (size_t i = 0; i < sizeof(force->digest); i++)
		(void)sprintf(name + 2 * i, "%02x", force->digest[i]);
	strcat(name, ".json");
	cr_assert_eq(mica_keep_write_file(fd, name, "{\"v\":1,\"audit\":false,\"files\":[]}", 32), 0);
	cr_assert_eq(mica_keep_read(fd, force->digest, &read), -EBADMSG, "another set of that name");
	cr_assert_eq(mica_keep_write_file(fd, name, "{", 1), 0);
	cr_assert_eq(mica_keep_read(fd, force->digest, &read), -EBADMSG);
	cr_assert_null(read);
}

Test(enforce_keep, what_others_can_write_is_not_believed)
{
	char path[64];
	_cleanup_close_ int fd = temporary(path);

	cr_assert_geq(fd, 0);
	cr_assert_eq(chmod(path, 0777), 0);
	cr_assert_eq(mica_keep_open(path), -EPERM);
}

Test(enforce_keep, decodes_only_what_it_encodes)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{\"v\":2,\"audit\":false,\"files\":[]}",
		"{\"v\":1,\"audit\":0,\"files\":[]}",
		"{\"v\":1,\"audit\":false}",
		"{\"v\":1,\"audit\":false,\"files\":[1]}",
		"{\"v\":1,\"audit\":false,\"files\":[{\"name\":\"a\"}]}",
		"{\"v\":1,\"audit\":false,\"files\":[{\"name\":1,\"text\":\"\"}]}",
	};
	_cleanup_policy_sources_ struct mica_policy_sources sources =
								    sources_of("a \"b\".yaml", "x: \"\\n\"\n\xc3\xa9"),
							    read = {};
	_cleanup_buffer_ struct mica_buffer text = {};
	bool audit = false;

	cr_assert_eq(mica_keep_encode(&sources, true, &text), 0);
	cr_assert_eq(mica_keep_decode(text.data, text.size, &read, &audit), 0);
	cr_assert(audit);
	cr_assert_eq(read.count, 1);
	cr_assert_str_eq(read.items[0].name, "a \"b\".yaml");
	cr_assert_str_eq(read.items[0].text, "x: \"\\n\"\n\xc3\xa9");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mica_policy_sources none = {};

		cr_assert_eq(mica_keep_decode(wrong[i], strlen(wrong[i]), &none, &audit), -EBADMSG, "%s", wrong[i]);
		cr_assert_eq(none.count, 0);
	}
}

Test(enforce_keep, one_follower)
{
	char path[64];
	_cleanup_close_ int fd = temporary(path);
	_cleanup_close_ int lock = mica_keep_lock_follower(fd, NULL);
	int pid = 0;

	cr_assert_geq(lock, 0);
	cr_assert_eq(mica_keep_lock_follower(fd, &pid), -EBUSY);
	cr_assert_eq(pid, getpid());
}

Test(enforce_objects, a_number_is_given_once)
{
	_cleanup_(mica_objects_free) struct mica_numbered_objects objects = {};
	struct mica_numbered *object;

	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "db", "/v/db/_data", &object), 0);
	cr_assert_eq(object->number, 1);
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_LAYER, NULL, "/l/1/diff", &object), 0);
	cr_assert_eq(object->number, 2);
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "db", "/v/db/_data", &object), 0);
	cr_assert_eq(object->number, 1);
	/* Renamed: it is another one, and the later one counts. */
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "db2", "/v/db/_data", &object), 0);
	cr_assert_eq(object->number, 3);
	cr_assert_eq(mica_objects_find(&objects, MICA_ENFORCE_VOLUME, "/v/db/_data")->number, 3);
	cr_assert_str_eq(mica_objects_by_number(&objects, MICA_ENFORCE_VOLUME, 1)->name, "db");
	cr_assert_null(mica_objects_by_number(&objects, MICA_ENFORCE_VOLUME, 2));
	cr_assert_null(mica_objects_find(&objects, MICA_ENFORCE_LAYER, "/v/db/_data"));
}

Test(enforce_objects, are_kept)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"{\"v\":1,\"objects\":[{\"kind\":1,\"number\":2,\"directory\":\"/a\"}]}",
		"{\"v\":1,\"objects\":[{\"kind\":0,\"number\":1,\"directory\":\"/a\"}]}",
		"{\"v\":2,\"objects\":[]}",
	};
	char path[64];
	_cleanup_close_ int fd = temporary(path);
	_cleanup_(mica_objects_free) struct mica_numbered_objects objects = {}, read = {};
	struct mica_numbered *object;

	cr_assert_eq(mica_objects_read(fd, &objects), 0, "none are kept");
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "db", "/v", &object), 0);
	/* A name that no JSON can hold keeps its number all the same. */
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_VOLUME, "\xff", "/\xff", &object), 0);
	cr_assert_eq(mica_objects_get(&objects, MICA_ENFORCE_LAYER, NULL, "/l", &object), 0);
	objects.items[0].registered = true;
	cr_assert_eq(mica_objects_write(fd, &objects), 0);
	cr_assert_not(objects.changed);
	cr_assert_eq(mica_objects_read(fd, &read), 0);
	cr_assert_eq(read.count, 3);
	cr_assert_str_eq(read.items[0].name, "db");
	cr_assert_not(read.items[0].registered, "another process told the kernel");
	cr_assert_null(read.items[2].name);
	cr_assert_eq(read.items[2].number, 3);
	cr_assert_null(mica_objects_find(&read, MICA_ENFORCE_VOLUME, "/\xff"));
	cr_assert_eq(mica_objects_read(fd, &objects), 0);
	cr_assert(objects.items[0].registered);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(mica_objects_decode(wrong[i], strlen(wrong[i]), &read), -EBADMSG, "%s", wrong[i]);
}
