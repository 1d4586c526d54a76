/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secret file: what is read, what is refused, what is made.
 */
#include "control/secret.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static char path[128];
static char why[256];

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_secret.XXXXXX");
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/secret", dir);
	umask(0);
}

static void teardown(void)
{
	unlink(path);
	rmdir(dir);
}

TestSuite(secret, .init = setup, .fini = teardown);

static void write_file(const void *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

Test(secret, reads_bytes_as_they_are)
{
	static const char bytes[] = "0123456789\0bcdef and more";
	struct secret s;

	write_file(bytes, sizeof(bytes) - 1, 0600);
	cr_assert_eq(secret_load(path, false, &s, why, sizeof(why)), 0, "%s", why);
	cr_assert_eq(s.n, sizeof(bytes) - 1);
	cr_assert_eq(memcmp(s.bytes, bytes, s.n), 0);
	cr_assert_not(s.made);
	cr_assert_not(s.group_readable);
}

Test(secret, a_line_end_at_the_end_does_not_count)
{
	static const char *const texts[] = { "0123456789abcdef", "0123456789abcdef\n",
					     "0123456789abcdef\r\n", "0123456789abcdef\n\n" };
	struct secret s;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(texts[i], strlen(texts[i]), 0600);
		cr_assert_eq(secret_load(path, false, &s, why, sizeof(why)), 0, "%s", why);
		cr_expect_eq(s.n, 16, "text %zu", i);
		cr_expect_eq(memcmp(s.bytes, texts[0], 16), 0);
	}
}

Test(secret, refuses_what_is_too_short_or_too_long)
{
	static char bytes[SECRET_MAX_BYTES + 1];
	static const struct {
		size_t n;
		int rc;
	} rows[] = { { 0, -EINVAL },
		     { SECRET_MIN_BYTES - 1, -EINVAL },
		     { SECRET_MIN_BYTES, 0 },
		     { SECRET_MAX_BYTES, 0 },
		     { SECRET_MAX_BYTES + 1, -EFBIG } };
	struct secret s;

	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(bytes, rows[i].n, 0600);
		cr_expect_eq(secret_load(path, false, &s, why, sizeof(why)), rows[i].rc,
			     "%zu bytes", rows[i].n);
	}
	memset(bytes, '\n', sizeof(bytes));
	write_file(bytes, 64, 0600);
	cr_expect_eq(secret_load(path, false, &s, why, sizeof(why)), -EINVAL);
}

Test(secret, refuses_files_that_others_can_open)
{
	static const struct {
		mode_t mode;
		int rc;
		bool group;
	} rows[] = { { 0600, 0, false },      { 0400, 0, false },      { 0640, 0, true },
		     { 0440, 0, true },       { 0620, -EPERM, false }, { 0604, -EPERM, false },
		     { 0602, -EPERM, false }, { 0644, -EPERM, false }, { 0666, -EPERM, false } };
	struct secret s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file("0123456789abcdef", 16, 0600);
		cr_assert_eq(chmod(path, rows[i].mode), 0);
		cr_expect_eq(secret_load(path, false, &s, why, sizeof(why)), rows[i].rc,
			     "mode %04o", (unsigned int)rows[i].mode);
		if (rows[i].rc == 0)
			cr_expect_eq(s.group_readable, rows[i].group);
		else
			cr_expect(strstr(why, path) && strstr(why, "mode"), "%s", why);
		cr_assert_eq(chmod(path, 0600), 0);
	}
}

Test(secret, a_missing_file_is_an_error_that_names_it)
{
	struct secret s;

	cr_assert_eq(secret_load(path, false, &s, why, sizeof(why)), -ENOENT);
	cr_assert(strstr(why, path));
	cr_assert_neq(access(path, F_OK), 0);
}

Test(secret, a_directory_is_no_secret)
{
	struct secret s;

	cr_assert_eq(secret_load(dir, false, &s, why, sizeof(why)), -EINVAL);
}

Test(secret, makes_one_with_its_directory_and_finds_it_again)
{
	char deep[192];
	struct secret a, b;
	struct stat st;

	snprintf(deep, sizeof(deep), "%s/sub/secret", dir);
	cr_assert_eq(secret_load(deep, true, &a, why, sizeof(why)), 0, "%s", why);
	cr_expect(a.made);
	cr_expect_eq(a.n, 32);
	cr_assert_eq(stat(deep, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(secret_load(deep, true, &b, why, sizeof(why)), 0, "%s", why);
	cr_expect_not(b.made);
	cr_expect_eq(b.n, a.n);
	cr_expect_eq(memcmp(a.bytes, b.bytes, a.n), 0);
	unlink(deep);
	*strrchr(deep, '/') = '\0';
	cr_expect_eq(rmdir(deep), 0, "nothing else is left there");
}

Test(secret, every_made_secret_is_another_one)
{
	struct secret a, b;

	cr_assert_eq(secret_load(path, true, &a, why, sizeof(why)), 0);
	unlink(path);
	cr_assert_eq(secret_load(path, true, &b, why, sizeof(why)), 0);
	cr_assert_neq(memcmp(a.bytes, b.bytes, a.n), 0);
}

Test(secret, does_not_replace_one_that_is_bad)
{
	struct secret s;

	write_file("short", 5, 0600);
	cr_assert_eq(secret_load(path, true, &s, why, sizeof(why)), -EINVAL);
	cr_assert_eq(access(path, F_OK), 0);
}

Test(secret, says_why_it_cannot_be_made)
{
	struct secret s;

	cr_assert_eq(secret_load("/proc/none/secret", true, &s, why, sizeof(why)), -ENOENT);
	cr_assert(strstr(why, "cannot be made"), "%s", why);
}

Test(secret, wiping_leaves_nothing)
{
	struct secret s, zero = { 0 };

	cr_assert_eq(secret_load(path, true, &s, why, sizeof(why)), 0);
	secret_wipe(&s);
	cr_assert_eq(memcmp(&s, &zero, sizeof(s)), 0);
}
