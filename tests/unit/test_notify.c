/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sd_notify: what arrives at a socket of ours, as systemd would see it.
 */
#include "control/notify.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A datagram socket bound to what NOTIFY_SOCKET is set to. */
static int listen_at(const char *text)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un at;
	int len = notify_address(text, &at);

	cr_assert_gt(len, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, (socklen_t)len), 0);
	setenv("NOTIFY_SOCKET", text, 1);
	return fd;
}

static const char *heard(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

Test(notify, speaks_to_sockets_of_the_file_system_and_abstract_ones)
{
	char path[64], abstract[64];
	int a, b;

	snprintf(path, sizeof(path), "/tmp/test_notify.%ld", (long)getpid());
	snprintf(abstract, sizeof(abstract), "@test_notify.%ld", (long)getpid());
	a = listen_at(path);
	cr_expect_eq(notify_ready("2 listeners"), 0);
	cr_expect_str_eq(heard(a), "READY=1\nSTATUS=2 listeners\n");
	b = listen_at(abstract);
	cr_expect_eq(notify_stopping(), 0);
	cr_expect_str_eq(heard(b), "STOPPING=1\nSTATUS=stopping\n");
	cr_expect_str_eq(heard(a), "");
	unlink(path);
	close(a);
	close(b);
}

Test(notify, a_reload_carries_the_monotonic_time)
{
	struct timespec before, after;
	unsigned long long at, low, high;
	char abstract[64];
	int fd;

	snprintf(abstract, sizeof(abstract), "@test_notify.%ld", (long)getpid());
	fd = listen_at(abstract);
	clock_gettime(CLOCK_MONOTONIC, &before);
	cr_assert_eq(notify_reloading(), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	cr_assert_eq(sscanf(heard(fd), "RELOADING=1\nMONOTONIC_USEC=%llu\n", &at), 1);
	low = (unsigned long long)before.tv_sec * 1000000 +
	      (unsigned long long)before.tv_nsec / 1000;
	high = (unsigned long long)after.tv_sec * 1000000 +
	       (unsigned long long)after.tv_nsec / 1000;
	cr_assert(at >= low && at <= high);
	close(fd);
}

Test(notify, says_nothing_when_nobody_asked)
{
	unsetenv("NOTIFY_SOCKET");
	cr_expect_eq(notify_ready("x"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	cr_expect_eq(notify_ready("x"), 0);
}

Test(notify, reports_a_socket_that_is_not_there)
{
	setenv("NOTIFY_SOCKET", "/tmp/test_notify.none", 1);
	cr_expect_eq(notify_ready("x"), -ENOENT);
}

Test(notify, refuses_addresses_that_are_none)
{
	static const char *const bad[] = { "", "relative", "@", "/", "vsock:2:1234" };
	char longest[108 + 2];
	struct sockaddr_un at;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(notify_address(bad[i], &at), -EINVAL, "%s", bad[i]);
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[107] = '\0';
	cr_expect_gt(notify_address(longest, &at), 0);
	longest[107] = 'x';
	longest[108] = '\0';
	cr_expect_eq(notify_address(longest, &at), -EINVAL);
}

Test(notify, an_abstract_name_has_no_final_zero)
{
	struct sockaddr_un at;

	cr_expect_eq(notify_address("@ab", &at), (int)offsetof(struct sockaddr_un, sun_path) + 3);
	cr_expect_eq(memcmp(at.sun_path, "\0ab", 3), 0);
	cr_expect_eq(notify_address("/ab", &at), (int)offsetof(struct sockaddr_un, sun_path) + 4);
}
