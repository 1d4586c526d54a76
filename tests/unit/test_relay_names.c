/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that need a name: what is asked, how they go on, and what they cost while they wait.
 */
#include "control/world/world_build.h"
#include "tests/unit/relay_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAMED "sip:bob@Host.Example.NET.:5070"
#define TEN "Max-Forwards: 10\r\n"

/* Names lead to the UDP server. */
static struct relay_lab *named_lab(void)
{
	struct relay_lab *f = relay_lab();

	f->name_at = f->server;
	f->name_transport = SIP_UDP;
	return f;
}

static void take(struct relay_lab *f)
{
	size_t n = lab_request(f, "INFO", NAMED, "UDP", TEN, 0);

	lab_datagram(f, &f->caller, lab_text, n);
}

Test(relay_names, an_answer_at_hand_lets_the_message_go_on_at_once)
{
	struct relay_lab *f = named_lab();

	f->at_once = true;
	take(f);
	cr_expect_str_eq(f->asked, "host.example.net:5070", "as DNS wants it");
	cr_expect_not(f->asked_response);
	cr_expect_eq(strncmp(lab_at(f, f->server_fd), "INFO ", 5), 0);
	cr_expect_eq(lab_count(f, C_FORWARDED), 1);
	relay_lab_end(f);
}

Test(relay_names, the_message_waits_for_its_answer)
{
	struct relay_lab *f = named_lab();

	take(f);
	cr_expect_str_eq(lab_at(f, f->server_fd), "");
	cr_expect_eq(relay_counts(f->relay)->names, 1);
	cr_expect_gt(relay_counts(f->relay)->bytes, 0);
	stats_sum(&f->total, f->env.stats);
	cr_expect_eq(stats_imbalance(&f->total), 0, "what waits is accounted for");
	f->total = (struct stats_total){ 0 };
	lab_names_found(f);
	cr_expect_eq(strncmp(lab_at(f, f->server_fd), "INFO ", 5), 0);
	relay_lab_end(f);
}

Test(relay_names, a_name_that_cannot_be_resolved_is_refused)
{
	static const struct {
		int rc;
		const char *answer;
	} rows[] = { { -ENOENT, "SIP/2.0 500 Next Hop Not Resolved\r\n" },
		     { -ETIMEDOUT, "SIP/2.0 500 Next Hop Not Resolved\r\n" },
		     { -EBUSY, "SIP/2.0 503 Busy\r\n" } };
	struct relay_lab *f = named_lab();

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		f->name_rc = rows[i / 2].rc;
		f->at_once = i % 2;
		f->now_ms += 1000;
		take(f);
		if (!f->at_once)
			lab_names_found(f);
		cr_expect_eq(strncmp(lab_at(f, f->caller_fd), rows[i / 2].answer,
				     strlen(rows[i / 2].answer)),
			     0, "row %zu: %.100s", i, f->back);
	}
	relay_lab_end(f);
}

Test(relay_names, a_next_hop_without_a_listener_for_its_transport_is_unusable)
{
	static const struct {
		const char *uri, *answer;
		unsigned int asked;
	} rows[] = { { NAMED, "SIP/2.0 480 Next Hop Unusable\r\n", 1 },
		     { "sips:bob@host.example.net", "SIP/2.0 480 SIPS Not Allowed\r\n", 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct relay_lab *f = named_lab();
		size_t n = lab_request(f, "INFO", rows[i].uri, "UDP", TEN, 0);

		f->at_once = true;
		f->name_transport = SIP_TLS;
		lab_datagram(f, &f->caller, lab_text, n);
		cr_expect_eq(
			strncmp(lab_at(f, f->caller_fd), rows[i].answer, strlen(rows[i].answer)), 0,
			"%s: %.100s", rows[i].uri, f->back);
		cr_expect_eq(f->n_asked, rows[i].asked, "%s", rows[i].uri);
		relay_lab_end(f);
	}
}

Test(relay_names, a_listener_that_went_meanwhile_costs_a_counted_drop)
{
	struct relay_lab *f = named_lab();
	struct world *other = lab_world(f, (uint16_t)(f->listener.port + 1));

	take(f);
	f->env.world = other;
	lab_names_found(f);
	f->env.world = f->world;
	world_free(other);
	cr_expect_eq(lab_count(f, C_DROP_NO_LISTENER), 1);
	relay_lab_end(f);
}

Test(relay_names, a_request_to_a_name_over_tcp_takes_its_name_along)
{
	struct relay_lab *f = named_lab();
	size_t n = lab_request(f, "INFO", NAMED, "TCP", TEN, 0);

	f->name_transport = SIP_TCP;
	lab_stream(f, 7, lab_text, n);
	lab_names_found(f);
	cr_assert_eq(f->n_sent, 1);
	cr_expect_str_eq(f->sent[0].name, "host.example.net");
	relay_lab_end(f);
}

Test(relay_names, what_may_be_kept_is_bounded)
{
	struct relay_lab *f = named_lab();
	size_t n = lab_request(f, "INFO", NAMED, "UDP", TEN, 60000);
	unsigned int most = 0;

	while (lab_count(f, C_ANSWERED) == 0 && most++ < 5000)
		lab_datagram(f, &f->caller, lab_text, n);
	cr_expect_eq(strncmp(lab_at(f, f->caller_fd), "SIP/2.0 503 Busy", 16), 0);
	cr_expect_lt(relay_counts(f->relay)->bytes, 80u << 20);
	cr_expect_gt(relay_counts(f->relay)->names, 500);
	cr_expect_eq(relay_counts(f->relay)->refused, 1);
	f->name_rc = -ENOENT;
	lab_names_found(f);
	relay_lab_end(f);
}
