/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver keeps the program and its maps to itself. They are found among the descriptors of this
 * process by their numbers: asking Linux for them by number would need CAP_SYS_ADMIN, a file of
 * bpffs for the maps a mounted one. Loading and attaching a program of our own beside the driver's
 * is not possible: an interface has one, and the driver insists on attaching its own first.
 */
#include "dataplane/xdp/xdp_steer.h"

#include "dataplane/xdp/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FDS "/proc/self/fd"
#define MAPS_MAX 16

struct xdp_steer {
	int link;                    /* holds the program on the interface */
	int listeners;               /* map */
	struct steer_listener *keys; /* in it, sorted */
	size_t n_keys;
};

static struct {
	char text[160]; /* "" = nothing was said */
	bool by_kernel;
} said;

/* --- what libbpf says ---------------------------------------------------------------------- */

/* Keeps the first complaint; one that comes from the kernel is better. */
__attribute__((format(printf, 2, 0))) static int keep(enum libbpf_print_level level,
						      const char *fmt, va_list ap)
{
	static const char mark[] = "Kernel error message: ";
	char text[512];
	const char *from;

	if (level != LIBBPF_WARN || said.by_kernel)
		return 0;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	from = strstr(text, mark);
	said.by_kernel = from != NULL;
	if (from)
		from += sizeof(mark) - 1;
	else if (said.text[0])
		return 0;
	else if (strstr(text, "RLIMIT_MEMLOCK")) /* a guess of libbpf's, wrong since Linux 5.11 */
		from = "Linux lets this process load no program (CAP_BPF, CAP_PERFMON)";
	else
		from = text;
	snprintf(said.text, sizeof(said.text), "%.159s", from);
	return 0;
}

const char *xdp_steer_said(void)
{
	return said.text[0] ? said.text : NULL;
}

/* --- the program as a file ----------------------------------------------------------------- */

int xdp_steer_path(char *out, size_t n)
{
	static int fd = -1;
	int len;

	if (fd < 0) {
		fd = memfd_create("viaduct-xdp", MFD_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (write(fd, xdp_object, xdp_object_len) != (ssize_t)xdp_object_len) {
			close(fd);
			fd = -1;
			return -EIO;
		}
	}
	len = snprintf(out, n, FDS "/%d", fd);
	return len > 0 && (size_t)len < n ? 0 : -ENAMETOOLONG;
}

/* --- the program on the interface ---------------------------------------------------------- */

/* True if the program with number @id is one of ours, as far as we may ask. */
static bool is_ours(uint32_t id)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool ours;

	if (fd < 0)
		return false;
	ours = bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       strcmp(info.name, STEER_PROGRAM) == 0;
	close(fd);
	return ours;
}

int xdp_steer_prepare(int index)
{
	uint32_t id = 0;
	int rc;

	libbpf_set_print(keep);
	said.text[0] = '\0';
	said.by_kernel = false;
	rc = bpf_xdp_query_id(index, 0, &id);
	if (rc || !id)
		return rc;
	/* A process that died between the driver's attachment and ours leaves one like this. */
	if (is_ours(id) && bpf_xdp_detach(index, 0, NULL) == 0)
		return 0;
	snprintf(said.text, sizeof(said.text), "another XDP program (number %u) is there", id);
	said.by_kernel = true;
	return -EBUSY;
}

/* Descriptor @fd if it is a program (@kind "bpf-prog") or map ("bpf-map") with number @id and, if
 * @name is given, that name. */
static bool is_wanted(int fd, const char *kind, uint32_t id, const char *name)
{
	char path[64], target[64] = "";
	union {
		struct bpf_prog_info prog;
		struct bpf_map_info map;
	} info = { 0 };
	uint32_t len = sizeof(info);
	bool map = strcmp(kind, "bpf-map") == 0;

	snprintf(path, sizeof(path), FDS "/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, kind))
		return false;
	len = map ? sizeof(info.map) : sizeof(info.prog);
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0)
		return false;
	if (map)
		return info.map.id == id && strcmp(info.map.name, name) == 0;
	return info.prog.id == id;
}

/* The descriptor of this process for it, made twice; -ENOENT. */
static int find(const char *kind, uint32_t id, const char *name)
{
	DIR *d = opendir(FDS);
	struct dirent *e;
	int found = -ENOENT;

	while (d && found < 0 && (e = readdir(d))) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (e->d_name[0] != '.' && fd != dirfd(d) && is_wanted(fd, kind, id, name))
			found = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	if (d)
		closedir(d);
	return found;
}

/* The map called @name of program @prog, or a negative errno. */
static int find_map(int prog, const char *name)
{
	uint32_t ids[MAPS_MAX] = { 0 }, len;
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };
	int fd = -ENOENT;

	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(prog, &info, &len) < 0)
		return -errno;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX && fd == -ENOENT; i++)
		fd = find("bpf-map", ids[i], name);
	return fd;
}

static int set(int prog, const struct steer_settings *settings)
{
	int fd = find_map(prog, "settings"), rc;
	uint32_t first = 0;

	if (fd < 0)
		return fd;
	rc = bpf_map_update_elem(fd, &first, settings, BPF_ANY);
	close(fd);
	return rc;
}

/* The driver's attachment, which outlives the process, is replaced by one that does not. In
 * between, frames go to Linux; nobody listens yet. */
static int attach(int index, int prog)
{
	int rc = bpf_xdp_detach(index, 0, NULL);

	return rc < 0 ? rc : bpf_link_create(prog, index, BPF_XDP, NULL);
}

int xdp_steer_open(int index, const uint8_t mac[6], bool all, struct xdp_steer **out)
{
	struct steer_settings settings = { .all = all };
	struct xdp_steer *s = calloc(1, sizeof(*s));
	uint32_t id = 0;
	int prog, rc;

	if (!s)
		return -ENOMEM;
	s->link = s->listeners = -1;
	memcpy(settings.mac, mac, sizeof(settings.mac));
	rc = bpf_xdp_query_id(index, 0, &id);
	prog = rc < 0 ? rc : find("bpf-prog", id, NULL);
	rc = prog < 0 ? prog : set(prog, &settings);
	if (rc == 0)
		rc = s->listeners = find_map(prog, "listeners");
	if (rc >= 0)
		rc = s->link = attach(index, prog);
	if (prog >= 0)
		close(prog);
	if (rc < 0) {
		xdp_steer_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void xdp_steer_close(struct xdp_steer *s)
{
	if (!s)
		return;
	if (s->link >= 0)
		close(s->link);
	if (s->listeners >= 0)
		close(s->listeners);
	free(s->keys);
	free(s);
}

/* --- listeners ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct steer_listener));
}

/* The keys of the UDP listeners of @w, sorted; the caller's. NULL without memory. */
static struct steer_listener *keys_of(const struct world *w, size_t *n)
{
	struct steer_listener *keys = calloc(2 * (size_t)w->n_listeners + 1, sizeof(*keys));

	*n = 0;
	for (uint16_t i = 0; keys && i < w->n_listeners; i++) {
		const struct listener *l = &w->listeners[i];

		if (!(l->transports & WORLD_UDP))
			continue;
		memcpy(keys[*n].ip, l->addr.ip.b, sizeof(keys->ip));
		keys[*n + 1] = keys[*n];
		keys[*n].port_be = __builtin_bswap16(l->addr.port);
		*n += 2;
	}
	if (keys)
		qsort(keys, *n, sizeof(*keys), compare);
	return keys;
}

static bool is_among(const struct steer_listener *key, const struct steer_listener *keys, size_t n)
{
	return n && bsearch(key, keys, n, sizeof(*keys), compare);
}

int xdp_steer_listeners(struct xdp_steer *s, const struct world *w)
{
	struct steer_listener *keys;
	size_t n, n_in = 0;
	uint8_t value = 1;
	int rc = 0;

	keys = keys_of(w, &n);
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_keys; i++) {
		if (!is_among(&s->keys[i], keys, n))
			bpf_map_delete_elem(s->listeners, &s->keys[i]);
	}
	/* What finds no room is tried again the next time. */
	for (size_t i = 0; i < n; i++) {
		int one = is_among(&keys[i], s->keys, s->n_keys)
				  ? 0
				  : bpf_map_update_elem(s->listeners, &keys[i], &value, BPF_ANY);

		if (one == 0)
			keys[n_in++] = keys[i];
		rc = rc ? rc : one;
	}
	free(s->keys);
	s->keys = keys;
	s->n_keys = n_in;
	return rc;
}
