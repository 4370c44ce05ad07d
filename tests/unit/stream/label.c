/* SPDX-License-Identifier: BSD-2-Clause */
#include "stream/label.h"

#include <criterion/criterion.h>
#include <errno.h>

static void assert_container(const struct mica_event *event, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer label = {};

	mica_label_container(&label, event);
	cr_assert_str_eq(mica_buffer_string(&label), expected);
}

static void assert_object(struct mica_object object, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer label = {};

	mica_label_object(&label, &object);
	cr_assert_str_eq(mica_buffer_string(&label), expected);
}

static void assert_errno(int error, const char *expected)
{
	_cleanup_buffer_ struct mica_buffer label = {};

	mica_label_errno(&label, error);
	cr_assert_str_eq(mica_buffer_string(&label), expected);
}

Test(stream_label, container)
{
	struct mica_container named = { .id = (char[]){ "0123456789abcdef" }, .name = (char[]){ "we\nb" } };
	struct mica_container unnamed = { .id = (char[]){ "0123456789abcdef" } };
	struct mica_namespace host = { .kind = MICA_NAMESPACE_HOST };

	assert_container(&(struct mica_event){ .container = &named }, "we\\nb");
	assert_container(&(struct mica_event){ .container = &unnamed }, "0123456789ab");
	assert_container(&(struct mica_event){ .record.flags = MICA_RECORD_HOST }, "host");
	assert_container(&(struct mica_event){ .mount_namespace = &host, .record.mnt_ns = 1 }, "host");
	assert_container(&(struct mica_event){ .record.mnt_ns = 4026532281u }, "ns:4026532281");
	assert_container(&(struct mica_event){}, "-");
	/* The host writes into a container's union: the container is what it is about. */
	assert_container(&(struct mica_event){ .container = &unnamed, .record.flags = MICA_RECORD_HOST },
			 "0123456789ab");
}

Test(stream_label, object)
{
	assert_object((struct mica_object){}, "-");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_UPPER, .layers = 5 }, "upper");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_LAYER, .layer = 2, .layers = 5 }, "layer 2/5");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_LAYER, .layer = 2 }, "layer 2");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_LAYER }, "layer");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_LAYER, .layer = 1, .layers = 5, .role = "init" },
		      "init layer 1/5");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_VOLUME, .volume = "db\033" }, "volume db\\e");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_VOLUME }, "volume");
	assert_object(
		(struct mica_object){ .kind = MICA_OBJECT_VOLUME,
				      .volume = "6f364af459fcede88423ad5aa13f3897f0ba1ba7ac78f877363169a5e97381f5" },
		"volume 6f364af459fc");
	assert_object(
		(struct mica_object){ .kind = MICA_OBJECT_VOLUME,
				      .volume = "Zf364af459fcede88423ad5aa13f3897f0ba1ba7ac78f877363169a5e97381f5" },
		"volume Zf364af459fcede88423ad5aa13f3897f0ba1ba7ac78f877363169a5e97381f5");
	assert_object((struct mica_object){ .kind = MICA_OBJECT_TMPFS }, "tmpfs");
}

Test(stream_label, errors)
{
	assert_errno(-ENOSPC, "ENOSPC");
	assert_errno(EROFS, "EROFS");
	assert_errno(-512, "E512");
}
