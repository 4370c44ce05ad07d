// SPDX-License-Identifier: BSD-2-Clause
#include "store/union_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "container/json.h"

static void free_strings(char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

void mica_union_plan_free(struct mica_union_plan *plan)
{
	free_strings(plan->lowers, plan->lower_count);
	free_strings(plan->options, plan->option_count);
	free(plan->upper);
	free(plan->work);
	*plan = (struct mica_union_plan){};
}

static json_t *from_bytes(const char *bytes)
{
	size_t size = strlen(bytes);
	json_t *array;

	if (mica_utf8_valid(bytes, size))
		return json_string(bytes);
	array = json_array();
	for (size_t i = 0; i < size; i++)
		(void)json_array_append_new(array, json_integer((unsigned char)bytes[i]));
	return array;
}

static char *to_bytes(const json_t *value)
{
	size_t size = json_array_size(value);
	char *bytes;

	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (!size)
		return NULL;
	bytes = calloc(size + 1, 1);
	for (size_t i = 0; bytes && i < size; i++)
		bytes[i] = (char)json_integer_value(json_array_get(value, i));
	return bytes;
}

static json_t *from_strings(char *const *strings, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, from_bytes(strings[i]));
	return array;
}

static int to_strings(const json_t *array, char ***ret, size_t *ret_count)
{
	size_t count = json_array_size(array);

	*ret = calloc(count + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		(*ret)[i] = to_bytes(json_array_get(array, i));
		if (!(*ret)[i])
			return -EBADMSG;
		++*ret_count;
	}
	return 0;
}

int mica_union_plan_write(const struct mica_union_plan *plan, char **ret)
{
	_cleanup_json_ json_t *object = json_object();
	char *text;

	(void)json_object_set_new(object, "lowers", from_strings(plan->lowers, plan->lower_count));
	if (plan->upper) {
		(void)json_object_set_new(object, "upper", from_bytes(plan->upper));
		(void)json_object_set_new(object, "work", from_bytes(plan->work));
	}
	(void)json_object_set_new(object, "options", from_strings(plan->options, plan->option_count));
	(void)json_object_set_new(object, "readonly", json_boolean(plan->readonly));
	/* Not where there are none: what was written down before reads the same. */
	if (plan->guarded)
		(void)json_object_set_new(object, "guarded", json_integer((json_int_t)plan->guarded));
	text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

int mica_union_plan_read(const char *text, struct mica_union_plan *ret)
{
	_cleanup_union_plan_ struct mica_union_plan plan = {};
	_cleanup_json_ json_t *object = mica_json_parse(text, strlen(text));
	int r;

	if (!json_is_object(object))
		return -EBADMSG;
	r = to_strings(json_object_get(object, "lowers"), &plan.lowers, &plan.lower_count);
	if (r == 0)
		r = to_strings(json_object_get(object, "options"), &plan.options, &plan.option_count);
	if (r < 0)
		return r;
	if (json_object_get(object, "upper")) {
		plan.upper = to_bytes(json_object_get(object, "upper"));
		plan.work = to_bytes(json_object_get(object, "work"));
		if (!plan.upper || !plan.work)
			return -EBADMSG;
	}
	plan.readonly = json_is_true(json_object_get(object, "readonly"));
	plan.guarded = (size_t)json_integer_value(json_object_get(object, "guarded"));
	if (plan.guarded > plan.lower_count || (plan.guarded && !plan.upper))
		return -EBADMSG;
	*ret = plan;
	(void)memset(&plan, 0, sizeof(plan)); /* given away */
	return 0;
}
