/* SPDX-License-Identifier: BSD-2-Clause */
#include "container/image.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/** Digits of an id that are enough, as engines print it. */
#define SHORT_ID 12
#define ID_DIGITS 64
/** Longest reference: 255 bytes of name, 128 of tag, and a digest (distribution's reference grammar), with room. */
#define REFERENCE_BYTES 1024

static const char algorithm[] = "sha256:";
static const char hub[] = "docker.io/", official[] = "library/", local[] = "localhost/";

static const char *after(const char *string, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(string, prefix, length) == 0 ? string + length : NULL;
}

/** Hexadecimal digits of an id or digest. */
static const char *digits_of(const char *id)
{
	const char *digits = after(id, algorithm);

	return digits ? digits : id;
}

static bool is_begin_of_id(const char *pattern, const char *id)
{
	const char *digits = digits_of(pattern);
	size_t size = strlen(digits);

	return size >= SHORT_ID && strspn(digits, "0123456789abcdef") == size &&
	       strncmp(digits_of(id), digits, size) == 0;
}

/** An image without a name. */
static bool is_id(const char *image)
{
	const char *digits = digits_of(image);

	return strlen(digits) == ID_DIGITS && strspn(digits, "0123456789abcdef") == ID_DIGITS;
}

/** Does the first part name a registry? It does when it looks like a host: has a dot or a port, or is "localhost". */
static bool has_registry(const char *name)
{
	size_t length = strcspn(name, "/");

	if (!name[length])
		return false;
	return memchr(name, '.', length) || memchr(name, ':', length) || after(name, local);
}

/** One spelling of the name, with the tag (NULL: it has none, but a digest) and without. */
static bool matches_spelling(const char *pattern, const char *before, const char *name, const char *tag)
{
	char text[REFERENCE_BYTES];

	(void)snprintf(text, sizeof(text), "%s%s", before, name);
	if (fnmatch(pattern, text, 0) == 0)
		return true;
	if (!tag)
		return false;
	(void)snprintf(text, sizeof(text), "%s%s:%s", before, name, tag);
	return fnmatch(pattern, text, 0) == 0;
}

static bool matches_reference(const char *pattern, const char *name, const char *tag)
{
	const char *short_name;

	if (has_registry(name)) {
		short_name = after(name, hub);
		if (!short_name) {
			short_name = after(name, local);
			return matches_spelling(pattern, "", name, tag) ||
			       (short_name && matches_spelling(pattern, "", short_name, tag));
		}
		name = short_name;
	}
	/* A name of Docker Hub, from here on without that. */
	short_name = after(name, official);
	if (matches_spelling(pattern, "", name, tag) || matches_spelling(pattern, hub, name, tag))
		return true;
	if (short_name)
		return matches_spelling(pattern, "", short_name, tag) ||
		       matches_spelling(pattern, hub, short_name, tag);
	return !strchr(name, '/') && (matches_spelling(pattern, official, name, tag) ||
				      matches_spelling(pattern, "docker.io/library/", name, tag));
}

bool mica_image_matches(const char *pattern, const char *image, const char *id)
{
	char name[REFERENCE_BYTES], *digest, *tag, *last;

	if (id && is_begin_of_id(pattern, id))
		return true;
	if (!image || strlen(image) >= sizeof(name) / 2)
		return false;
	if (fnmatch(pattern, image, 0) == 0 || is_begin_of_id(pattern, image))
		return true;
	if (is_id(image))
		return false;

	(void)snprintf(name, sizeof(name), "%s", image);
	digest = strchr(name, '@');
	if (digest) {
		*digest++ = '\0';
		if (is_begin_of_id(pattern, digest))
			return true;
	}
	last = strrchr(name, '/');
	tag = strchr(last ? last : name, ':');
	if (tag)
		*tag++ = '\0';
	return matches_reference(pattern, name, tag || digest ? tag : "latest");
}
