/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket as a file.
 */
#include "control/rpc/rpc_socket.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/viaduct-rpc.XXXXXX";
static char path[64];
static char why[RPC_WHY_MAX];

static void setup(void)
{
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/made/control.sock", folder);
}

static void teardown(void)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	cr_expect_eq(rmdir(folder), 0, "something was left: %s", strerror(errno));
}

static struct config_control control(void)
{
	return (struct config_control){ .socket = path, .mode = 0640 };
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	return lstat(file, &st) == 0 ? st.st_mode : 0;
}

/* A socket that nobody listens on any more, as after a kill -9. */
static void leave_stale(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	close(fd);
}

TestSuite(rpc_socket, .init = setup, .fini = teardown);

Test(rpc_socket, makes_its_folder_has_its_mode_and_is_gone_at_the_end)
{
	struct config_control c = control();
	struct rpc_socket s;

	cr_assert_eq(rpc_socket_open(&c, &s, why), 0, "%s", why);
	cr_expect_eq(mode_of(path), (mode_t)(S_IFSOCK | 0640));
	rpc_socket_close(&s);
	cr_expect_eq(mode_of(path), (mode_t)0);
}

Test(rpc_socket, takes_the_place_of_one_that_nobody_listens_on)
{
	struct config_control c = control();
	struct rpc_socket s;

	cr_assert_eq(rpc_socket_open(&c, &s, why), 0);
	rpc_socket_close(&s);
	leave_stale();
	cr_assert_eq(rpc_socket_open(&c, &s, why), 0, "%s", why);
	rpc_socket_close(&s);
}

Test(rpc_socket, leaves_a_live_one_alone_and_names_its_process)
{
	struct config_control c = control();
	struct rpc_socket s, other;
	char process[32];

	cr_assert_eq(rpc_socket_open(&c, &s, why), 0);
	cr_expect_eq(rpc_socket_open(&c, &other, why), -EADDRINUSE);
	snprintf(process, sizeof(process), "process %d", (int)getpid());
	cr_expect(strstr(why, process), "%s", why);
	cr_expect_neq(mode_of(path), (mode_t)0);
	rpc_socket_close(&s);
}

Test(rpc_socket, leaves_what_is_no_socket_alone)
{
	struct config_control c = control();
	struct rpc_socket s;

	cr_assert_eq(rpc_socket_open(&c, &s, why), 0);
	rpc_socket_close(&s);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cr_expect_eq(rpc_socket_open(&c, &s, why), -EADDRINUSE);
	cr_expect(strstr(why, "no socket"), "%s", why);
	cr_expect(S_ISREG(mode_of(path)));
}

Test(rpc_socket, does_not_remove_the_socket_of_its_successor)
{
	struct config_control c = control();
	struct rpc_socket s;

	cr_assert_eq(rpc_socket_open(&c, &s, why), 0);
	unlink(path);
	leave_stale();
	rpc_socket_close(&s);
	cr_expect(S_ISSOCK(mode_of(path)));
}

Test(rpc_socket, refuses_a_group_that_there_is_not_and_leaves_nothing)
{
	struct config_control c = control();
	struct rpc_socket s;

	c.group = "no-such-group";
	cr_expect_eq(rpc_socket_open(&c, &s, why), -ENOENT);
	cr_expect(strstr(why, "no-such-group"), "%s", why);
	cr_expect_eq(mode_of(path), (mode_t)0);
}

Test(rpc_socket, says_which_folder_cannot_be_made)
{
	char deep[128];
	struct config_control c = control();
	struct rpc_socket s;

	snprintf(deep, sizeof(deep), "%s/no/such/control.sock", folder);
	c.socket = deep;
	cr_expect_eq(rpc_socket_open(&c, &s, why), -ENOENT);
	cr_expect(strstr(why, "/no/such: cannot be made"), "%s", why);
}
