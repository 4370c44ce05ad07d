/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References of images as people type them. Pure.
 */
#ifndef MICA_CONTAINER_IMAGE_H
#define MICA_CONTAINER_IMAGE_H

#include <stdbool.h>

/**
 * Is an image what a user means by `pattern`? `image` is its reference as the engine has it
 * ("docker.io/library/nginx:1.27", "nginx", "shop@sha256:…", or an id) or NULL, `id` its id or NULL.
 *
 * A pattern is a reference or a glob of one (fnmatch(3); "*" also matches "/"). What engines let their users leave out
 * may be left out, or be there: "docker.io/", "docker.io/library/", "localhost/" before the name; the tag, which then
 * may be any; a reference without tag has "latest". A pattern of 12 or more hexadecimal digits, "sha256:" before them
 * or not, also is the begin of an id or of the digest in the reference.
 */
bool mica_image_matches(const char *pattern, const char *image, const char *id);

#endif
