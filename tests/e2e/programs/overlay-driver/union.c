// SPDX-License-Identifier: BSD-2-Clause
#include "union.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "truth.h"

struct union_fs *new_union(const char *base, const char *upper_base, const char *name, int layers, const char *options)
{
	struct union_fs *u = calloc(1, sizeof(*u));
	char *root = format("%s/%s", base, name), *lowers = strdup("");

	u->name = format("%s:%s", base, name);
	make_directory(root);
	u->point = format("%s/merged", root);
	make_directory(u->point);
	u->layers = layers;
	for (int i = 0; i < layers; i++) {
		u->lower[i] = format("%s/l%d", root, i + 1);
		make_directory(u->lower[i]);
		lowers = format("%s%s%s", lowers, i ? ":" : "", u->lower[i]);
	}
	if (!upper_base) {
		u->upper = strdup("");
		u->options = format("lowerdir=%s", lowers);
		return u;
	}
	root = format("%s/%s", upper_base, name);
	make_directory(root);
	u->upper = format("%s/upper", root);
	u->work = format("%s/work", root);
	make_directory(u->upper);
	make_directory(u->work);
	u->options = format("lowerdir=%s,upperdir=%s,workdir=%s%s%s", lowers, u->upper, u->work, *options ? "," : "",
			    options);
	return u;
}

void put_union(struct union_fs *u)
{
	fprintf(truth, "{\"union\":");
	put_string(truth, u->name);
	put_key_string(truth, "point", u->point);
	put_key_string(truth, "upper", u->upper);
	put_key_string(truth, "options", u->options);
	fprintf(truth, ",\"layers\":[");
	for (int i = 0; i < u->layers; i++) {
		struct tree tree = read_tree(u->lower[i]);

		fprintf(truth, "%s{\"directory\":", i ? "," : "");
		put_string(truth, u->lower[i]);
		fprintf(truth, ",\"tree\":");
		put_tree(&tree);
		fputc('}', truth);
		free_tree(&tree);
	}
	fprintf(truth, "],\"tree\":");
	if (*u->upper)
		u->tree = read_tree(u->upper);
	put_tree(&u->tree);
	fprintf(truth, "}\n");
}

void put_upper_changes(struct union_fs *u)
{
	struct tree tree = read_tree(u->upper);

	put_changes(&u->tree, &tree);
	free_tree(&u->tree);
	u->tree = tree;
}
