/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Opening of the control socket. The file appears with no rights for others (mode 0600) and gets
 * its group and mode before anyone is listened to, so there is no moment in which too many may
 * connect.
 */
#include "control/rpc/rpc_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int fault(char *why, const char *what, const char *about)
{
	int rc = -errno;

	snprintf(why, RPC_WHY_MAX, "%s: %s: %s", about, what, strerror(-rc));
	return rc;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	/* The configuration allows one byte less than there is room for. */
	memcpy(a.sun_path, path, strnlen(path, sizeof(a.sun_path) - 1));
	return a;
}

/* Makes the folder of @path, but not those above it. */
static int make_folder(const char *path, char *why)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return 0;
	return fault(why, "cannot be made", folder);
}

/* Says that somebody listens at the other end of @fd. */
static int in_use(int fd, const char *path, char *why)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.pid > 0)
		snprintf(why, RPC_WHY_MAX, "%s: process %d listens there already", path,
			 (int)who.pid);
	else
		snprintf(why, RPC_WHY_MAX, "%s: another process listens there already", path);
	return -EADDRINUSE;
}

/* Removes what a process that is gone left at @path. */
static int clear_place(const char *path, char *why)
{
	struct sockaddr_un a = address_of(path);
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : fault(why, "cannot be looked at", path);
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, RPC_WHY_MAX, "%s: is there already and is no socket", path);
		return -EADDRINUSE;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault(why, "no socket", path);
	rc = connect(fd, (struct sockaddr *)&a, sizeof(a));
	if (rc == 0 || errno != ECONNREFUSED)
		rc = rc == 0 || errno == EAGAIN ? in_use(fd, path, why)
						: fault(why, "cannot be tried", path);
	else
		rc = unlink(path) == 0 ? 0 : fault(why, "cannot be removed", path);
	close(fd);
	return rc;
}

static int find_group(const char *name, gid_t *out, char *why)
{
	struct group *g = getgrnam(name);
	unsigned long v;
	char *end;

	if (g) {
		*out = g->gr_gid;
		return 0;
	}
	v = strtoul(name, &end, 10);
	if (name[0] >= '0' && name[0] <= '9' && !*end && v < (gid_t)-1) {
		*out = (gid_t)v;
		return 0;
	}
	snprintf(why, RPC_WHY_MAX, "group: there is no group \"%s\"", name);
	return -ENOENT;
}

/* The file is there: group and mode as configured, then listen. */
static int open_up(const struct config_control *c, struct rpc_socket *s, char *why)
{
	struct stat st;
	gid_t group;
	int rc = 0;

	if (lstat(s->path, &st) < 0)
		return fault(why, "cannot be looked at", s->path);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	if (c->group)
		rc = find_group(c->group, &group, why);
	if (rc)
		return rc;
	if (c->group && lchown(s->path, (uid_t)-1, group) < 0)
		return fault(why, "group cannot be set", s->path);
	if (chmod(s->path, c->mode) < 0)
		return fault(why, "mode cannot be set", s->path);
	if (listen(s->fd, BACKLOG) < 0)
		return fault(why, "cannot listen", s->path);
	return 0;
}

int rpc_socket_open(const struct config_control *c, struct rpc_socket *out, char why[RPC_WHY_MAX])
{
	struct sockaddr_un a = address_of(c->socket);
	struct rpc_socket s = { .fd = -1 };
	int rc = make_folder(c->socket, why);

	snprintf(s.path, sizeof(s.path), "%s", c->socket);
	rc = rc ? rc : clear_place(c->socket, why);
	if (rc)
		return rc;
	s.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s.fd < 0)
		return fault(why, "no socket", c->socket);
	/* The mode of the socket is that of the file which bind() makes. */
	if (fchmod(s.fd, 0600) < 0 || bind(s.fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		rc = fault(why, "cannot be made", c->socket);
		close(s.fd);
		return rc;
	}
	rc = open_up(c, &s, why);
	if (rc)
		rpc_socket_close(&s);
	else
		*out = s;
	return rc;
}

void rpc_socket_close(struct rpc_socket *s)
{
	struct stat st;

	if (lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
		unlink(s->path);
	close(s->fd);
}
