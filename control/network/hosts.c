/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of hosts(5): an address and names per line, '#' to the end of the line is a remark.
 */
#include "control/network/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NAME_MAX_HOST 253

/* What is left of the line. */
struct cut {
	const char *p;
	const char *end;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Takes the next word; n = 0 = there is none. */
static size_t next_word(struct cut *c, const char **word)
{
	while (c->p < c->end && blank(*c->p))
		c->p++;
	*word = c->p;
	while (c->p < c->end && !blank(*c->p))
		c->p++;
	return (size_t)(c->p - *word);
}

/* The name in lower case and without a final dot, in the arena; NULL with *rc = 0 if it is none. */
static char *keep_name(struct hosts *h, const char *word, size_t n, int *rc)
{
	char *name;

	*rc = 0;
	if (n > 0 && word[n - 1] == '.')
		n--;
	if (n == 0 || n > NAME_MAX_HOST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char c = (char)(word[i] | 0x20);

		if (!(c >= 'a' && c <= 'z') && !(word[i] >= '0' && word[i] <= '9') &&
		    word[i] != '-' && word[i] != '.' && word[i] != '_')
			return NULL;
	}
	name = arena_copy(&h->arena, word, n);
	if (!name)
		*rc = -ENOMEM;
	for (size_t i = 0; name && i < n; i++) {
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] |= 0x20;
	}
	return name;
}

static int parse_line(struct hosts *h, struct cut line)
{
	const char *word;
	struct ip ip;
	size_t n = next_word(&line, &word);
	int rc = 0;

	if (n == 0 || !ip_parse((const uint8_t *)word, n, &ip) || ip_is_loopback(&ip) ||
	    ip_is_unusable(&ip))
		return 0;
	while ((n = next_word(&line, &word)) && h->n < HOSTS_MAX && rc == 0) {
		char *name = keep_name(h, word, n, &rc);

		if (name)
			h->v[h->n++] = (struct world_host){ name, ip };
	}
	return rc;
}

int hosts_parse(const char *text, size_t n, struct hosts *out)
{
	const char *end = text + n;
	int rc = 0;

	out->v = arena_alloc(&out->arena, HOSTS_MAX * sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	while (text < end && rc == 0) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *stop = eol ? eol : end;
		const char *remark = memchr(text, '#', (size_t)(stop - text));

		rc = parse_line(out, (struct cut){ text, remark ? remark : stop });
		text = stop + 1;
	}
	return rc;
}

int hosts_read(const char *path, struct hosts *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	char *text;
	ssize_t n = 0, got = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	text = mem_alloc(HOSTS_FILE_MAX);
	if (!text) {
		close(fd);
		return -ENOMEM;
	}
	while (n < HOSTS_FILE_MAX && (got = read(fd, text + n, (size_t)(HOSTS_FILE_MAX - n))) > 0)
		n += got;
	rc = got < 0 ? -errno : hosts_parse(text, (size_t)n, out);
	mem_free(text);
	close(fd);
	return rc;
}

void hosts_free(struct hosts *h)
{
	arena_free(&h->arena);
	*h = (struct hosts){ 0 };
}
