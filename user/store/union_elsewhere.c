// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_elsewhere.h"

#include "base/cleanup.h"
#include "container/holders.h"
#include "container/identity.h"

int mica_union_mounted_elsewhere(const char *upper)
{
	_cleanup_(mica_identity_free) struct mica_identity *identity = NULL;
	_cleanup_(mica_holders_free) struct mica_holders *found = NULL;
	int r = mica_identity_new(NULL, &identity);

	if (r == 0)
		r = mica_holders_find(identity, upper, &found);
	if (r < 0)
		return r;
	for (size_t i = 0; i < found->union_count; i++)
		if (found->unions[i]->role == MICA_ROLE_UPPER)
			return 1;
	return 0;
}
