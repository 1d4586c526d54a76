/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP sockets of the programs in bench/peers, and their arguments: IPv4 only, for one lab. What
 * goes wrong ends the program with a message and status 2: a bench on half a set-up measures
 * nothing.
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

/** Prints "PROGRAM: TEXT: the error of errno, if any" and ends the program with status 2. */
__attribute__((noreturn)) void socket_die(const char *text);

/** The number that @text is; ends the program if it is none, or less than @least. */
double socket_number(const char *text, double least);

/** The address of "10.9.0.10:5060". */
struct sockaddr_in socket_address(const char *text);

/** A socket bound to @address ("10.9.0.10:5060") with buffers of @bytes in both directions,
 * whatever the limit of the system says if the caller is root. */
int socket_open(const char *address, int bytes);
