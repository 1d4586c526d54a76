/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What viaload's peers do by the clock, and by number: latency, hold times, retransmissions,
 * Call-IDs that come again, which core a message belongs to.
 */
#include "bench/load/peer/identity.h"
#include "bench/load/peer/wide.h"
#include "tests/unit/load_lab.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct load_lab lab;

Test(load_peer_time, latency_counts_from_the_time_that_was_asked_for)
{
	struct peer_out out = { .room = PEER_ROOM };

	load_lab_plan(&lab, 0);
	lab.plan.scenario = LOAD_OPTIONS;
	lab.delay = 200;
	load_lab_open(&lab, false);
	load_lab_run(&lab, 100, 1, 10 * LOAD_LAB_HZ);
	cr_expect(lab.counts->latency.n == 200 && lab.counts->latency.min >= 200000 &&
			  lab.counts->latency.max <= 230000,
		  "%lu to %lu ns", (unsigned long)lab.counts->latency.min,
		  (unsigned long)lab.counts->latency.max);
	out.p = malloc(PEER_ROOM);
	cr_assert(peer_start(lab.peer, lab.now - 5000, &out) == 1);
	load_lab_send(&lab, &out);
	load_lab_run(&lab, 0, 0, LOAD_LAB_HZ);
	cr_expect(lab.counts->latency.max >= 5200000 && lab.counts->latency.max <= 5240000,
		  "%lu ns", (unsigned long)lab.counts->latency.max);
	free(out.p);
	load_lab_close(&lab);
}

/* What was due before it is counted apart, what is due from then on is not. */
Test(load_peer_time, what_met_a_pause_of_viaload_is_told_apart)
{
	uint64_t late;

	load_lab_plan(&lab, 0);
	lab.plan.scenario = LOAD_OPTIONS;
	lab.delay = 200;
	load_lab_open(&lab, false);
	load_lab_run(&lab, 100, 1, 10 * LOAD_LAB_HZ);
	cr_expect_eq(lab.counts->late.n, 0);
	peer_late(lab.peer, lab.now + 5000);
	load_lab_run(&lab, 100, 1, 10 * LOAD_LAB_HZ);
	late = lab.counts->late.n;
	cr_expect(late > 10 && late < 100, "%lu of 200", (unsigned long)late);
	cr_expect_eq(lab.counts->latency.n, 400);
	load_lab_close(&lab);
}

static uint64_t acked, ended;

static enum tamper note_bye(struct load_lab *l, struct load_packet *k)
{
	if (load_packet_is(k, "ACK", true))
		acked = l->now;
	if (load_packet_is(k, "BYE", true))
		ended = l->now;
	return TAMPER_NOTHING;
}

Test(load_peer_time, calls_are_held_for_as_long_as_was_asked_for)
{
	load_lab_plan(&lab, 0);
	lab.plan.hold_ms = 30;
	load_lab_open(&lab, false);
	lab.tamper = note_bye;
	load_lab_run(&lab, 1, 1, 10 * LOAD_LAB_HZ);
	cr_expect(ended - acked >= 30000 && ended - acked <= 30100, "%lu us",
		  (unsigned long)(ended - acked));
	cr_expect(load_lab_count(&lab, L_CALLS_DONE) == 1);
	load_lab_close(&lab);
}

static enum tamper lose_one_in_five(struct load_lab *l, struct load_packet *k)
{
	(void)k;
	return ++l->n_tampered % 5 == 0 ? TAMPER_DROP : TAMPER_NOTHING;
}

Test(load_peer_time, retransmissions_bring_every_call_through_a_lossy_wire)
{
	static const enum load_scenario all[] = { LOAD_CALL, LOAD_OPTIONS, LOAD_REGISTER,
						  LOAD_MIX };

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		load_lab_plan(&lab, 0);
		lab.plan.scenario = all[i];
		lab.plan.retransmit = true;
		lab.plan.timeout_ms = 32000;
		load_lab_open(&lab, false);
		lab.tamper = lose_one_in_five;
		load_lab_run(&lab, 200, 200, 60 * LOAD_LAB_HZ);
		/* Nothing repeats a provisional response: such calls may lack one. */
		cr_expect(load_lab_wrong(&lab) == 0, "%u: %s", i, load_lab_text(&lab));
		cr_expect(load_lab_count(&lab, L_REPEATED) > 20, "%u: %s", i, load_lab_text(&lab));
		if (all[i] == LOAD_OPTIONS || all[i] == LOAD_REGISTER)
			cr_expect(load_lab_count(&lab, L_CALLS_DONE) == 200, "%u: %s", i,
				  load_lab_text(&lab));
		load_lab_close(&lab);
	}
}

static unsigned int n_ids;
static char ids[64][80];

static enum tamper note_call_id(struct load_lab *l, struct load_packet *k)
{
	const char *id = memmem(k->p, k->in.len, "\r\nCall-ID: ", 11);
	unsigned int i;
	size_t n;

	(void)l;
	id = id ? id + 11 : (const char *)memmem(k->p, k->in.len, "\r\ni: ", 5) + 5;
	n = (size_t)((const char *)memchr(id, '\r', 80) - id);
	for (i = 0; i < n_ids; i++) {
		if (strlen(ids[i]) == n && memcmp(ids[i], id, n) == 0)
			return TAMPER_NOTHING;
	}
	if (n_ids < 64)
		memcpy(ids[n_ids++], id, n);
	return TAMPER_NOTHING;
}

Test(load_peer_time, call_ids_come_again_after_as_many_as_was_asked_for)
{
	load_lab_plan(&lab, 0);
	lab.plan.flows = 20;
	load_lab_open(&lab, false);
	lab.tamper = note_call_id;
	load_lab_run(&lab, 19, 4, 10 * LOAD_LAB_HZ);
	cr_expect(n_ids == 19, "%u", n_ids);
	load_lab_run(&lab, 300, 4, 10 * LOAD_LAB_HZ);
	cr_expect(n_ids == 20, "%u", n_ids);
	cr_expect(load_lab_wrong(&lab) == 0, "%s", load_lab_text(&lab));
	load_lab_close(&lab);
}

Test(load_peer_time, messages_belong_to_the_core_that_began_their_call)
{
	static struct load_counts counts;
	char error[256];
	struct peer_out out = { .room = PEER_ROOM, .p = malloc(PEER_ROOM) };
	struct peer_templates *t;

	load_lab_plan(&lab, 0);
	t = peer_templates_new(&lab.plan, error);
	for (unsigned int core = 0; core < LOAD_CORES; core++) {
		struct peer *p = peer_new(t, core, LOAD_CORES, LOAD_LAB_HZ, &counts);
		struct peer_in in = { .p = out.p };

		cr_assert(peer_start(p, 1, &out) == 1);
		in.len = out.len;
		cr_expect(peer_owner(t, &in) == core);
		peer_prefetch(p, &in);
		peer_free(p);
	}
	peer_templates_free(t);
	free(out.p);
}

Test(load_peer_time, a_plan_without_callers_is_refused)
{
	char error[256];

	load_lab_plan(&lab, 0);
	lab.plan.caller.n_local = 0;
	cr_expect(peer_templates_new(&lab.plan, error) == NULL && error[0]);
	load_lab_plan(&lab, 0);
	lab.plan.cancel_percent = lab.plan.busy_percent = 60;
	cr_expect(peer_templates_new(&lab.plan, error) == NULL && error[0]);
}

Test(load_peer_time, numbers_of_calls_are_found_again_in_branches)
{
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t key = key_make(i % 16, (unsigned int)i, i * 0x12345677), got = 0;
		struct identity id;

		identity_make(key, 0, 5, &id);
		cr_assert(identity_key(id.branch, &got) && got == key);
	}
}

Test(load_peer_time, marks_are_read_as_they_were_written)
{
	uint8_t p[64] = { 0 };
	uint64_t id, time;

	mark_put(p + 60 - MARK_FROM_END, 0x0123456789abcdef, 0xfedcba9876543210);
	cr_expect(mark_get(p, 60, &id, &time) && id == 0x0123456789abcdef &&
		  time == 0xfedcba9876543210);
	for (unsigned int i = 60 - MARK_FROM_END; i < 56; i++) {
		uint8_t was = p[i];

		for (unsigned int c = 0; c < 256; c++) {
			bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');

			p[i] = (uint8_t)c;
			cr_expect(mark_get(p, 60, &id, &time) == hex, "%u at %u", c, i);
		}
		p[i] = was;
	}
	cr_expect(!mark_get(p, MARK_FROM_END, &id, &time));
}

static bool match_slowly(const uint64_t *fixed, const uint8_t *want, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		bool is_fixed = fixed[i / 64] >> i % 64 & 1;

		if (is_fixed ? p[i] != want[i] : p[i] < '*')
			return false;
	}
	return true;
}

Test(load_peer_time, all_widths_compare_and_copy_alike)
{
	static const char *const names[] = { "sse2", "avx2", "avx512" };
	static uint8_t want[1024 + 64], p[1024 + 64], to[1024 + 64];
	static uint64_t fixed[16];
	uint64_t r = 1;

	for (unsigned int i = 0; i < 3; i++) {
		if (!wide_select(names[i]))
			continue;
		cr_expect(strcmp(wide->name, names[i]) == 0);
		for (uint32_t len = 1; len <= 1024; len += 1 + len / 70) {
			for (unsigned int round = 0; round < 30; round++) {
				for (unsigned int k = 0; k < sizeof(p); k++) {
					r = mix64(r);
					want[k] = p[k] = (uint8_t)('*' + r % 200);
				}
				for (unsigned int k = 0; k < 16; k++)
					fixed[k] = r = mix64(r);
				/* One byte beyond the end, one anywhere. */
				p[len] = 1;
				r = mix64(r);
				p[r % (len + 20)] ^= (uint8_t)(1 + (r >> 8) % 255);
				cr_assert(wide->match(fixed, want, p, len) ==
						  match_slowly(fixed, want, p, len),
					  "%s, %u bytes", names[i], len);
			}
			memset(to, 0, sizeof(to));
			wide->copy(to, p, len);
			cr_assert(memcmp(to, p, len) == 0 && to[(len + 63) / 64 * 64] == 0);
		}
	}
	cr_expect(!wide_select("none"));
}
