/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that nobody but root and the caller can change: what is obeyed as root must not be another's word.
 */
#ifndef MICA_BASE_OWNED_FILE_H
#define MICA_BASE_OWNED_FILE_H

/** Room for the reason. */
#define MICA_OWNED_FILE_WHY_BYTES 512

/**
 * Opens a file for reading, and looks who can change it: the file that was opened, not the name. It belongs to root or
 * the caller, and only its owner can write it; no directory that leads to it (by the name as given, and as it is
 * without links) can be written by all, but for sticky ones. A descriptor; -EPERM: not so, `why` says what; or the
 * errno of opening it.
 */
int mica_owned_file_open(const char *path, char why[static MICA_OWNED_FILE_WHY_BYTES]);

#endif
