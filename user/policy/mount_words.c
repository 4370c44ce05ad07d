// SPDX-License-Identifier: BSD-2-Clause
#include "policy/mount_words.h"

#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "base/suggest.h"

const struct mica_mount_word mica_mount_words_of_policy[] = {
	{ "ro", MS_RDONLY, false },
	{ "rw", MS_RDONLY, true },
	{ "nosuid", MS_NOSUID, false },
	{ "suid", MS_NOSUID, true },
	{ "nodev", MS_NODEV, false },
	{ "dev", MS_NODEV, true },
	{ "noexec", MS_NOEXEC, false },
	{ "exec", MS_NOEXEC, true },
	{ "sync", MS_SYNCHRONOUS, false },
	{ "async", MS_SYNCHRONOUS, true },
	{ "dirsync", MS_DIRSYNC, false },
	{ "noatime", MS_NOATIME, false },
	{ "atime", MS_NOATIME, true },
	{ "nodiratime", MS_NODIRATIME, false },
	{ "diratime", MS_NODIRATIME, true },
	{ "relatime", MS_RELATIME, false },
	{ "norelatime", MS_RELATIME, true },
	{ "strictatime", MS_STRICTATIME, false },
	{ "nostrictatime", MS_STRICTATIME, true },
	{ "bind", MS_BIND, false },
	{ "nobind", MS_BIND, true },
	{ "rec", MS_REC, false },
	{ "norec", MS_REC, true },
	{ "private", MS_PRIVATE, false },
	{ "noprivate", MS_PRIVATE, true },
	{ "slave", MS_SLAVE, false },
	{ "noslave", MS_SLAVE, true },
	{ "shared", MS_SHARED, false },
	{ "noshared", MS_SHARED, true },
	{ "unbindable", MS_UNBINDABLE, false },
	{ "nounbindable", MS_UNBINDABLE, true },
	{},
};

#define WORDS (sizeof(mica_mount_words_of_policy) / sizeof(mica_mount_words_of_policy[0]))

const struct mica_mount_word *mica_mount_word_find(const char *word)
{
	for (const struct mica_mount_word *known = mica_mount_words_of_policy; known->word; known++)
		if (strcmp(known->word, word) == 0)
			return known;
	return NULL;
}

const char *mica_mount_word_suggest(const char *word)
{
	const char *words[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		words[i] = mica_mount_words_of_policy[i].word;
	return mica_suggest(word, words);
}
