/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The scenario of messages from files: plain ones and captures of every link type that viaload
 * reads.
 */
#include "bench/load/peer/file.h"
#include "tests/unit/load_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_ROOM 2048
#define PATH_PATTERN "/tmp/load_peer_file_XXXXXX"

static struct load_lab lab;

static unsigned int message_text(char *p, unsigned int i)
{
	return (unsigned int)snprintf(
		p, MESSAGE_ROOM,
		"%s sip:bob@203.0.113.1 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP client%u.example;rport;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
		"From: <sip:a@example.com>;tag=%u\r\nTo: <sip:bob@example.com>\r\n"
		"Call-ID: %u@example\r\nCSeq: 1 %s\r\nContent-Length: 3\r\n\r\nx=%u",
		i % 2 ? "OPTIONS" : "MESSAGE", i, i, i, i / 2, i % 2 ? "OPTIONS" : "MESSAGE",
		i % 10);
}

static void write_file(char *path, const void *p, size_t n)
{
	int fd;
	FILE *f;

	memcpy(path, PATH_PATTERN, sizeof(PATH_PATTERN));
	fd = mkstemp(path);
	f = fdopen(fd, "wb");
	fwrite(p, 1, n, f);
	fclose(f);
}

static const struct link {
	uint32_t type;
	unsigned int head;
	const char *bytes;
} links[] = {
	{ 1, 14, "............\x08\x00" },
	{ 1, 18, "............\x81\x00\x00\x05\x08\x00" },
	{ 113, 16, "................" },
	{ 276, 20, "...................." },
	{ 101, 0, "" },
};

static void put32(uint8_t *p, uint32_t v, bool swapped)
{
	v = swapped ? __builtin_bswap32(v) : v;
	memcpy(p, &v, 4);
}

/* A capture of @n messages from number @first on, every other one over IPv6. */
static size_t write_pcap(uint8_t *p, const struct link *l, bool swapped, unsigned int first,
			 unsigned int n)
{
	size_t at = 24;

	memset(p, 0, 24);
	put32(p, 0xa1b2c3d4, swapped);
	put32(p + 20, l->type, swapped);
	for (unsigned int i = first; i < first + n; i++) {
		char text[MESSAGE_ROOM];
		unsigned int len = message_text(text, i), head = i % 2 ? 40 : 20;
		uint8_t *ip = p + at + 16 + l->head;

		memset(p + at, 0, 16 + l->head + head + 8);
		put32(p + at + 8, l->head + head + 8 + len, swapped);
		put32(p + at + 12, l->head + head + 8 + len, swapped);
		memcpy(p + at + 16, l->bytes, l->head);
		ip[0] = i % 2 ? 0x60 : 0x45;
		ip[i % 2 ? 6 : 9] = 17;
		ip[i % 2 ? 4 : 2] = (uint8_t)((len + 8 + (i % 2 ? 0 : 20)) >> 8);
		ip[i % 2 ? 5 : 3] = (uint8_t)(len + 8 + (i % 2 ? 0 : 20));
		memcpy(ip + head + 8, text, len);
		at += 16 + l->head + head + 8 + len;
	}
	return at;
}

static void run_files(const char *const *files, unsigned int n, uint64_t calls)
{
	load_lab_plan(&lab, 0);
	lab.plan.scenario = LOAD_FILE;
	lab.plan.files = files;
	lab.plan.n_files = n;
	load_lab_open(&lab, false);
	load_lab_run(&lab, calls, 2, 10 * LOAD_LAB_HZ);
	load_lab_finish(&lab);
}

Test(load_file, sends_plain_messages_as_they_are)
{
	static char paths[3][64], text[MESSAGE_ROOM];
	static const char *files[3] = { paths[0], paths[1], paths[2] };

	for (unsigned int i = 0; i < 3; i++)
		write_file(paths[i], text, message_text(text, i));
	run_files(files, 3, 30);
	for (unsigned int i = 0; i < 3; i++)
		unlink(paths[i]);
	cr_expect(load_lab_count(&lab, L_CALLS_DONE) == 30 && load_lab_wrong(&lab) == 0, "%s",
		  load_lab_text(&lab));
	load_lab_close(&lab);
}

Test(load_file, reads_captures_of_all_link_types)
{
	static uint8_t p[100000];
	static char path[64];
	static const char *files[1] = { path };

	for (unsigned int i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		write_file(path, p, write_pcap(p, &links[i], i % 2, 0, 40));
		run_files(files, 1, 40);
		unlink(path);
		cr_expect(load_lab_count(&lab, L_CALLS_DONE) == 40 && load_lab_wrong(&lab) == 0,
			  "%u: %s", i, load_lab_text(&lab));
		load_lab_close(&lab);
	}
}

static bool take_none(void *arg, const uint8_t *payload, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		cr_assert(payload[i] || !payload[i]);
	return true;
}

Test(load_file, reads_no_byte_beyond_a_cut_capture)
{
	static uint8_t p[20000];
	size_t n = write_pcap(p, &links[1], false, 0, 3);
	bool is_pcap;

	for (size_t cut = 0; cut <= n; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, p, cut);
		pcap_read(copy, cut, &is_pcap, take_none, NULL);
		cr_expect(is_pcap == (cut >= 24));
		free(copy);
	}
}

static enum tamper alter_last(struct load_lab *l, struct load_packet *k)
{
	if (++l->n_tampered % 7 == 0)
		k->p[k->in.len - 1] ^= 1;
	return TAMPER_NOTHING;
}

static enum tamper change_branch(struct load_lab *l, struct load_packet *k)
{
	uint8_t *at = memmem(k->p, k->in.len, "branch=z9hG4bK", 14);

	at[14] = (uint8_t)('0' + l->n_tampered++ / 40);
	return TAMPER_NOTHING;
}

static enum tamper twice(struct load_lab *l, struct load_packet *k)
{
	(void)k;
	return ++l->n_tampered % 7 == 0 ? TAMPER_TWICE : TAMPER_NOTHING;
}

static enum tamper drop(struct load_lab *l, struct load_packet *k)
{
	(void)k;
	return ++l->n_tampered % 7 == 0 ? TAMPER_DROP : TAMPER_NOTHING;
}

Test(load_file, sees_what_is_wrong)
{
	static const struct {
		enum tamper (*tamper)(struct load_lab *l, struct load_packet *k);
		enum load_counter what;
	} rows[] = {
		{ alter_last, L_ALTERED },
		{ change_branch, L_BRANCH_CHANGED },
		{ twice, L_DUPLICATED },
		{ drop, L_LOST },
	};
	static uint8_t p[100000];
	static char path[64];
	static const char *files[1] = { path };

	write_file(path, p, write_pcap(p, &links[0], false, 0, 40));
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		load_lab_plan(&lab, 0);
		lab.plan.scenario = LOAD_FILE;
		lab.plan.files = files;
		lab.plan.n_files = 1;
		load_lab_open(&lab, false);
		lab.tamper = rows[i].tamper;
		load_lab_run(&lab, 200, 4, 20 * LOAD_LAB_HZ);
		load_lab_finish(&lab);
		cr_expect(load_lab_count(&lab, rows[i].what) >= 15, "%u: %s", i,
			  load_lab_text(&lab));
		load_lab_close(&lab);
	}
	unlink(path);
}

Test(load_file, says_what_is_wrong_with_files)
{
	static const struct {
		const char *text, *why;
	} rows[] = { { "no SIP at all", "no SIP message" },
		     { "\x0a\x0d\x0d\x0a....................", "pcapng" } };
	static char path[64], error[256];
	static const char *files[1] = { path };

	for (unsigned int i = 0; i < 2; i++) {
		load_lab_plan(&lab, 0);
		lab.plan.scenario = LOAD_FILE;
		lab.plan.files = files;
		lab.plan.n_files = 1;
		write_file(path, rows[i].text, strlen(rows[i].text));
		cr_expect(peer_templates_new(&lab.plan, error) == NULL &&
				  strstr(error, rows[i].why) && strstr(error, path),
			  "%s", error);
		unlink(path);
	}
	cr_expect(peer_templates_new(&lab.plan, error) == NULL && strstr(error, "read"), "%s",
		  error);
}
