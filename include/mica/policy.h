/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Compiled policies: the tables that user space makes (user/policy/compile.h) and that both sides read by the same code
 * (mica/policy_match.h). All is 64-bit words of the machine's byte order, in chunks, so that a table of any size is an
 * array map; what must be read without a look-up in between (a state's row, an entry, a filter) lies in one chunk.
 * A reference is the number of a word, 0 is none.
 *
 * The rules of one policy for one object (its unions, the volumes of one name glob, ...) are one automaton over the
 * bytes of the path. It is deterministic and minimal; its states are stored in two ways:
 *
 *  - What the rules spell out literally, whole paths and the directories that their patterns begin with, would be long
 *    chains of states. Each such literal is an *entry* instead, found by the hash of its bytes and compared whole: it
 *    says what the automaton gives if the path ends here, and the state in which it is after the '/' that follows.
 *  - The states behind the last literal directory are rows of transitions by byte class, displaced into each other,
 * with a default each; runs of literal bytes are compared eight at a time, and so are bytes that leave a state as it
 * is.
 *
 * A path is hashed; a filter tells whether it can be an entry, and if it is one, that is the answer. Else it is passed
 * once more, and another filter (64 KiB at most, so it stays in the cache) tells at which of its slashes an entry with
 * a state may lie. The deepest such entry gives the state, and the bytes behind it are stepped over. So the number of
 * rules costs nothing but cache misses.
 *
 * Rules are numbered by precedence; of several automata that run side by side (*lanes*, where one would have too many
 * states) the lowest number wins. Nothing in the tables is trusted: each reference is checked or masked when it is
 * used.
 */
#ifndef MICA_POLICY_ABI_H
#define MICA_POLICY_ABI_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

#include "mica/operation.h"

/** First word of the tables: "mica", and the version of what is said here. */
#define MICA_POLICY_MAGIC 0x6163696d00000002ULL

/** Words of a chunk: 64 KiB. A power of two. */
#define MICA_POLICY_CHUNK_WORDS 8192
struct mica_policy_chunk {
	__u64 words[MICA_POLICY_CHUNK_WORDS];
};
/** 32 MiB of tables. */
#define MICA_POLICY_MAX_CHUNKS 512

/** Bytes of the longest path that is matched, and slashes in it that can lie behind a name. */
#define MICA_POLICY_PATH_BYTES 4096
#define MICA_POLICY_PATH_SLASHES 4096

/** Automata of one policy and object that run side by side. */
#define MICA_POLICY_MAX_LANES 8

/* Words of an automaton's root. Halves of a word are written (low, high). */

/** (MICA_POLICY_ROOT_MARK, lanes) */
#define MICA_POLICY_ROOT_HEAD 0
#define MICA_POLICY_ROOT_MARK 0x746f6f72
/** (filter, its words less 1) */
#define MICA_POLICY_ROOT_FILTER 1
/** (pilots, their number less 1: a byte each) */
#define MICA_POLICY_ROOT_PILOTS 2
/** (map of bytes to classes: 256 bytes; lines that entries can begin at) */
#define MICA_POLICY_ROOT_CLASSES 3
/** (filter of all entries, its words less 1) */
#define MICA_POLICY_ROOT_WHOLE 4
/** (first line of entries, 0) */
#define MICA_POLICY_ROOT_LINES 5
/** Bit n: an entry that has states is n bytes long, or n and a multiple of 64. */
#define MICA_POLICY_ROOT_LENGTHS 6
/** (bytes of the longest entry that has states, of the longest of all) */
#define MICA_POLICY_ROOT_LONGEST 7
#define MICA_POLICY_ROOT_WORDS 8

/** Entries begin at cache lines. Which one is said by an entry's hash and a pilot, so that no two meet. */
#define MICA_POLICY_LINE_WORDS 8

/*
 * An entry: the head, the end pair, the states if it has them (two lanes a word), its bytes padded with zeros.
 * Head: bits 0-15 its bytes, bit 16 has states, bit 17 set, bits 32-63 the row of what the end pair does not cover. Its
 * fourth byte is 0, which no byte of a literal is: nothing else at the begin of a line looks like it.
 */
#define MICA_POLICY_ENTRY_STATES 0x10000
#define MICA_POLICY_ENTRY_MARK 0x20000
#define MICA_POLICY_ENTRY_WORDS 2

/** A row: a count, then as many pairs (operations, outcome); each operation stands in one pair at most. */
#define MICA_POLICY_MAX_PAIRS 32

/**
 * An outcome: bits 0-1 enum mica_verdict, bits 2-9 errno (what a denial gives; of an audit, would give), above the
 * rule's number by precedence, from 1. 0: no rule.
 */
#define MICA_POLICY_OUTCOME(rule, error, verdict) (((__u32)(rule) << 10) | ((__u32)(error) << 2) | (verdict))
#define MICA_POLICY_OUTCOME_VERDICT(outcome) ((outcome)&3)
#define MICA_POLICY_OUTCOME_ERROR(outcome) ((outcome) >> 2 & 0xff)
#define MICA_POLICY_OUTCOME_RULE(outcome) ((outcome) >> 10)
/** The tables are broken: deny. */
#define MICA_POLICY_OUTCOME_BROKEN 0xffffffffU

/*
 * A state is a reference to its first slot. Slot 0 is its header (default, flags), slot 1 its end, slot 2 and on a
 * class each; a slot that is not the state's own has another `high`: (next, state), for the end (row, state).
 */
#define MICA_POLICY_SLOT_END 1
#define MICA_POLICY_SLOT_CLASS 2

/** Of a next state: the path is decided, the rest is the row. */
#define MICA_POLICY_NEXT_FINAL 0x80000000U
/** Of a next state: its header has flags. */
#define MICA_POLICY_NEXT_SPECIAL 0x40000000U
#define MICA_POLICY_NEXT_REFERENCE 0x3fffffffU

/** Flags of a header. Always set: no reference to a state looks like it. */
#define MICA_POLICY_STATE_HEADER 0x80000000U
/** A literal: `default` follows if the next bytes (1-8, bits 0-3) are those of the word behind the header, else
 * nothing. */
#define MICA_POLICY_STATE_CHAIN 0x40000000U
/** Every byte but the two in bits 0-15 leaves the state as it is. */
#define MICA_POLICY_STATE_SKIP 0x20000000U

#endif
