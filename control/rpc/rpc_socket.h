/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket as a file: made with its folder, mode and group, in place of one that a
 * process left behind, removed again. Internal to rpc*.c; control thread only.
 */
#pragma once

#include "control/config/config.h"

#include <sys/types.h>

#define RPC_WHY_MAX 256

struct rpc_socket {
	int fd;         /* listens, does not block */
	char path[108]; /* a copy: a reload frees the configuration */
	dev_t dev;      /* of the file that we made */
	ino_t ino;
};

/**
 * Opens the socket that @c describes. 0, or a negative errno with @why filled: -EADDRINUSE if a
 * process listens there already, or if what is there is not a socket.
 */
int rpc_socket_open(const struct config_control *c, struct rpc_socket *out, char why[RPC_WHY_MAX]);

/** Closes it and removes the file, if it still is ours. */
void rpc_socket_close(struct rpc_socket *s);
