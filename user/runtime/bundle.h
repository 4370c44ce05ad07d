/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MICA_RUNTIME_BUNDLE_H
#define MICA_RUNTIME_BUNDLE_H

#include <jansson.h>
#include <stdbool.h>

#include "runtime/user.h"

struct mica_bundle {
	const char *id;
	/** Of the store, absolute. */
	const char *store_root;
	const json_t *settings;
	const struct mica_user *user;
	/** The devices that it may open can be limited (a device cgroup, by CAP_SYS_RESOURCE); else it may make none.
	 */
	bool device_cgroup;
};

/** An OCI runtime specification (config.json) of a container. NULL: out of memory, or the settings make no sense. Pure.
 */
json_t *mica_bundle_config(const struct mica_bundle *bundle);
/** Its part "process" alone, which needs no id and no store. */
json_t *mica_bundle_process(const struct mica_bundle *bundle);

#endif
