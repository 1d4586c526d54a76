/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading below a root. Files of /proc and /sys have no size: they are read until they end.
 */
#include "control/doctor/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 16384 /* the longest file that is searched */

__attribute__((format(printf, 3, 0))) static bool path_of(const struct facts *f, char out[PATH_MAX],
							  const char *fmt, va_list ap)
{
	int n = snprintf(out, PATH_MAX, "%s", f->root), m;

	if (n < 0 || n >= PATH_MAX)
		return false;
	m = vsnprintf(out + n, (size_t)(PATH_MAX - n), fmt, ap);
	return m >= 0 && m < PATH_MAX - n;
}

static bool read_file(const char *path, char *out, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	out[0] = '\0';
	if (fd < 0)
		return false;
	while (used + 1 < n) {
		ssize_t got = read(fd, out + used, n - 1 - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	close(fd);
	while (used > 0 && strchr(" \t\r\n", out[used - 1]))
		used--;
	out[used] = '\0';
	return true;
}

bool fact_text(const struct facts *f, char *out, size_t n, const char *path, ...)
{
	char full[PATH_MAX];
	va_list ap;
	bool ok;

	va_start(ap, path);
	ok = path_of(f, full, path, ap);
	va_end(ap);
	out[0] = '\0';
	return ok && read_file(full, out, n);
}

static bool number(const char *text, int64_t *out)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || errno)
		return false;
	*out = v;
	return true;
}

bool fact_number(const struct facts *f, int64_t *out, const char *path, ...)
{
	char full[PATH_MAX], text[64];
	va_list ap;
	bool ok;

	va_start(ap, path);
	ok = path_of(f, full, path, ap);
	va_end(ap);
	return ok && read_file(full, text, sizeof(text)) && number(text, out);
}

/* What follows @name at the start of a line of @text; NULL if no line begins so. */
static const char *line_after(const char *text, const char *name)
{
	size_t n = strlen(name);

	while (text) {
		if (strncmp(text, name, n) == 0)
			return text + n;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

bool fact_field(const struct facts *f, const char *path, const char *name, int64_t *out)
{
	char text[FILE_MAX], label[FACT_NAME_MAX];
	const char *p;

	snprintf(label, sizeof(label), "%s:", name);
	p = fact_text(f, text, sizeof(text), "%s", path) ? line_after(text, label) : NULL;
	return p && number(p, out);
}

bool fact_exists(const struct facts *f, const char *path, ...)
{
	char full[PATH_MAX];
	va_list ap;
	bool ok;

	va_start(ap, path);
	ok = path_of(f, full, path, ap);
	va_end(ap);
	return ok && access(full, F_OK) == 0;
}

bool fact_link(const struct facts *f, char *out, size_t n, const char *path, ...)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t len = -1;
	va_list ap;

	va_start(ap, path);
	if (path_of(f, full, path, ap))
		len = readlink(full, target, sizeof(target) - 1);
	va_end(ap);
	out[0] = '\0';
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(out, n, "%s", last ? last + 1 : target);
	return true;
}

bool fact_real(const struct facts *f, char *out, size_t n, const char *path, ...)
{
	char full[PATH_MAX], real[PATH_MAX], root[PATH_MAX] = "";
	size_t skip = 0;
	va_list ap;
	bool ok;

	va_start(ap, path);
	ok = path_of(f, full, path, ap);
	va_end(ap);
	out[0] = '\0';
	if (!ok || !realpath(full, real) || (*f->root && !realpath(f->root, root)))
		return false;
	if (strncmp(real, root, strlen(root)) == 0)
		skip = strlen(root);
	snprintf(out, n, "%s", real + skip);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool fact_list(const struct facts *f, struct fact_names *out, const char *path, ...)
{
	char full[PATH_MAX];
	struct dirent *e;
	DIR *d = NULL;
	va_list ap;

	out->n = 0;
	va_start(ap, path);
	if (path_of(f, full, path, ap))
		d = opendir(full);
	va_end(ap);
	if (!d)
		return false;
	while ((e = readdir(d)) && out->n < FACT_NAMES_MAX) {
		size_t n = strlen(e->d_name);

		if (e->d_name[0] == '.' || n >= FACT_NAME_MAX)
			continue;
		memcpy(out->name[out->n++], e->d_name, n + 1);
	}
	closedir(d);
	qsort(out->name, out->n, FACT_NAME_MAX, by_name);
	return true;
}

bool fact_mode(const struct facts *f, unsigned int *out, const char *path, ...)
{
	char full[PATH_MAX];
	struct stat st;
	va_list ap;
	bool ok;

	va_start(ap, path);
	ok = path_of(f, full, path, ap);
	va_end(ap);
	if (!ok || stat(full, &st) < 0)
		return false;
	*out = st.st_mode & 07777;
	return true;
}

/* The next word of @p as a limit; moves behind it. */
static bool limit(const char **p, uint64_t *out)
{
	char *end;

	*p += strspn(*p, " ");
	if (strncmp(*p, "unlimited", 9) == 0) {
		*out = UINT64_MAX;
		*p += 9;
		return true;
	}
	*out = strtoull(*p, &end, 10);
	if (end == *p)
		return false;
	*p = end;
	return true;
}

bool fact_limit(const struct facts *f, const char *name, uint64_t *soft, uint64_t *hard)
{
	char text[FILE_MAX];
	const char *p;

	p = fact_text(f, text, sizeof(text), "/proc/self/limits") ? line_after(text, name) : NULL;
	return p && limit(&p, soft) && limit(&p, hard);
}

bool fact_capable(const struct facts *f, unsigned int number)
{
	char text[FILE_MAX];
	const char *p;

	p = fact_text(f, text, sizeof(text), "/proc/self/status") ? line_after(text, "CapEff:")
								  : NULL;
	return p && (strtoull(p, NULL, 16) >> number & 1);
}
