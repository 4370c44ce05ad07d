/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libarchive, loaded when the first archive is touched: it brings XML and Unicode libraries along (30 MB), and most
 * commands touch no archive.
 */
#ifndef MICA_STORE_ARCHIVE_LIBRARY_H
#define MICA_STORE_ARCHIVE_LIBRARY_H

#include <archive.h>
#include <archive_entry.h>

/** The functions of libarchive that mica calls, each under its own name: X(name). */
#define MICA_ARCHIVE_FUNCTIONS(X)                \
	X(archive_entry_acl_count)               \
	X(archive_entry_acl_types)               \
	X(archive_entry_clear)                   \
	X(archive_entry_copy_stat)               \
	X(archive_entry_filetype)                \
	X(archive_entry_free)                    \
	X(archive_entry_gid)                     \
	X(archive_entry_hardlink)                \
	X(archive_entry_mtime)                   \
	X(archive_entry_mtime_is_set)            \
	X(archive_entry_mtime_nsec)              \
	X(archive_entry_new)                     \
	X(archive_entry_pathname)                \
	X(archive_entry_perm)                    \
	X(archive_entry_rdev)                    \
	X(archive_entry_set_filetype)            \
	X(archive_entry_set_hardlink)            \
	X(archive_entry_set_mtime)               \
	X(archive_entry_set_pathname)            \
	X(archive_entry_set_size)                \
	X(archive_entry_set_symlink)             \
	X(archive_entry_size)                    \
	X(archive_entry_symlink)                 \
	X(archive_entry_uid)                     \
	X(archive_entry_unset_atime)             \
	X(archive_entry_unset_birthtime)         \
	X(archive_entry_unset_ctime)             \
	X(archive_entry_xattr_add_entry)         \
	X(archive_entry_xattr_next)              \
	X(archive_entry_xattr_reset)             \
	X(archive_errno)                         \
	X(archive_error_string)                  \
	X(archive_filter_bytes)                  \
	X(archive_read_data_block)               \
	X(archive_read_free)                     \
	X(archive_read_new)                      \
	X(archive_read_next_header)              \
	X(archive_read_open)                     \
	X(archive_read_open_fd)                  \
	X(archive_read_support_filter_bzip2)     \
	X(archive_read_support_filter_none)      \
	X(archive_read_support_filter_xz)        \
	X(archive_read_support_filter_zstd)      \
	X(archive_read_support_format_empty)     \
	X(archive_read_support_format_raw)       \
	X(archive_read_support_format_tar)       \
	X(archive_set_error)                     \
	X(archive_write_add_filter_none)         \
	X(archive_write_close)                   \
	X(archive_write_data)                    \
	X(archive_write_free)                    \
	X(archive_write_header)                  \
	X(archive_write_new)                     \
	X(archive_write_open)                    \
	X(archive_write_open_fd)                 \
	X(archive_write_set_bytes_in_last_block) \
	X(archive_write_set_format_pax_restricted)

/* A name of a member cannot stand in parentheses. */
#define MICA_ARCHIVE_MEMBER(function) __typeof__(&(function)) function; /* NOLINT(bugprone-macro-parentheses) */
struct mica_archive_library {
	MICA_ARCHIVE_FUNCTIONS(MICA_ARCHIVE_MEMBER)
};
#undef MICA_ARCHIVE_MEMBER

/** Callable once mica_archive_library_load has returned 0. */
extern struct mica_archive_library libarchive;

/** Loads it; again is free. 0, or -ELIBACC: it is not there, or is another version (the reason is logged). */
int mica_archive_library_load(void);

#endif
