/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The volumes and layers that the kernel knows by a number. A number is given once and never to another directory, as
 * long as the machine runs: whoever adopts a set finds them where they were kept.
 */
#ifndef MICA_ENFORCE_OBJECTS_H
#define MICA_ENFORCE_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "mica/enforce.h"

/** More volumes and layers than the kernel's tables have room for. */
#define MICA_OBJECTS_MAX 65536

struct mica_numbered {
	/** MICA_ENFORCE_VOLUME or MICA_ENFORCE_LAYER */
	enum mica_enforce_kind kind;
	uint32_t number;
	/** A volume's name, a layer's digest; NULL: a layer without one. */
	char *name;
	/** On the host. */
	char *directory;
	/** The kernel was told, by this process, of the file that was there then. */
	bool registered;
	uint64_t device, inode;
	int64_t born_ns;
};

/** Initialise with {}. */
struct mica_numbered_objects {
	struct mica_numbered *items;
	size_t count;
	/** There are some that are not kept yet. */
	bool changed;
};

/** The object at this directory; NULL: there is none. */
struct mica_numbered *mica_objects_find(const struct mica_numbered_objects *objects, enum mica_enforce_kind kind,
					const char *directory);
/** By its number; NULL: there is none. */
const struct mica_numbered *mica_objects_by_number(const struct mica_numbered_objects *objects,
						   enum mica_enforce_kind kind, uint32_t number);
/** Finds it or gives it the next number. A volume of another name at a directory that is known is another volume. 0;
 *  -E2BIG: over MICA_OBJECTS_MAX; -ENOMEM. The pointer is valid until the next call. */
int mica_objects_get(struct mica_numbered_objects *objects, enum mica_enforce_kind kind, const char *name,
		     const char *directory, struct mica_numbered **ret);
void mica_objects_free(struct mica_numbered_objects *objects);
/** Another kernel-side is to be told of all of them. */
void mica_objects_forget_registered(struct mica_numbered_objects *objects);

/** To a text and back. Pure. 0; -EBADMSG; -ENOMEM. */
int mica_objects_encode(const struct mica_numbered_objects *objects, struct mica_buffer *out);
int mica_objects_decode(const char *text, size_t size, struct mica_numbered_objects *ret);

/** Reads what is kept, in place of what is there: what this process registered stays so. None is no error. */
int mica_objects_read(int directory_fd, struct mica_numbered_objects *objects);
/** Keeps them, if there is something new. */
int mica_objects_write(int directory_fd, struct mica_numbered_objects *objects);

#endif
