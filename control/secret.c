/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and making the secret file. A new one is written whole under a name of its own and then
 * renamed without replacing: a crash leaves no half secret, and two daemons that start at once
 * agree on one.
 */
#include "control/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_BYTES 32

/* Reads up to @size bytes of @fd. Returns how many, or a negative errno. */
static ssize_t read_all(int fd, uint8_t *out, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, out + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

static int check_mode(int fd, struct secret *out, const char *path, char *why, size_t why_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -EIO;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, why_size, "%s: not a file", path);
		return -EINVAL;
	}
	if (st.st_mode & (S_IRWXO | S_IWGRP)) {
		snprintf(why, why_size,
			 "%s: mode %04o lets others at the secret, 0600 or 0640 wanted", path,
			 (unsigned int)(st.st_mode & 07777));
		return -EPERM;
	}
	out->group_readable = (st.st_mode & S_IRGRP) != 0;
	return 0;
}

static int read_secret(int fd, struct secret *out, const char *path, char *why, size_t why_size)
{
	uint8_t bytes[SECRET_MAX_BYTES + 1];
	ssize_t n;
	int rc = check_mode(fd, out, path, why, why_size);

	if (rc)
		return rc;
	n = read_all(fd, bytes, sizeof(bytes));
	if (n < 0) {
		snprintf(why, why_size, "%s: %s", path, strerror((int)-n));
		return (int)n;
	}
	if ((size_t)n > SECRET_MAX_BYTES) {
		snprintf(why, why_size, "%s: more than %d bytes", path, SECRET_MAX_BYTES);
		rc = -EFBIG;
	}
	while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
		n--;
	if (rc == 0 && n < SECRET_MIN_BYTES) {
		snprintf(why, why_size, "%s: less than %d bytes", path, SECRET_MIN_BYTES);
		rc = -EINVAL;
	}
	if (rc == 0) {
		memcpy(out->bytes, bytes, (size_t)n);
		out->n = (size_t)n;
	}
	sodium_memzero(bytes, sizeof(bytes));
	return rc;
}

/* Makes the directory of @path, not those above it. */
static int make_directory(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

/* Writes 32 random bytes to the new file @path. */
static int write_random(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint8_t bytes[NEW_BYTES];
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		rc = -EIO;
	/* No line end at its end, so that what is read back is what was written. */
	if (bytes[NEW_BYTES - 1] == '\n' || bytes[NEW_BYTES - 1] == '\r')
		bytes[NEW_BYTES - 1] = 0;
	if (rc == 0 && write(fd, bytes, sizeof(bytes)) != sizeof(bytes))
		rc = -EIO;
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	sodium_memzero(bytes, sizeof(bytes));
	close(fd);
	if (rc)
		unlink(path);
	return rc;
}

/* Renames @from to @to unless that is there. Some file systems know only link() for that. */
static int rename_new(const char *from, const char *to)
{
	int rc = 0;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	rc = -errno;
	if (rc == -EINVAL || rc == -ENOSYS)
		rc = link(from, to) == 0 ? 0 : -errno;
	unlink(from);
	return rc;
}

static int make_secret(const char *path, char *why, size_t why_size)
{
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
	int rc = n < (int)sizeof(temporary) ? make_directory(path) : -ENAMETOOLONG;

	if (rc == 0) {
		unlink(temporary); /* left by a process of the same number that died */
		rc = write_random(temporary);
	}
	if (rc == 0)
		rc = rename_new(temporary, path);
	if (rc && rc != -EEXIST)
		snprintf(why, why_size, "%s: cannot be made: %s", path, strerror(-rc));
	return rc;
}

int secret_load(const char *path, bool make, struct secret *out, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	bool made = false;

	if (fd < 0 && errno == ENOENT && make) {
		rc = make_secret(path, why, why_size);
		if (rc && rc != -EEXIST)
			return rc;
		made = rc == 0;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0) {
		rc = -errno;
		snprintf(why, why_size, "%s: %s", path, strerror(-rc));
		return rc;
	}
	rc = read_secret(fd, out, path, why, why_size);
	out->made = made;
	close(fd);
	return rc;
}

void secret_wipe(struct secret *s)
{
	sodium_memzero(s, sizeof(*s));
}
