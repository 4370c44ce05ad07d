// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Names that are made, removed, moved and linked, and what is changed by path. These hooks run for the user's object
 * only, before overlayfs begins: what they refuse leaves nothing behind.
 */
#include "ask.bpf.h"

#define RENAME_EXCHANGE 2

#define BIT(operation) MICA_OPERATION_BIT(MICA_OPERATION_##operation)

SEC("lsm/path_mknod")
long BPF_PROG(enforce_path_mknod, const struct path *directory, struct dentry *dentry)
{
	return ask_of(dentry, BIT(CREATE), dentry_is_in_lookup(dentry) ? QUESTION_IN_LOOKUP : 0);
}

SEC("lsm/path_mkdir")
long BPF_PROG(enforce_path_mkdir, const struct path *directory, struct dentry *dentry)
{
	return ask_of(dentry, BIT(CREATE), QUESTION_MAKES_DIRECTORY);
}

SEC("lsm/path_symlink")
long BPF_PROG(enforce_path_symlink, const struct path *directory, struct dentry *dentry)
{
	return ask_of(dentry, BIT(CREATE), 0);
}

SEC("lsm/path_unlink")
long BPF_PROG(enforce_path_unlink, const struct path *directory, struct dentry *dentry)
{
	return ask_of(dentry, BIT(DELETE), QUESTION_REMOVES);
}

SEC("lsm/path_rmdir")
long BPF_PROG(enforce_path_rmdir, const struct path *directory, struct dentry *dentry)
{
	return ask_of(dentry, BIT(DELETE), QUESTION_REMOVES);
}

SEC("lsm/path_link")
long BPF_PROG(enforce_path_link, struct dentry *old, const struct path *directory, struct dentry *dentry)
{
	struct asker asker;
	enum asked asked;
	long error;

	asked = asker_begin(&asker, BIT(LINK), QUESTION_CHANGES);
	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EACCES;
	error = ask_one(&asker, old, BIT(LINK), QUESTION_CHANGES);
	return error ? error : ask_one(&asker, dentry, BIT(LINK), 0);
}

/** Of the two names, the new one is hidden where it is there, and a directory may come to lie on a whiteout. */
SEC("lsm/path_rename")
long BPF_PROG(enforce_path_rename, const struct path *from, struct dentry *old, const struct path *to,
	      struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = old->d_inode;
	u32 what = QUESTION_REMOVES;
	struct asker asker;
	enum asked asked;
	long error;

	if (flags & RENAME_EXCHANGE)
		what |= QUESTION_CHANGES;
	if (inode && (inode->i_mode & S_IFMT) == S_IFDIR)
		what |= QUESTION_MAKES_DIRECTORY;
	asked = asker_begin(&asker, BIT(RENAME), what | QUESTION_CHANGES);
	if (asked == ASKED_NOTHING)
		return 0;
	if (asked == ASKED_UNKNOWN)
		return -EACCES;
	error = ask_one(&asker, old, BIT(RENAME), QUESTION_CHANGES | QUESTION_REMOVES);
	return error ? error : ask_one(&asker, dentry, BIT(RENAME), what);
}

SEC("lsm/path_truncate")
long BPF_PROG(enforce_path_truncate, const struct path *path)
{
	return ask_of(path->dentry, BIT(TRUNCATE), QUESTION_CHANGES);
}

/** ftruncate(2) and O_TRUNC, since 6.2. */
SEC("lsm/file_truncate")
long BPF_PROG(enforce_file_truncate, struct file *file)
{
	if (file_is_internal(file))
		return 0;
	return ask_of(file->f_path.dentry, BIT(TRUNCATE), QUESTION_CHANGES);
}

SEC("lsm/path_chmod")
long BPF_PROG(enforce_path_chmod, const struct path *path)
{
	return ask_of(path->dentry, BIT(CHMOD), QUESTION_CHANGES);
}

SEC("lsm/path_chown")
long BPF_PROG(enforce_path_chown, const struct path *path)
{
	return ask_of(path->dentry, BIT(CHOWN), QUESTION_CHANGES);
}
