// SPDX-License-Identifier: BSD-2-Clause
/*
 * The records as the BPF object has them, read from its BTF, against the same structs as this compiler lays them out.
 */
#include <bpf/btf.h>
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "mica/event.h"

#define OBJECT MICA_BPF_OBJECT

static struct btf *btf;

static void open_btf(void)
{
	btf = btf__parse(OBJECT, NULL);
	cr_assert_not_null(btf, "cannot read the BTF of %s", OBJECT);
}

static void close_btf(void)
{
	btf__free(btf);
}

static const struct btf_type *find_struct(const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	cr_assert_gt(id, 0, "struct %s is not in the BPF object", name);
	return btf__type_by_id(btf, id);
}

/** Offset of a member in bytes, also of one inside an anonymous union; -1: no such member. */
static long find_member(const struct btf_type *type, const char *name)
{
	const struct btf_member *members = btf_members(type);

	for (unsigned i = 0; i < btf_vlen(type); i++) {
		const char *found = btf__name_by_offset(btf, members[i].name_off);
		const struct btf_type *inner = btf__type_by_id(btf, members[i].type);

		if (strcmp(found, name) == 0)
			return btf_member_bit_offset(type, i) / 8;
		if (!*found && btf_is_composite(inner) && find_member(inner, name) >= 0)
			return btf_member_bit_offset(type, i) / 8 + find_member(inner, name);
	}
	return -1;
}

struct expected {
	const char *structure;
	const char *member;
	size_t offset;
};

#define MEMBER(structure, member)                                       \
	{                                                               \
#structure, #member, offsetof(struct structure, member) \
	}

TestSuite(kernel_abi, .init = open_btf, .fini = close_btf);

Test(kernel_abi, sizes_are_the_same_on_both_sides)
{
	cr_expect_eq(find_struct("mica_record")->size, sizeof(struct mica_record));
	cr_expect_eq(find_struct("mica_copy_up")->size, sizeof(struct mica_copy_up));
	cr_expect_eq(find_struct("mica_write")->size, sizeof(struct mica_write));
	cr_expect_eq(find_struct("mica_mount")->size, sizeof(struct mica_mount));
	cr_expect_eq(find_struct("mica_mount_attr")->size, sizeof(struct mica_mount_attr));
	cr_expect_eq(find_struct("mica_union_layer")->size, sizeof(struct mica_union_layer));
	cr_expect_eq(find_struct("mica_cgroup")->size, sizeof(struct mica_cgroup));
}

Test(kernel_abi, members_stand_at_the_same_place_on_both_sides)
{
	static const struct expected members[] = {
		MEMBER(mica_write, bytes),
		MEMBER(mica_write, bytes_requested),
		MEMBER(mica_write, size),
		MEMBER(mica_write, dirty_pages),
		MEMBER(mica_write, calls),
		MEMBER(mica_record, size),
		MEMBER(mica_record, abi),
		MEMBER(mica_record, type),
		MEMBER(mica_record, time_ns),
		MEMBER(mica_record, action),
		MEMBER(mica_record, mnt_ns_id),
		MEMBER(mica_record, cgroup_id),
		MEMBER(mica_record, root_union),
		MEMBER(mica_record, union_id),
		MEMBER(mica_record, inode),
		MEMBER(mica_record, mnt_ns),
		MEMBER(mica_record, pid),
		MEMBER(mica_record, tid),
		MEMBER(mica_record, uid),
		MEMBER(mica_record, dev),
		MEMBER(mica_record, fs_magic),
		MEMBER(mica_record, error),
		MEMBER(mica_record, flags),
		MEMBER(mica_record, layer),
		MEMBER(mica_record, layers),
		MEMBER(mica_record, path_bytes),
		MEMBER(mica_record, source_bytes),
		MEMBER(mica_record, comm),
		MEMBER(mica_record, copy_up),
		MEMBER(mica_record, write),
		MEMBER(mica_record, mount),
		MEMBER(mica_record, union_layer),
		MEMBER(mica_copy_up, size),
		MEMBER(mica_copy_up, bytes),
		MEMBER(mica_copy_up, duration_ns),
		MEMBER(mica_copy_up, reason),
		MEMBER(mica_mount, flags),
		MEMBER(mica_mount, fstype),
		MEMBER(mica_union_layer, inode),
		MEMBER(mica_union_layer, dev),
		MEMBER(mica_union_layer, index),
		MEMBER(mica_record, cgroup),
		MEMBER(mica_cgroup, id),
		MEMBER(mica_cgroup, parent),
		MEMBER(mica_record, mount_attr),
		MEMBER(mica_mount, cleared),
		MEMBER(mica_mount, flags_kind),
		MEMBER(mica_mount, command),
		MEMBER(mica_mount_attr, set),
		MEMBER(mica_mount_attr, cleared),
		MEMBER(mica_mount_attr, propagation),
		MEMBER(mica_mount_attr, flags),
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		cr_expect_eq(find_member(find_struct(members[i].structure), members[i].member), (long)members[i].offset,
			     "%s.%s", members[i].structure, members[i].member);
}

Test(kernel_abi, no_record_has_a_hole)
{
	/* A hole would carry kernel memory to user space: the members of the head must fill it. */
	const struct btf_type *type = find_struct("mica_record");
	const struct btf_member *members = btf_members(type);
	size_t end = 0;

	for (unsigned i = 0; i < btf_vlen(type); i++) {
		cr_expect_eq(btf_member_bit_offset(type, i) / 8, end, "before %s",
			     btf__name_by_offset(btf, members[i].name_off));
		end = btf_member_bit_offset(type, i) / 8 + btf__resolve_size(btf, members[i].type);
	}
	cr_expect_eq(end, type->size);
}
