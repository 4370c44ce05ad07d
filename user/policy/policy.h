/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy as it is written: the tree that parsing makes (policy/parse.h), checking judges (policy/check.h), and
 * compiling reads. mica-policy(5) says what each part means. Plain data: strings are NUL-terminated bytes without a NUL
 * in them, owned by the set; nothing points to the file's text.
 */
#ifndef MICA_POLICY_POLICY_H
#define MICA_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "policy/operation.h"

/*
 * Bounds of what is read. Whatever goes over one is refused with the bound's name and value; the automaton has bounds
 * of its own.
 */
/** Bytes of one file: 100,000 rules of 160 bytes, twice. */
#define MICA_POLICY_MAX_FILE (32U << 20)
/** Policies of one set, all files together. */
#define MICA_POLICY_MAX_POLICIES 256
/** Rules of one set. */
#define MICA_POLICY_MAX_RULES 100000
/** Entries of any other list of a policy (subjects, mounts, volumes, who). */
#define MICA_POLICY_MAX_ENTRIES 1024
/** Bytes of a name (policy, rule); it goes into events. */
#define MICA_POLICY_MAX_NAME 63
/** Bytes of a glob: the longest path that the kernel walks. */
#define MICA_POLICY_MAX_GLOB 4096
/** Layers that a union can have, hence the greatest `layer: N`. */
#define MICA_POLICY_MAX_LAYER 500

/** Where in its file something stands, both from 1; the column counts characters. All 0: not written. */
struct mica_policy_place {
	uint32_t line;
	uint32_t column;
};

/** A glob as it was written. `text` NULL: absent. */
struct mica_policy_glob {
	const char *text;
	struct mica_policy_place place;
};

/**
 * Chooses containers. Each glob that is there must match the whole string; at least one is there, or is_default.
 * Alternatives are several of these in a list.
 */
struct mica_policy_subject {
	struct mica_policy_place place;
	/** Glob over the container's name; or the id, or a prefix of it of 12 or more hexadecimal digits. */
	struct mica_policy_glob container;
	/** The image as the engine names it ("docker.io/library/nginx:1.27"). */
	struct mica_policy_glob image;
	/** Path of the cgroup below the hierarchy's root ("/system.slice/…"). */
	struct mica_policy_glob cgroup;
	/** Number of the mount namespace in decimal. */
	struct mica_policy_glob namespace;
	/** "docker", "podman", "containerd", "crun", "runc"; "mica" for its own. */
	struct mica_policy_glob engine;
	/** Every container that no policy of the set chooses by the keys above; then none of them is there. */
	bool is_default;
};

struct mica_policy_subjects {
	struct mica_policy_subject *items;
	size_t count;
};

enum mica_policy_mode {
	MICA_POLICY_ENFORCE,
	/** Each denial of the policy (rules, isolation, mounts, volumes) is an audit. */
	MICA_POLICY_AUDIT,
};

/** A policy's isolation: an own voice beside its rules, so that an `allow` of a rule does not lift it. */
struct mica_policy_isolation {
	struct mica_policy_place place;
	/** No operation on a foreign union: EACCES (a capability operation has no object, and is never meant). */
	bool unions;
	/** No operation on a foreign volume: EACCES. */
	bool volumes;
	/** No operation of the group `modify` on a file in a layer's directory, reached directly: EROFS. */
	bool layers_immutable;
	/** Places of the three keys; the line that an event names. */
	struct mica_policy_place unions_place;
	struct mica_policy_place volumes_place;
	struct mica_policy_place layers_place;
};

enum mica_policy_object {
	MICA_POLICY_UNION,
	MICA_POLICY_VOLUME,
	MICA_POLICY_LAYER,
	_MICA_POLICY_OBJECT_MAX,
};

struct mica_policy_rule {
	struct mica_policy_place place;
	const char *name;
	/** Bits of enum mica_operation; not 0. */
	uint32_t operations;
	/** enum mica_policy_object */
	uint8_t object;
	/** enum mica_verdict */
	uint8_t verdict;
	/** Positive, only with deny; 0: the default of each operation. */
	uint8_t error;
	/** `layer: N`, from 1 = the topmost lower; 0: by name, or no layer. */
	uint16_t layer;
	/** Glob over the volume's name or the layer's digest ("sha256:…"); absent for a union, and for a layer by
	 * number. */
	struct mica_policy_glob object_name;
	/** Glob over the path in the object. Where the file leaves it out: all paths, and its place is the object's. */
	struct mica_policy_glob path;
	struct mica_policy_place on_place;
	struct mica_policy_place errno_place;
};

/** An entry of the section `mounts`. */
struct mica_policy_mount {
	struct mica_policy_place place;
	/** allow or deny (EPERM). enum mica_verdict */
	uint8_t verdict;
	/** Globs; absent: any. `type` is not compared for bind, move and remount, where the kernel ignores it. */
	struct mica_policy_glob type;
	struct mica_policy_glob source;
	/** Target, as the path in the union. */
	struct mica_policy_glob at;
	/** MS_* bits that must be set, and that must not be. */
	uint64_t flags_set;
	uint64_t flags_clear;
};

/** The section `mounts`: decides the operations of the group `mounts`. */
struct mica_policy_mounts {
	/** line 0: the policy has no such section, and no opinion. */
	struct mica_policy_place place;
	/**
	 * Entries of `allow` and `deny`, in the order of the file. Deny wins over allow. An entry that has a key which
	 * the operation does not know (all of them for a capability operation) does not match.
	 */
	struct mica_policy_mount *items;
	size_t count;
	/** What no entry matches: allow or deny. enum mica_verdict */
	uint8_t otherwise;
	struct mica_policy_place otherwise_place;
};

/**
 * Who may use volumes, among the subjects of the policy. Of the entries whose `volume` matches, those whose `who`
 * matches the subject: the longest literal prefix wins, then ro over rw, then the earlier. `ro`: the group `modify` is
 * denied with EROFS. None of them is for the subject: every operation is denied with EACCES. No entry matches the
 * volume: no opinion. An own voice, as isolation is.
 */
struct mica_policy_volume {
	struct mica_policy_place place;
	struct mica_policy_glob volume;
	/** Empty: every subject of the policy. No is_default in here. */
	struct mica_policy_subjects who;
	bool read_only;
};

struct mica_policy {
	struct mica_policy_place place;
	/** As given on the command line; of the set. */
	const char *file;
	const char *name;
	struct mica_policy_place name_place;
	enum mica_policy_mode mode;
	struct mica_policy_subjects subjects;
	struct mica_policy_isolation isolation;
	struct mica_policy_rule *rules;
	size_t rule_count;
	struct mica_policy_mounts mounts;
	struct mica_policy_volume *volumes;
	size_t volume_count;
};

/** All policies that are in force together: those of all files given. Initialise with {}. */
struct mica_policy_set {
	/** In the order of the files and of the documents in them. */
	struct mica_policy *policies;
	size_t count;
	/** Rules of all policies. */
	size_t rule_count;
	/** Storage of the strings; private to policy/policy.c. */
	struct mica_policy_block *blocks;
};

/** Frees what a set holds; it is as new. */
void mica_policy_set_free(struct mica_policy_set *set);

#define _cleanup_policy_set_ _cleanup_(mica_policy_set_free)

/** A copy of `size` bytes with a NUL behind them, that lives as long as the set. NULL: -ENOMEM. */
const char *mica_policy_set_string(struct mica_policy_set *set, const char *text, size_t size);

/** "union", "volume", "layer". */
const char *mica_policy_object_name(enum mica_policy_object object);

#endif
