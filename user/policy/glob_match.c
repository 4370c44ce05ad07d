// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "policy/glob.h"

/** Where in the glob it may be: offsets that tokens begin at. */
struct matching {
	bool at[MICA_GLOB_MAX_BYTES + 1];
	/** Within a slash and two stars that match something. */
	bool below[MICA_GLOB_MAX_BYTES + 1];
};

/** Passes over `byte`: where it is afterwards. Tokens that can match nothing are passed by the next call. */
static bool step(const char *glob, size_t size, const struct matching *from, struct matching *to, uint8_t byte)
{
	struct mica_glob_token token;
	bool any = false;

	memset(to->at, 0, size + 1);
	memset(to->below, 0, size + 1);
	for (size_t offset = 0, next = 0; mica_glob_next(glob, size, &next, &token); offset = next) {
		if (from->below[offset])
			to->below[offset] = to->at[next] = any = true;
		if (!from->at[offset])
			continue;
		if (token.kind == MICA_GLOB_ALL || (token.kind == MICA_GLOB_COMPONENT && byte != '/'))
			to->at[offset] = any = true;
		else if (token.kind == MICA_GLOB_BELOW && byte == '/')
			to->below[offset] = to->at[next] = any = true;
		else if ((token.kind == MICA_GLOB_BYTE && token.byte == byte) ||
			 (token.kind == MICA_GLOB_ONE_OF && mica_glob_set_has(token.set, byte)))
			to->at[next] = any = true;
	}
	return any;
}

/** Passes over what can match nothing. */
static void pass_empty(const char *glob, size_t size, struct matching *matching)
{
	struct mica_glob_token token;

	for (size_t offset = 0, next = 0; mica_glob_next(glob, size, &next, &token); offset = next)
		if (matching->at[offset] &&
		    (token.kind == MICA_GLOB_ALL || token.kind == MICA_GLOB_COMPONENT || token.kind == MICA_GLOB_BELOW))
			matching->at[next] = true;
}

/** Takes one of the globs: 1 if it matches, which ends the expansion. */
static int match_one(const char *glob, size_t size, void *userdata)
{
	struct matching states[2];
	unsigned now = 0;

	if (size > MICA_GLOB_MAX_BYTES)
		return -EINVAL;
	memset(states[0].at, 0, size + 1);
	memset(states[0].below, 0, size + 1);
	states[0].at[0] = true;
	for (const char *text = userdata; *text; text++, now ^= 1) {
		pass_empty(glob, size, &states[now]);
		if (!step(glob, size, &states[now], &states[now ^ 1], (uint8_t)*text))
			return 0;
	}
	pass_empty(glob, size, &states[now]);
	return states[now].at[size];
}

int mica_glob_match(const char *glob, const char *text)
{
	return mica_glob_expand(glob, match_one, (void *)text);
}
