// SPDX-License-Identifier: BSD-2-Clause
#include "runtime/image_config.h"

#include <errno.h>
#include <string.h>

json_t *mica_json_strings(const json_t *array)
{
	json_t *copy = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		if (json_is_string(item) && json_array_append_new(copy, json_copy((json_t *)item)) < 0) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}

int mica_environment_set(json_t *environment, const char *assignment)
{
	size_t size = strcspn(assignment, "="), i;
	const json_t *item;

	json_array_foreach(environment, i, item)
	{
		const char *text = json_string_value(item);

		if (text && strcspn(text, "=") == size && strncmp(text, assignment, size) == 0)
			return json_array_set_new(environment, i, json_string(assignment)) < 0 ? -ENOMEM : 0;
	}
	return json_array_append_new(environment, json_string(assignment)) < 0 ? -ENOMEM : 0;
}
