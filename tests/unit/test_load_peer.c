/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peers of viaload against the proxy's own rules: what is right must be found right, thousands of
 * times, in every scenario. What is wrong is for test_load_peer_faults.c.
 */
#include "tests/unit/load_lab.h"

#include <criterion/criterion.h>

static struct load_lab lab;

struct row {
	const char *name;
	enum load_scenario scenario;
	unsigned int flags;
	uint8_t cancel, busy, hold, repeat, vias;
	uint16_t body;
	uint32_t hold_ms;
	bool apart;
};

static const struct row rows[] = {
	{ "call", LOAD_CALL, 0, .repeat = 0 },
	{ "call, IPv6", LOAD_CALL, LOAD_LAB_V6, .repeat = 0 },
	{ "call, no Record-Route", LOAD_CALL, LOAD_LAB_NO_RECORD_ROUTE, .repeat = 0 },
	{ "shares", LOAD_CALL, 0, .cancel = 20, .busy = 20, .hold = 30, .repeat = 10 },
	{ "shares, IPv6", LOAD_CALL, LOAD_LAB_V6, .cancel = 20, .busy = 20, .hold = 30,
	  .repeat = 10 },
	{ "hold times", LOAD_CALL, 0, .hold = 50, .hold_ms = 5 },
	{ "options", LOAD_OPTIONS, 0, .repeat = 5 },
	{ "options, IPv6", LOAD_OPTIONS, LOAD_LAB_V6, .repeat = 5 },
	{ "register", LOAD_REGISTER, 0, .repeat = 5 },
	{ "mix", LOAD_MIX, 0, .repeat = 0 },
	{ "mix, IPv6", LOAD_MIX, LOAD_LAB_V6, .repeat = 10 },
	{ "mix, no Record-Route", LOAD_MIX, LOAD_LAB_NO_RECORD_ROUTE, .repeat = 10 },
	{ "mix, IPv6, no Record-Route", LOAD_MIX, LOAD_LAB_V6 | LOAD_LAB_NO_RECORD_ROUTE,
	  .hold_ms = 3 },
	{ "mix, 15 Vias", LOAD_MIX, 0, .vias = 15 },
	{ "call, 20 Vias", LOAD_CALL, 0, .cancel = 30, .vias = 20 },
	{ "call, long bodies", LOAD_CALL, 0, .body = 3000 },
	{ "call, longest bodies", LOAD_CALL, 0, .body = 60000 },
	{ "call, two processes", LOAD_CALL, 0, .cancel = 20, .busy = 20, .hold = 30, .repeat = 10,
	  .apart = true },
	{ "mix, two processes", LOAD_MIX, 0, .repeat = 10, .apart = true },
	{ "mix, two processes, IPv6", LOAD_MIX, LOAD_LAB_V6, .repeat = 10, .apart = true },
};

static void open_row(const struct row *r)
{
	load_lab_plan(&lab, r->flags);
	lab.plan.scenario = r->scenario;
	lab.plan.cancel_percent = r->cancel;
	lab.plan.busy_percent = r->busy;
	lab.plan.hold_percent = r->hold;
	lab.plan.repeat_percent = r->repeat;
	lab.plan.vias = r->vias;
	lab.plan.body = r->body;
	lab.plan.hold_ms = r->hold_ms;
	load_lab_open(&lab, r->apart);
}

Test(load_peer, finds_nothing_wrong_with_calls_through_the_proxy)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		uint64_t calls = r->body > 20000 ? 100 : 1500, sent;

		open_row(r);
		load_lab_run(&lab, calls, 64, 60000000);
		load_lab_finish(&lab);
		sent = load_lab_count(&lab, L_SENT);
		cr_expect(load_lab_wrong(&lab) == 0 && load_lab_count(&lab, L_LOST) == 0 &&
				  load_lab_count(&lab, L_LATE) == 0,
			  "%s: %s", r->name, load_lab_text(&lab));
		cr_expect(load_lab_count(&lab, L_CALLS_DONE) == calls, "%s: %s", r->name,
			  load_lab_text(&lab));
		cr_expect(sent - load_lab_count(&lab, L_REPEATED) ==
				  load_lab_count(&lab, L_RECEIVED),
			  "%s: %s", r->name, load_lab_text(&lab));
		cr_expect(lab.n_proxied == sent && lab.n_not_forwarded == 0,
			  "%s: %lu not forwarded", r->name, (unsigned long)lab.n_not_forwarded);
		cr_expect((load_lab_count(&lab, L_REPEATED) > 0) == (r->repeat > 0), "%s: %s",
			  r->name, load_lab_text(&lab));
		load_lab_close(&lab);
	}
}
