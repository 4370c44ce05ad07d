/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers in fixtures/podman4 (state of a real podman 4.3 and crun 1.8: containers "web" with two image layers,
 * "eph" run with --rm, and a plain crun container "plain" on a union of its own) and fixtures/podman5 (the same in the
 * layout of podman 5: volatile-*.json, cgroup v2 only).
 */
#ifndef MICA_TESTS_CONTAINER_FIXTURE_H
#define MICA_TESTS_CONTAINER_FIXTURE_H

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "mica/event.h"

#define FIXTURES MICA_SOURCE_DIR "/tests/unit/container/fixtures"
#define PODMAN4 FIXTURES "/podman4"
#define PODMAN5 FIXTURES "/podman5"

#define WEB_ID "9e9b31ec13d72e5f7ccfed657cd5d72e3df35719c75c29a51535be4a82ceb444"
#define EPH_ID "50747c7eb2f5d3956413e7e063389dafc67821323e00396524bbfad5f14b86d5"
#define STORAGE "/var/lib/containers/storage"
#define WEB_LAYER STORAGE "/overlay/27779bf2c25caa88327803ce57f771a5e4131e11c818fb5e9c0eca1c7654ec63"
#define EPH_LAYER STORAGE "/overlay/75b7929be90791c513f6158b006469e621f3a4e9b36698824ca187640f6157a7"
#define TOP_LAYER STORAGE "/overlay/56e422ff5a2d60aaa65b9628390c3891025b784a986ee80758c06e2f20d21d97"
#define BASE_LAYER STORAGE "/overlay/d403b26498184fed4673ee5740ccd73fde5f2e4a644eca0af18254240a7758bd"
#define TOP_DIGEST "sha256:229deb81e64a0c1a64696ec16d304b32882639dde0ed11e0585ade5649783007"
#define BASE_DIGEST "sha256:d403b26498184fed4673ee5740ccd73fde5f2e4a644eca0af18254240a7758bd"
#define ANONYMOUS_VOLUME "850de40b9b99571a7058a9b75522361893a40947413ebc380c02674fcf462074"

#define DEVICE(major, minor) ((uint32_t)(major) << 20 | (uint32_t)(minor))
#define DISK DEVICE(254, 0)
#define WEB_DEVICE DEVICE(0, 39)
#define EPH_DEVICE DEVICE(0, 52)
#define PLAIN_DEVICE DEVICE(0, 63)
#define WEB_PID 6308
#define EPH_PID 6344
#define PLAIN_PID 6524
#define OTHER_PID 77

#define EXT4_MAGIC 0xef53
#define OVERLAY_MAGIC 0x794c7630

static inline struct mica_bytes bytes(const char *string)
{
	return (struct mica_bytes){ .data = string, .size = strlen(string) };
}

/** The fixture's stand-in for a mount namespace's inode number is that of the file that takes its place. */
static inline uint32_t namespace_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

#endif
