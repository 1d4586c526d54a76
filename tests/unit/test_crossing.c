/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures 5 to 8 of RFC 3261 section 17, with RFC 6026 and RFC 4320, as a transcript of each way
 * through them: what comes in at which millisecond, and what goes out.
 */
#include "tests/unit/crossing_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * @in: "MS WHAT" and so on: a method from the caller, a status from the server to @method, or to
 * the CANCEL if a c stands before it; fail and forget: what the owner says; refuse and work: from
 * now on sending to the server fails, or works again; full: fails as a full queue does.
 * @out: MS>METHOD to the server, MS<STATUS to the caller (with c: to the CANCEL), MS=VERDICT, MS.
 * when nothing is left.
 */
struct story {
	const char *name;
	enum sip_transport caller, server;
	const char *method, *in, *out;
};

static const struct story stories[] = {
	/* --- INVITE, UDP to TCP --- */
	{ "2xx: passes again and again until L and M, as do its ACKs", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 50 100 60 180 1000 200 1500 200 1600 ACK 32900 200 32950 ACK 33001 200",
	  "0>INVITE 0=taken 50=absorbed 60<180 60=taken 1000<200 1000=taken 1500<200 1500=taken "
	  "1600=pass 32900<200 32900=taken 32950=pass 33000. 33001=stray" },
	{ "the INVITE again in Accepted is absorbed", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 200 500 INVITE", "0>INVITE 0=taken 100<200 100=taken 500=absorbed 32100." },
	{ "100 after 200 ms of silence, not before", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 199 INVITE 300 200",
	  "0>INVITE 0=taken 199<100 199=absorbed 300<200 300=taken 32300." },
	{ "100 is not forwarded, and made all the same", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 100 500 INVITE 600 200",
	  "0>INVITE 0=taken 20=absorbed 200<100 500<100 500=absorbed 600<200 600=taken 32600." },
	{ "the INVITE again gets the last provisional response", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 180 500 INVITE 600 183 1500 INVITE 1600 200",
	  "0>INVITE 0=taken 20<180 20=taken 500<180 500=absorbed 600<183 600=taken 1500<183 "
	  "1500=absorbed 1600<200 1600=taken 33600." },
	{ "non-2xx: ACK to the server at once, G until the caller's ACK, I", SIP_UDP, SIP_TCP,
	  "INVITE", "0 INVITE 20 486 5000 ACK 5100 ACK 9000 INVITE",
	  "0>INVITE 0=taken 20>ACK 20<486 20=taken 520<486 1520<486 3520<486 5000=absorbed "
	  "5100=absorbed 9000=absorbed 10000." },
	{ "non-2xx: the INVITE again gets it too", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 404 400 INVITE 450 ACK",
	  "0>INVITE 0=taken 100>ACK 100<404 100=taken 400<404 400=absorbed 450=absorbed 5450." },
	{ "non-2xx: H without an ACK", SIP_UDP, SIP_TCP, "INVITE", "0 INVITE 100 603",
	  "0>INVITE 0=taken 100>ACK 100<603 100=taken 600<603 1600<603 3600<603 7600<603 11600<603 "
	  "15600<603 19600<603 23600<603 27600<603 31600<603 32100." },
	{ "over TCP nothing is retransmitted, B is 408", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 100 32050 INVITE",
	  /* In Proceeding, so no B but C: see below. */
	  "0>INVITE 0=taken 100=absorbed 200<100 32050<100 32050=absorbed 181000>CANCEL 213000<408 "
	  "213500<408 214500<408 216500<408 220500<408 224500<408 228500<408 232500<408 "
	  "236500<408 240500<408 244500<408 245000." },
	{ "B: nothing at all from the server", SIP_UDP, SIP_TCP, "INVITE", "0 INVITE 32100 ACK",
	  "0>INVITE 0=taken 200<100 32000<408 32100=absorbed 37100." },
	{ "a late response after B is a stray", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 32100 ACK 33000 200",
	  "0>INVITE 0=taken 200<100 32000<408 32100=absorbed 33000=stray 37100." },
	{ "sending fails at once: 503", SIP_UDP, SIP_TCP, "INVITE", "0 refuse 0 INVITE 100 ACK",
	  "0>INVITE 0<503 0=taken 100=absorbed 5100." },
	{ "so does a stream with a full queue", SIP_UDP, SIP_TCP, "INVITE",
	  "0 full 0 INVITE 100 ACK", "0>INVITE 0<503 0=taken 100=absorbed 5100." },
	{ "sending fails later: 503", SIP_UDP, SIP_TCP, "INVITE", "0 INVITE 90 fail 100 ACK",
	  "0>INVITE 0=taken 90<503 100=absorbed 5100." },
	{ "what fails after a response means nothing to the INVITE", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 80 180 90 fail 100 200",
	  "0>INVITE 0=taken 80<180 80=taken 100<200 100=taken 32100." },
	{ "forgotten: not a word", SIP_UDP, SIP_TCP, "INVITE", "0 INVITE 90 forget 100 ACK",
	  "0>INVITE 0=taken 90=true 90. 100=pass" },
	{ "nothing to forget once there was a response", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 180 90 forget 100 200",
	  "0>INVITE 0=taken 20<180 20=taken 90=false 100<200 100=taken 32100." },
	{ "C begins anew with each 101 to 199", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 180 180000 183 360000 180 541001 487 541100 ACK",
	  "0>INVITE 0=taken 100<180 100=taken 180000<183 180000=taken 360000<180 360000=taken "
	  "541000>CANCEL 541001>ACK 541001<487 541001=taken 541100=absorbed 573000." },

	/* --- INVITE, TCP to UDP --- */
	{ "A until the first response", SIP_TCP, SIP_UDP, "INVITE", "0 INVITE 4000 180 5000 200",
	  "0>INVITE 0=taken 200<100 500>INVITE 1500>INVITE 3500>INVITE 4000<180 4000=taken "
	  "5000<200 5000=taken 37000." },
	{ "A doubles without end, B", SIP_TCP, SIP_UDP, "INVITE", "0 INVITE 32001 ACK",
	  "0>INVITE 0=taken 200<100 500>INVITE 1500>INVITE 3500>INVITE 7500>INVITE 15500>INVITE "
	  "31500>INVITE 32000<408 32001=absorbed 32001." },
	{ "D: each non-2xx that comes again gets the ACK again", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 486 120 ACK 600 486 1600 486 32099 486 32101 486",
	  "0>INVITE 0=taken 100>ACK 100<486 100=taken 120=absorbed 600>ACK 600=absorbed 1600>ACK "
	  "1600=absorbed 32099>ACK 32099=absorbed 32100. 32101=stray" },
	{ "by TCP a response is sent once, H waits for the ACK", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 486", "0>INVITE 0=taken 100>ACK 100<486 100=taken 32100." },
	{ "2xx pass by UDP to TCP too", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 200 600 200 700 ACK 1600 180",
	  "0>INVITE 0=taken 100<200 100=taken 600<200 600=taken 700=pass 1600=absorbed 32100." },
	{ "a full queue is a loss", SIP_TCP, SIP_UDP, "INVITE", "0 full 0 INVITE 400 work 600 200",
	  "0>INVITE 0=taken 200<100 500>INVITE 600<200 600=taken 32600." },
	{ "a failure of a retransmission is one", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 400 refuse 600 ACK",
	  "0>INVITE 0=taken 200<100 500>INVITE 500<503 600=absorbed 600." },
	{ "TLS to UDP", SIP_TLS, SIP_UDP, "INVITE", "0 INVITE 100 200",
	  "0>INVITE 0=taken 100<200 100=taken 32100." },
	{ "UDP to TLS", SIP_UDP, SIP_TLS, "INVITE", "0 INVITE 100 486 200 ACK",
	  "0>INVITE 0=taken 100>ACK 100<486 100=taken 200=absorbed 5200." },

	/* --- others, UDP to TCP --- */
	{ "the final response is repeated until J", SIP_UDP, SIP_TCP, "OPTIONS",
	  "0 OPTIONS 400 OPTIONS 500 200 600 OPTIONS 32499 OPTIONS 32501 ACK",
	  "0>OPTIONS 0=taken 400=absorbed 500<200 500=taken 600<200 600=absorbed 32499<200 "
	  "32499=absorbed 32500. 32501=pass" },
	{ "a refusal is too", SIP_UDP, SIP_TCP, "OPTIONS", "0 OPTIONS 500 404 600 OPTIONS",
	  "0>OPTIONS 0=taken 500<404 500=taken 600<404 600=absorbed 32500." },
	{ "100 when timer E has come to T2, no other 1xx", SIP_UDP, SIP_TCP, "OPTIONS",
	  "0 OPTIONS 100 182 3400 OPTIONS 4000 OPTIONS 5000 200",
	  "0>OPTIONS 0=taken 100=absorbed 3400=absorbed 3500<100 4000<100 4000=absorbed 5000<200 "
	  "5000=taken 37000." },
	{ "F: no 408, retransmissions are absorbed", SIP_UDP, SIP_TCP, "OPTIONS",
	  "0 OPTIONS 33000 OPTIONS 33100 200",
	  "0>OPTIONS 0=taken 3500<100 33000=absorbed 33100=stray 64000." },
	{ "sending fails: 503 to others too", SIP_UDP, SIP_TCP, "OPTIONS",
	  "0 OPTIONS 100 fail 200 OPTIONS",
	  "0>OPTIONS 0=taken 100<503 200<503 200=absorbed 32100." },
	{ "sending fails at once: 503 to others too", SIP_UDP, SIP_TCP, "OPTIONS",
	  "0 refuse 0 OPTIONS", "0>OPTIONS 0<503 0=taken 32000." },

	/* --- others, TCP to UDP --- */
	{ "E doubles up to T2, F", SIP_TCP, SIP_UDP, "OPTIONS", "0 OPTIONS",
	  "0>OPTIONS 0=taken 500>OPTIONS 1500>OPTIONS 3500<100 3500>OPTIONS 7500>OPTIONS "
	  "11500>OPTIONS 15500>OPTIONS 19500>OPTIONS 23500>OPTIONS 27500>OPTIONS 31500>OPTIONS "
	  "32000." },
	{ "after a 1xx E is T2", SIP_TCP, SIP_UDP, "OPTIONS", "0 OPTIONS 600 100 8000 200",
	  "0>OPTIONS 0=taken 500>OPTIONS 600=absorbed 1500>OPTIONS 3500<100 5500>OPTIONS 8000<200 "
	  "8000=taken 13000." },
	{ "K absorbs", SIP_TCP, SIP_UDP, "OPTIONS", "0 OPTIONS 100 200 200 200 5099 200 5101 200",
	  "0>OPTIONS 0=taken 100<200 100=taken 200=absorbed 5099=absorbed 5100. 5101=stray" },
	{ "a method that we do not know", SIP_TCP, SIP_UDP, "PING", "0 PING 100 200",
	  "0>PING 0=taken 100<200 100=taken 5100." },

	/* --- CANCEL --- */
	{ "CANCEL of a ringing INVITE, UDP to TCP", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 180 1000 CANCEL 1100 c200 1110 487 1200 CANCEL 1300 ACK",
	  "0>INVITE 0=taken 100<180 100=taken 1000<c200 1000>CANCEL 1000=absorbed 1100=absorbed "
	  "1110>ACK 1110<487 1110=taken 1200<c200 1200=absorbed 1300=absorbed 33000." },
	{ "CANCEL waits for a provisional response", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 300 CANCEL 900 100 1000 487 1100 ACK",
	  "0>INVITE 0=taken 200<100 300<c200 300=absorbed 900>CANCEL 900=absorbed 1000>ACK "
	  "1000<487 1000=taken 1100=absorbed 32900." },
	{ "CANCEL waits, the final response comes first", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 CANCEL 150 200",
	  "0>INVITE 0=taken 100<c200 100=absorbed 150<200 150=taken 32150." },
	{ "CANCEL waits, nothing comes", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 CANCEL 32001 ACK",
	  "0>INVITE 0=taken 100<c200 100=absorbed 200<100 500>INVITE 1500>INVITE 3500>INVITE "
	  "7500>INVITE 15500>INVITE 31500>INVITE 32000<408 32001=absorbed 32001." },
	{ "CANCEL after the final response does nothing", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 100 200 150 CANCEL",
	  "0>INVITE 0=taken 100<200 100=taken 150<c200 150=absorbed 32150." },
	{ "CANCEL by UDP is retransmitted until its 200", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 180 200 CANCEL 2000 487 2010 ACK 2020 c200",
	  "0>INVITE 0=taken 100<180 100=taken 200<c200 200>CANCEL 200=absorbed 700>CANCEL "
	  "1700>CANCEL 2000>ACK 2000<487 2000=taken 2010=absorbed 2020=absorbed 34000." },
	{ "a CANCEL without an answer to the INVITE: 408 after 64*T1", SIP_TCP, SIP_TCP, "INVITE",
	  "0 INVITE 100 180 200 CANCEL 300 c200 32300 ACK",
	  "0>INVITE 0=taken 100<180 100=taken 200<c200 200>CANCEL 200=absorbed 300=absorbed "
	  "32200<408 32300=absorbed 32300." },
	{ "C cancels; its 200 is absorbed", SIP_TCP, SIP_TCP, "INVITE",
	  "0 INVITE 100 180 181200 c200 181300 487 181400 ACK",
	  "0>INVITE 0=taken 100<180 100=taken 181100>CANCEL 181200=absorbed 181300>ACK 181300<487 "
	  "181300=taken 181400=absorbed 181400." },
	{ "a caller's CANCEL after ours is only answered", SIP_TCP, SIP_UDP, "INVITE",
	  "0 INVITE 100 180 181200 CANCEL 181250 c200 181300 200",
	  "0>INVITE 0=taken 100<180 100=taken 181100>CANCEL 181200<c200 181200=absorbed "
	  "181250=absorbed 181300<200 181300=taken 213300." },
	{ "a CANCEL that cannot be sent leaves the INVITE alone", SIP_TCP, SIP_TCP, "INVITE",
	  "0 INVITE 100 180 200 CANCEL 210 fail 300 200",
	  "0>INVITE 0=taken 100<180 100=taken 200<c200 200>CANCEL 200=absorbed 300<200 300=taken "
	  "32300." },
	{ "nothing to forget while a CANCEL waits", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 CANCEL 90 forget 91 fail 100 ACK",
	  "0>INVITE 0=taken 20<c200 20=absorbed 90=false 91<503 100=absorbed 32020." },
	{ "CANCEL, ACK and responses without a crossing", SIP_UDP, SIP_TCP, "INVITE",
	  "0 CANCEL 10 ACK 20 200 30 c200 40 fail 50 forget",
	  "0=pass 10=pass 20=stray 30=stray 50=false" },
	{ "a response to a CANCEL that waits is a stray", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 CANCEL 30 c200 40 200",
	  "0>INVITE 0=taken 20<c200 20=absorbed 30=stray 40<200 40=taken 32040." },
	{ "a response to another method is a stray", SIP_UDP, SIP_TCP, "INVITE",
	  "0 INVITE 20 c200 30 200", "0>INVITE 0=taken 20=stray 30<200 30=taken 32030." },
};

static char said[8192];
static size_t n_said;
static struct crossing_lab lab;
static uint64_t began_ms;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list args;

	n_said += (size_t)snprintf(said + n_said, sizeof(said) - n_said, "%s%llu",
				   n_said ? " " : "", (unsigned long long)(lab.now_ms - began_ms));
	va_start(args, format);
	n_said += (size_t)vsnprintf(said + n_said, sizeof(said) - n_said, format, args);
	va_end(args);
	cr_assert_lt(n_said, sizeof(said));
}

static void hear(void *arg, const struct lab_sent *s)
{
	const struct sip_msg *m = s->m;

	(void)arg;
	cr_assert_neq(s->up, m->request);
	if (s->up)
		say("<%s%u", m->method == SIP_M_CANCEL ? "c" : "", m->status);
	else
		say(">%.*s", m->method_text.len, m->p + m->method_text.off);
}

static const char *verdict_name(enum txn_verdict v)
{
	static const char *const names[] = { "taken", "absorbed", "pass", "stray", "full" };

	return names[v];
}

/* One word of a story's input. */
static void play(const struct story *s, const char *what)
{
	const struct branch_hash branch = crossing_lab_branch(1);
	uint8_t digits[32];

	hex_put32(digits, &branch.digits);
	if (strcmp(what, "refuse") == 0)
		lab.refuse_down = -ECONNREFUSED;
	else if (strcmp(what, "full") == 0)
		lab.refuse_down = -ENOBUFS;
	else if (strcmp(what, "work") == 0)
		lab.refuse_down = 0;
	else if (strcmp(what, "fail") == 0)
		txns_failed(lab.t, digits, lab.now_ms);
	else if (strcmp(what, "forget") == 0)
		say("=%s", txns_forget(lab.t, digits, lab.now_ms) ? "true" : "false");
	else if (what[0] >= '1' && what[0] <= '6')
		say("=%s", verdict_name(crossing_lab_response(
				   &lab, 1, s->method, (unsigned int)strtoul(what, NULL, 10))));
	else if (what[0] == 'c')
		say("=%s", verdict_name(crossing_lab_response(
				   &lab, 1, "CANCEL", (unsigned int)strtoul(what + 1, NULL, 10))));
	else
		say("=%s", verdict_name(crossing_lab_request(&lab, 1, what, "")));
}

/* Time passes; says when the last crossing ends. */
static void pass_time(uint64_t to_ms)
{
	uint64_t next;

	while ((next = txns_next(lab.t)) < to_ms) {
		crossing_lab_run(&lab, next);
		if (txns_counts(lab.t)->present == 0)
			say(".");
	}
	if (to_ms != UINT64_MAX)
		crossing_lab_run(&lab, to_ms - 1);
}

static void tell(const struct story *s)
{
	const char *at = s->in;

	n_said = 0;
	said[0] = '\0';
	crossing_lab_new(&lab, s->caller, s->server, NULL, hear, NULL);
	began_ms = lab.now_ms;
	while (*at) {
		char *end, what[16];
		uint64_t ms = began_ms + strtoul(at, &end, 10);
		bool some;

		at = end + strspn(end, " ");
		snprintf(what, sizeof(what), "%.*s", (int)strcspn(at, " "), at);
		at += strlen(what);
		pass_time(ms);
		lab.now_ms = ms;
		some = txns_counts(lab.t)->present > 0;
		play(s, what);
		if (some && txns_counts(lab.t)->present == 0)
			say(".");
	}
	pass_time(UINT64_MAX);
	crossing_lab_end(&lab);
}

/* R6026-1, R6026-2, R16.1-3, R16.9-1, R16.10-1, R18.4-3 */
Test(crossing, follows_the_figures)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		const struct story *s = &stories[i];
		size_t n = strlen(s->out);

		tell(s);
		while (n > 0 && s->out[n - 1] == ' ')
			n--;
		cr_expect(n_said == n && memcmp(said, s->out, n) == 0, "%s:\n  want %s\n  got  %s",
			  s->name, s->out, said);
	}
}
