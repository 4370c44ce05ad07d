// SPDX-License-Identifier: BSD-2-Clause
#include "cmd/image_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/format.h"
#include "store/image.h"
#include "store/layer.h"

#define NONE ((size_t)-1)

struct node {
	char *id, *digest, *images;
	int64_t size, refs;
	size_t parent, first_child, last_child, next;
};

struct tree {
	struct node *nodes;
	size_t count;
};

static void free_tree(const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->nodes[i].id);
		free(tree->nodes[i].digest);
		free(tree->nodes[i].images);
	}
	free(tree->nodes);
}

static size_t find(const struct tree *tree, const char *id)
{
	for (size_t i = tree->count; id && i-- > 0;)
		if (strcmp(tree->nodes[i].id, id) == 0)
			return i;
	return NONE;
}

static int add_layer(const struct mica_layer *layer, void *userdata)
{
	struct tree *tree = userdata;
	struct node *nodes = reallocarray(tree->nodes, tree->count + 1, sizeof(*nodes));
	struct node *node;

	if (!nodes)
		return -ENOMEM;
	tree->nodes = nodes;
	node = &nodes[tree->count];
	*node = (struct node){
		.id = strdup(layer->id),
		.digest = layer->digest ? strdup(layer->digest) : NULL,
		.size = layer->size,
		.refs = layer->refs,
		.parent = find(tree, layer->parent),
		.first_child = NONE,
		.last_child = NONE,
		.next = NONE,
	};
	if (node->parent != NONE) {
		struct node *parent = &nodes[node->parent];

		if (parent->last_child == NONE)
			parent->first_child = tree->count;
		else
			nodes[parent->last_child].next = tree->count;
		parent->last_child = tree->count;
	}
	tree->count++;
	return node->id ? 0 : -ENOMEM;
}

static int add_image(const struct mica_image *image, void *userdata)
{
	struct tree *tree = userdata;
	size_t top = find(tree, image->top);
	_cleanup_buffer_ struct mica_buffer text = {};

	if (top == NONE)
		return 0;
	if (tree->nodes[top].images)
		(void)mica_buffer_appendf(&text, "%s, ", tree->nodes[top].images);
	(void)mica_buffer_appendf(&text, "%s", image->names ? image->names : image->id);
	if (!mica_buffer_string(&text))
		return -ENOMEM;
	free(tree->nodes[top].images);
	tree->nodes[top].images = TAKE_PTR(text.data);
	return 0;
}

static void print_node(const struct node *node, FILE *out)
{
	char size[MICA_FORMAT_SIZE];

	(void)fprintf(out, "%.20s", node->id);
	if (node->size >= 0)
		(void)fprintf(out, "  %s", mica_format_bytes((uint64_t)node->size, size));
	if (node->refs)
		(void)fputs("  in use", out);
	if (node->images)
		(void)fprintf(out, "  [%s]", node->images);
	(void)fputc('\n', out);
}

/* The rows above say with a bar where more brothers come. A long run of only children is as deep as an image: 500. */
static int print_below(const struct tree *tree, size_t index, struct mica_buffer *prefix, FILE *out)
{
	size_t size = prefix->size;

	for (size_t child = tree->nodes[index].first_child; child != NONE; child = tree->nodes[child].next) {
		bool last = tree->nodes[child].next == NONE;

		if (!mica_buffer_string(prefix))
			return -ENOMEM;
		(void)fprintf(out, "%s%s", prefix->data, last ? "└─ " : "├─ ");
		print_node(&tree->nodes[child], out);
		(void)mica_buffer_append_string(prefix, last ? "   " : "│  ");
		int r = print_below(tree, child, prefix, out);
		if (r < 0)
			return r;
		prefix->size = size;
	}
	return 0;
}

int mica_cmd_print_layer_tree(struct mica_store *store, FILE *out)
{
	_cleanup_(free_tree) struct tree tree = {};
	_cleanup_buffer_ struct mica_buffer prefix = {};
	int r = mica_layer_list(store, add_layer, &tree);

	if (r == 0)
		r = mica_image_list(store, add_image, &tree);
	for (size_t i = 0; r == 0 && i < tree.count; i++) {
		if (tree.nodes[i].parent != NONE)
			continue;
		print_node(&tree.nodes[i], out);
		r = print_below(&tree, i, &prefix, out);
	}
	return r;
}
