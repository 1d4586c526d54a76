/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The front of the configuration reader: a file or a piece of memory to a struct config.
 *
 * In three steps that each go on after a fault: text to tree (yaml_tree.c), tree to structs by the
 * key table (config_section.c and the readers of values), checks across sections (config_check.c).
 * All of a configuration lies in one arena, so a load that fails leaves nothing behind.
 */
#include "control/config/config.h"

#include "control/config/config_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The host name, for nodes that the file gives no name. */
static const char *host_name(struct config_reader *r)
{
	char name[254];

	if (gethostname(name, sizeof(name)) < 0)
		memcpy(name, "viaduct", sizeof("viaduct"));
	name[sizeof(name) - 1] = '\0';
	return config_copy(r, name, strlen(name));
}

static int read_all(struct config_reader *r, const void *text, size_t n, struct config *c)
{
	static const struct yaml_node empty = { .kind = YAML_MAP, .mark = { 1, 1 } };
	struct yaml_tree tree;
	int rc = yaml_tree_read(&r->scratch, text, n, r->errs, &tree);

	if (rc < 0)
		return rc;
	r->whole = tree.whole;
	config_read_section(r, SECTION_top, tree.root ? tree.root : &empty, c);
	if (!r->no_memory && !CONFIG_GIVEN(c, top, node))
		c->node = host_name(r);
	if (!r->no_memory)
		config_check(r, c);
	return r->no_memory ? -ENOMEM : 0;
}

int config_load_memory(const char *name, const void *text, size_t n, struct config *out,
		       struct config_errors *errs)
{
	uint32_t before = errs->n + errs->left_out;
	struct config_reader r = { .errs = errs };
	struct config c = { 0 };
	struct arena arena = { 0 };
	const char *file;
	int rc;

	r.arena = &arena;
	config_errors_file(errs, name);
	file = config_copy(&r, name, strlen(name));
	if (n > CONFIG_FILE_MAX) {
		config_errors_add(errs, (struct config_mark){ 1, 1 },
				  "the file has %zu bytes; allowed are at most %u", n,
				  CONFIG_FILE_MAX);
		rc = -EINVAL;
	} else {
		rc = r.no_memory ? -ENOMEM : read_all(&r, text, n, &c);
	}
	arena_free(&r.scratch);
	config_errors_sort(errs);
	if (rc == 0 && errs->n + errs->left_out != before)
		rc = -EINVAL;
	if (errs->no_memory)
		rc = -ENOMEM;
	if (rc < 0) {
		arena_free(&arena);
		return rc;
	}
	c.file = file;
	c.arena = arena;
	*out = c;
	return 0;
}

/* Reads @fd to its end, but no more than one byte beyond what is allowed. Returns 0 or -errno. */
static int slurp(int fd, uint8_t **text, size_t *n)
{
	size_t room = 1u << 16, len = 0;
	uint8_t *p = mem_alloc(room);

	while (p && len <= CONFIG_FILE_MAX) {
		ssize_t got;
		uint8_t *larger;

		if (len == room) {
			larger = mem_alloc(room * 2);
			if (larger)
				memcpy(larger, p, len);
			mem_free(p);
			p = larger;
			room *= 2;
			continue;
		}
		got = read(fd, p + len, room - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = errno;

			mem_free(p);
			return -err;
		}
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*text = p;
	*n = len;
	return p ? 0 : -ENOMEM;
}

int config_load_file(const char *path, struct config *out, struct config_errors *errs)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *text = NULL;
	size_t n = 0;
	int rc = fd < 0 ? -errno : slurp(fd, &text, &n);

	if (fd >= 0)
		close(fd);
	if (rc == 0) {
		rc = config_load_memory(path, text, n, out, errs);
		mem_free(text);
		return rc;
	}
	config_errors_file(errs, path);
	config_errors_add(errs, (struct config_mark){ 1, 1 }, "cannot be read: %s", strerror(-rc));
	return rc;
}

void config_free(struct config *c)
{
	struct arena arena = c->arena;

	arena_free(&arena);
	*c = (struct config){ 0 };
}
