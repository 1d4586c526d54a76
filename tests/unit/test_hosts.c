/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /etc/hosts: what is taken from it.
 */
#include "control/network/hosts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct world_host *find(const struct hosts *h, const char *name)
{
	for (uint32_t i = 0; i < h->n; i++) {
		if (strcmp(h->v[i].name, name) == 0)
			return &h->v[i];
	}
	return NULL;
}

static bool has(const struct hosts *h, const char *name, const char *address)
{
	const struct world_host *found = find(h, name);
	char text[IP_TEXT_MAX];

	if (!found)
		return false;
	text[ip_format(&found->ip, text)] = '\0';
	return strcmp(text, address) == 0;
}

static void parse(struct hosts *h, const char *text)
{
	*h = (struct hosts){ 0 };
	cr_assert_eq(hosts_parse(text, strlen(text), h), 0);
}

Test(hosts, addresses_have_any_number_of_names)
{
	struct hosts h;

	parse(&h, "10.0.0.1 a.example b\n"
		  "\t2001:db8::1\tSix.Example. # a remark c\n"
		  "#10.0.0.2 hidden\n"
		  "\n"
		  "10.0.0.3 last");
	cr_expect_eq(h.n, 4);
	cr_expect(has(&h, "a.example", "10.0.0.1"));
	cr_expect(has(&h, "b", "10.0.0.1"));
	cr_expect(has(&h, "six.example", "2001:db8::1"));
	cr_expect(has(&h, "last", "10.0.0.3"));
	hosts_free(&h);
}

Test(hosts, the_machine_itself_and_nonsense_are_passed_over)
{
	struct hosts h;

	parse(&h, "127.0.0.1 localhost\n"
		  "127.0.1.1 thishost\n"
		  "::1 ip6-localhost\n"
		  "ff02::1 ip6-allnodes\n"
		  "0.0.0.0 blocked\n"
		  "10.0.0.256 bad\n"
		  "fe80::1%lo0 scoped\n"
		  "name 10.0.0.1\n"
		  "10.0.0.1\n"
		  "10.0.0.1 has/slash . \xc3\xa4 good\r\n");
	cr_expect_eq(h.n, 1);
	cr_expect(has(&h, "good", "10.0.0.1"));
	hosts_free(&h);
}

Test(hosts, names_have_253_bytes_at_most)
{
	char text[600];
	struct hosts h;

	snprintf(text, sizeof(text), "10.0.0.1 %0253d %0254d\n", 0, 0);
	parse(&h, text);
	cr_expect_eq(h.n, 1);
	cr_expect_eq(strlen(h.v[0].name), 253);
	hosts_free(&h);
}

Test(hosts, the_list_is_bounded)
{
	size_t room = 20 * (HOSTS_MAX + 100), n = 0;
	char *text = malloc(room);
	struct hosts h = { 0 };

	for (unsigned int i = 0; i < HOSTS_MAX + 100; i++)
		n += (size_t)snprintf(text + n, room - n, "10.0.0.1 h%u\n", i);
	cr_assert_eq(hosts_parse(text, n, &h), 0);
	cr_expect_eq(h.n, HOSTS_MAX);
	hosts_free(&h);
	free(text);
}

Test(hosts, a_missing_file_is_no_error_and_a_file_is_read)
{
	char path[] = "/tmp/test_hosts.XXXXXX";
	int fd = mkstemp(path);
	struct hosts h = { 0 };

	cr_assert_eq(write(fd, "10.0.0.1 x\n", 11), 11);
	close(fd);
	cr_expect_eq(hosts_read(path, &h), 0);
	cr_expect(has(&h, "x", "10.0.0.1"));
	hosts_free(&h);
	unlink(path);
	cr_expect_eq(hosts_read(path, &h), 0);
	cr_expect_eq(h.n, 0);
	hosts_free(&h);
}

Test(hosts, no_byte_behind_the_text_is_read)
{
	static const char text[] = "10.0.0.1 name #x\n10.0.0.2 other";

	for (size_t n = 0; n < sizeof(text); n++) {
		char *copy = malloc(n ? n : 1);
		struct hosts h = { 0 };

		memcpy(copy, text, n);
		cr_expect_eq(hosts_parse(copy, n, &h), 0);
		hosts_free(&h);
		free(copy);
	}
}
