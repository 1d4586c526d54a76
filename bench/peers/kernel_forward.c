/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kernel_forward LISTEN TO [BUFFER]: what the kernel's own path costs. Takes UDP datagrams at one
 * address (10.9.0.10:5060) and sends each, unread and unchanged, to another, in batches of
 * recvmmsg() and sendmmsg(), the best that Linux sockets offer without io_uring. A proxy on such
 * sockets cannot be faster than this, however well it reads SIP; bench/peers.sh puts the proxies
 * beside it.
 *
 * One thread, one socket, blocking: it sleeps when there is nothing to do. BUFFER is the size of
 * the socket's buffers in bytes, 1 MiB if not given. Ends by a signal.
 */
#include "bench/peers/socket.h"

#include <stddef.h>

#define BATCH 32
#define DATAGRAM_MAX 2048

static struct mmsghdr in[BATCH], out[BATCH];
static struct iovec iov[BATCH];
static uint8_t data[BATCH][DATAGRAM_MAX];
static struct sockaddr_in to;

static void prepare(void)
{
	for (int i = 0; i < BATCH; i++) {
		iov[i].iov_base = data[i];
		in[i].msg_hdr.msg_iov = &iov[i];
		in[i].msg_hdr.msg_iovlen = 1;
		out[i].msg_hdr = in[i].msg_hdr;
		out[i].msg_hdr.msg_name = &to;
		out[i].msg_hdr.msg_namelen = sizeof(to);
	}
}

/* One batch from @fd to @fd. What cannot be sent is lost, as with any forwarder. */
static void forward(int fd)
{
	int n, sent = 0;

	for (int i = 0; i < BATCH; i++)
		iov[i].iov_len = DATAGRAM_MAX;
	n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < n; i++)
		iov[i].iov_len = in[i].msg_len;
	while (sent < n) {
		int done = sendmmsg(fd, out + sent, (unsigned int)(n - sent), 0);

		sent += done > 0 ? done : 1;
	}
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 3 || argc > 4)
		socket_die("usage: kernel_forward LISTEN TO [BUFFER]");
	to = socket_address(argv[2]);
	fd = socket_open(argv[1], argc > 3 ? (int)socket_number(argv[3], 1) : 1 << 20);
	prepare();
	for (;;)
		forward(fd);
}
