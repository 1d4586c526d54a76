/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Explanations: that they never say what the core does not do, what they tell, what they make of
 * pasted text, and who they say is next in line.
 */
#include "control/world/world_build.h"
#include "tests/unit/config_data.h"
#include "tests/unit/explain_check.h"
#include "tests/unit/world_fixture.h"

#include <dirent.h>

#define CALLER "203.0.113.40:5060"
#define CALLER_VIA "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;rport\n"
#define ENDS(method)                                                           \
	"From: <sip:alice@caller.example>;tag=f1\nTo: <sip:bob@example.com>\n" \
	"Call-ID: c1@caller.example\nCSeq: 1 " method "\nContent-Length: 0\n\n"
#define REQUEST(method, uri, more) \
	method " " uri " SIP/2.0\n" CALLER_VIA "Max-Forwards: 70\n" more ENDS(method)

static json_t *explain_template(const struct lab_world *w, const char *source, uint16_t listener,
				const char *template)
{
	static struct text t;
	struct proxy_in at = { .src = lab_endpoint(source), .listener = listener };
	struct explain_fault fault;
	json_t *e;

	fixture_message(w, template, &t);
	e = explain_bytes_at(w, &at, t.b, t.n);
	cr_assert(e);
	fault = explain_against_core(w, &at, t.b, t.n, e);
	cr_expect_str_eq(fault.text, "", "%s in:\n%s", fault.text, template);
	return e;
}

static const char *all_steps(const json_t *e)
{
	static char text[20000];
	const json_t *steps = json_object_get(e, "steps");
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(steps) && n < sizeof(text) - 1; i++) {
		const json_t *s = json_array_get(steps, i);

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s: %s\n",
				      json_string_value(json_object_get(s, "rule")),
				      json_string_value(json_object_get(s, "text")));
	}
	return text;
}

/* --- agreement --------------------------------------------------------------------------- */

static const struct {
	const char *source;
	uint16_t listener;
} arrivals[] = {
	{ "203.0.113.40:40000", OUT4 }, { "198.51.100.9:5060", OUT4_NAME },
	{ "10.0.0.11:5060", IN4 },      { "[2001:db8:aa::7]:5060", OUT6 },
	{ "192.0.2.1:5060", IN4 },
};

/* All beds and arrivals; returns how many agreed. */
static unsigned int agree(const char *name, const uint8_t *p, size_t n)
{
	unsigned int done = 0;

	for (enum bed bed = 0; bed < N_BEDS; bed++) {
		for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
			const struct lab_world *w = fixture_world(bed);
			struct proxy_in at = { .src = lab_endpoint(arrivals[i].source),
					       .listener = arrivals[i].listener };
			struct explain_fault fault = explain_check(w, &at, p, n);

			cr_expect_str_eq(fault.text, "", "%s, bed %d, from %s: %s", name, bed,
					 arrivals[i].source, fault.text);
			done++;
		}
	}
	return done;
}

static unsigned int agree_on_folder(const char *folder)
{
	static uint8_t bytes[SIP_MAX_LEN];
	unsigned int done = 0;
	struct dirent *entry;
	DIR *d = opendir(data_path(folder));

	cr_assert(d, "%s", data_path(folder));
	while ((entry = readdir(d))) {
		char path[512];
		FILE *f;

		if (entry->d_type != DT_REG || strstr(entry->d_name, ".tsv"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		f = fopen(data_path(path), "rb");
		cr_assert(f, "%s", path);
		done += agree(entry->d_name, bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
	}
	closedir(d);
	return done;
}

Test(explain, says_what_the_core_does_with_every_test_message)
{
	cr_expect_gt(agree_on_folder("tests/data"), 1000);
}

Test(explain, says_what_the_core_does_with_every_seed_of_the_fuzzers)
{
	cr_expect_gt(agree_on_folder("tests/fuzz/corpus/fuzz_request"), 1000);
	cr_expect_gt(agree_on_folder("tests/fuzz/corpus/fuzz_response"), 500);
}

/* --- what is told ------------------------------------------------------------------------ */

/* Words that must stand in the steps, in this order; those behind '!' must not. */
static const struct {
	const char *name, *source, *message;
	uint16_t listener;
	const char *told[8];
} stories[] = {
	{ "a call to a pool",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@three.example.com", ""),
	  OUT4,
	  { "well formed", "is a domain that the proxy answers for", "Max-Forwards is 70",
	    "anybody may send this", "route 4 takes domain three.example.com: pool three",
	    "key call-id: \"c1@caller.example\"", "were it down, backend t",
	    "Max-Forwards: \"70\" becomes \"69\"" } },
	{ "why earlier routes did not match",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@example.com", ""),
	  OUT4,
	  { "route 1 takes method REGISTER; domain example.com: not this method",
	    "route 3 takes domain *.ims.example.com; source 198.51.100.0/24: not this source",
	    "route 4 takes domain three.example.com: not this domain", "nor do 4 more routes",
	    "route 10 takes domain example.com: pool one", "nobody would be left" } },
	{ "no route",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@norule.example.com", ""),
	  OUT4,
	  { "12 routes asked; ends here: no route of the configuration matches (no_route_rule)",
	    "answered 404 No Route Matches" } },
	{ "nobody lives",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@dead.example.com", ""),
	  OUT4,
	  { "backend dead1: down, weight 1", "ends here: no live backend in the pool (no_backend)",
	    "answered 503 No Backend Available" } },
	{ "a lower tier",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@tier.example.com", ""),
	  OUT4,
	  { "the slot holds backend tier1", "tier 1, weight 1 of 1", "backend tier2" } },
	{ "a server without UDP",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@tcp.example.com", ""),
	  OUT4,
	  { "the slot holds backend tcp1", "unusable_target", "480" } },
	{ "relay denied",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@elsewhere.example", ""),
	  OUT4,
	  { "is not this proxy and no domain of it",
	    "203.0.113.40 is neither trusted nor a backend", "relay_denied", "403", "!takes" } },
	{ "relay for a trusted source, by DNS that is not there",
	  "198.51.100.9:5060",
	  REQUEST("INVITE", "sip:bob@elsewhere.example", ""),
	  OUT4,
	  { "is trusted, or a backend", "target: the Request-URI",
	    "elsewhere.example is a name: it is asked for", "!answered" } },
	{ "a signed Route",
	  CALLER,
	  REQUEST("BYE", "sip:bob@203.0.113.90", "Route: <sip:203.0.113.1:5060;lr;vt={vt}>\n"),
	  OUT4,
	  { "Route 1, sip:203.0.113.1:5060;lr;vt=", "names the proxy: taken off",
	    "a Route of ours carries our signature of this call",
	    "target: the Request-URI, at 203.0.113.90:5060", "taken out of Route" } },
	{ "a strict router next",
	  "198.51.100.9:5060",
	  REQUEST("BYE", "sip:bob@203.0.113.90", "Route: <sip:203.0.113.91>\n"),
	  OUT4,
	  { "a strict router, without lr", "at 203.0.113.91:5060",
	    "the strict router's URI becomes the Request-URI",
	    "Request-URI sip:bob@203.0.113.90 "
	    "becomes sip:203.0.113.91" } },
	{ "a strict router before",
	  "198.51.100.9:5060",
	  REQUEST("BYE", "sip:203.0.113.1:5060;lr", "Route: <sip:bob@203.0.113.90>\n"),
	  OUT4,
	  { "a strict router sent it; the last Route, sip:bob@203.0.113.90",
	    "target: the Request-URI, at 203.0.113.90:5060" } },
	{ "OPTIONS to the proxy",
	  CALLER,
	  REQUEST("OPTIONS", "sip:203.0.113.1", ""),
	  OUT4,
	  { "is the proxy itself", "OPTIONS to the proxy itself", "answered 200 OK" } },
	{ "an ACK to an answer of our own",
	  CALLER,
	  "ACK sip:bob@example.com SIP/2.0\n" CALLER_VIA "From: <sip:a@b>;tag=1\n"
	  "To: <sip:bob@example.com>;tag={totag}\nCall-ID: c\nCSeq: 1 ACK\n\n",
	  OUT4,
	  { "the To tag is the one that our own answer", "own_ack", "dropped and counted" } },
	{ "no hops left",
	  CALLER,
	  "INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA "Max-Forwards: 0\n" ENDS("INVITE"),
	  OUT4,
	  { "Max-Forwards is 0; ends here", "answered 483 Too Many Hops" } },
	{ "an extension",
	  CALLER,
	  REQUEST("INVITE", "sip:bob@example.com", "Proxy-Require: privacy\n"),
	  OUT4,
	  { "Proxy-Require: privacy; ends here", "answered 420" } },
	{ "a loop",
	  "198.51.100.9:5060",
	  REQUEST("INVITE", "sip:bob@self.example", ""),
	  OUT4,
	  { "target: the Request-URI", "203.0.113.1:5060; ends here", "answered" } },
	{ "a broken header with its place",
	  CALLER,
	  "INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA "From: <sip:alice@\n" ENDS("INVITE"),
	  OUT4,
	  { "line 4, byte ", "ends here: two From headers" } },
	{ "an answer that cannot be sent",
	  "198.18.0.1:5060",
	  REQUEST("INVITE", "sip:bob@elsewhere.example", ""),
	  OUT4,
	  { "relay_denied", "the answer 403 cannot be sent: no network route" } },
	{ "a tel URI",
	  CALLER,
	  REQUEST("INVITE", "tel:+15551234", ""),
	  OUT4,
	  { "is a number: the routes of the file decide", "no_route_rule" } },
	{ "a response",
	  "10.0.0.11:5060",
	  "SIP/2.0 180 Ringing\nVia: SIP/2.0/UDP 203.0.113.1:5060;branch={branch}\n"
	  "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1;received=203.0.113.40;rport=5062\n"
	  "From: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\n\n",
	  OUT4,
	  { "response 180 to INVITE", "the top Via is ours", "the request went through here",
	    "leads to 203.0.113.40:5062: by its received and rport", "our Via is taken off",
	    "the size rule is for requests only" } },
	{ "a response of somebody else",
	  "10.0.0.11:5060",
	  "SIP/2.0 180 Ringing\nVia: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bKforged\n"
	  "Via: SIP/2.0/UDP 203.0.113.40:5060;branch=z9hG4bKt1\n"
	  "From: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: c\nCSeq: 1 INVITE\n\n",
	  OUT4,
	  { "the top Via is ours", "forged_branch", "a response is never answered",
	    "!went through here" } },
};

Test(explain, tells_the_steps_in_the_order_in_which_the_core_decides)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		json_t *e = explain_template(fixture_world(BED_MAIN), stories[i].source,
					     stories[i].listener, stories[i].message);
		const char *steps = all_steps(e), *at = steps;

		for (size_t k = 0; k < 8 && stories[i].told[k]; k++) {
			const char *words = stories[i].told[k], *found = strstr(at, words);

			if (words[0] == '!') {
				cr_expect(!strstr(steps, words + 1), "%s: \"%s\" in\n%s",
					  stories[i].name, words + 1, steps);
				continue;
			}
			cr_expect(found, "%s: \"%s\" is missing in\n%s", stories[i].name, words,
				  steps);
			at = found ? found : at;
		}
		json_decref(e);
	}
}

Test(explain, says_how_many_fragments_a_long_message_takes)
{
	json_t *e = explain_template(
		fixture_world(BED_MAIN), CALLER, OUT4,
		"INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA "From: <sip:a@b>;tag=1\n"
		"To: <sip:c@d>\nCall-ID: c\nCSeq: 1 INVITE\nContent-Length: 3000\n\n{fill:3000}");
	const char *steps = all_steps(e);

	cr_expect(strstr(steps, ", 3 IP packets at an MTU of 1500"), "%s", steps);
	cr_expect(strstr(steps, "over 1300 bytes (path MTU unknown)"), "%s", steps);
	json_decref(e);
}

/* --- pasted text ------------------------------------------------------------------------- */

#define HEAD                                                                                       \
	"INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA "From: <sip:a@b>;tag=1\nTo: <sip:c@d>\n" \
	"Call-ID: c\nCSeq: 1 INVITE\n"

static const struct {
	const char *name, *text;
	const char *body; /* of what is judged */
	const char *verdict;
	const char *told; /* NULL = nothing about pasted text */
} pasted[] = {
	{ "LF", HEAD "\n", "", "forward", "taken as CRLF" },
	{ "LF without a blank line", HEAD, "", "forward", "the blank line" },
	{ "LF without the last line end",
	  "INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA "From: <sip:a@b>;tag=1\nTo: <sip:c@d>\n"
	  "CSeq: 1 INVITE\nCall-ID: c",
	  "", "forward", "the blank line" },
	{ "blank lines before", "\n  \n" HEAD "\n", "", "forward", "4 blank bytes" },
	{ "a body without Content-Length", HEAD "\nv=0\no=x\n", "v=0\r\no=x\r\n", "forward",
	  "its lines end in CRLF" },
	{ "a body that had CRLF", HEAD "Content-Length: 10\n\nv=0\no=x\n", "v=0\r\no=x\r\n",
	  "forward", "its lines end in CRLF" },
	{ "a body that had LF", HEAD "Content-Length: 8\n\nv=0\no=x\n", "v=0\no=x\n", "forward",
	  "Content-Length says so" },
	{ "a body without its last line end", HEAD "Content-Length: 10\n\nv=0\no=x",
	  "v=0\r\no=x\r\n", "forward", "its lines end in CRLF" },
	{ "a body that is shorter than said", HEAD "Content-Length: 99\n\nv=0\n", "v=0\r\n",
	  "answer", "body of 4 bytes" },
	{ "bytes of a capture with a lone LF",
	  "INVITE sip:bob@example.com SIP/2.0\r\n" CALLER_VIA "CSeq: 1 INVITE\r\n\r\n", "", "drop",
	  NULL },
	{ "no SIP", "hello\nworld\n", NULL, "drop", NULL },
	{ "nothing", "", NULL, "drop", NULL },
};

Test(explain, takes_pasted_text_as_what_was_on_the_wire_and_says_so)
{
	for (size_t i = 0; i < sizeof(pasted) / sizeof(pasted[0]); i++) {
		struct proxy_in at = { .src = lab_endpoint(CALLER), .listener = OUT4 };
		const char *text = pasted[i].text, *received, *body, *steps;
		json_t *e = explain_bytes_at(fixture_world(BED_MAIN), &at, (const uint8_t *)text,
					     strlen(text));

		cr_assert(e);
		steps = all_steps(e);
		cr_expect_str_eq(json_string_value(json_object_get(e, "verdict")),
				 pasted[i].verdict, "%s:\n%s", pasted[i].name, steps);
		received = json_string_value(json_object_get(e, "received"));
		body = strstr(received, "\r\n\r\n");
		if (pasted[i].body)
			cr_expect_str_eq(body ? body + 4 : "none", pasted[i].body, "%s",
					 pasted[i].name);
		else
			cr_expect_str_eq(received, text, "%s", pasted[i].name);
		cr_expect_eq(strstr(steps, "pasted text") != NULL, pasted[i].told != NULL,
			     "%s:\n%s", pasted[i].name, steps);
		if (pasted[i].told)
			cr_expect(strstr(steps, pasted[i].told), "%s:\n%s", pasted[i].name, steps);
		json_decref(e);
	}
}

Test(explain, bytes_that_are_no_text_are_shown_as_such)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *want;
	} rows[] = {
		{ "a\0b", 3,
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xc3\xa4", 2, "\xc3\xa4" },
		{ "\xc3", 1, "\xef\xbf\xbd" },
		{ "\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x9f\x98\x80!", 5, "\xf0\x9f\x98\x80!" },
		{ "\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *v = explain_utf8((const uint8_t *)rows[i].bytes, rows[i].n);

		cr_expect_str_eq(json_string_value(v), rows[i].want, "row %zu", i);
		json_decref(v);
	}
}

Test(explain, without_a_source_it_is_a_stranger_and_the_via_is_a_hint)
{
	const struct lab_world *w = fixture_world(BED_MAIN);
	static struct text t;
	struct explain_in in = {
		.world = &w->world,
		.fib = w->fib,
		.listener = explain_listener(&w->world, NULL, SIP_UDP, NULL),
		.src = explain_stranger(&w->world.listeners[0]),
	};
	json_t *e;

	fixture_message(w, REQUEST("INVITE", "sip:bob@example.com", ""), &t);
	in.text = t.b;
	in.n = t.n;
	e = explain(&in);
	cr_assert(e);
	cr_expect(strstr(all_steps(e), "--source 203.0.113.40:5060"), "%s", all_steps(e));
	json_decref(e);
}

Test(explain, finds_the_listener_by_name_address_or_family)
{
	const struct lab_world *w = fixture_world(BED_MAIN);
	struct ip six = lab_endpoint("[2001:db8::9]").ip;

	cr_expect_eq(explain_listener(&w->world, NULL, SIP_UDP, NULL), OUT4);
	cr_expect_eq(explain_listener(&w->world, NULL, SIP_UDP, &six), OUT6);
	cr_expect_eq(explain_listener(&w->world, "203.0.113.1:5070", SIP_UDP, NULL), OUT4_ALT);
	cr_expect_eq(explain_listener(&w->world, "10.0.0.1", SIP_UDP, NULL), IN4);
	cr_expect_eq(explain_listener(&w->world, "10.0.0.9", SIP_UDP, NULL), WORLD_NONE);
	cr_expect_eq(explain_listener(&w->world, "no such", SIP_UDP, NULL), WORLD_NONE);
}

/* --- next in line ------------------------------------------------------------------------ */

#define FILE_OF(state)                                                                       \
	"interfaces:\n  - {name: lo, device: \"packet:lo\", addresses: [\"127.0.0.1/8\"]}\n" \
	"listeners: [{name: main, address: \"127.0.0.1:5060\", transports: [udp]}]\n"        \
	"domains: [example.com]\n"                                                           \
	"pools:\n  - name: core\n    backends:\n"                                            \
	"      - {name: a, address: \"127.0.0.2:5060\", weight: 4, state: " state "}\n"      \
	"      - {name: b, address: \"127.0.0.3:5060\", weight: 2}\n"                        \
	"      - {name: c, address: \"127.0.0.4:5060\", weight: 6}\n"                        \
	"      - {name: d, address: \"127.0.0.5:5060\", tier: 1}\n"                          \
	"routes: [{pool: core}]\n"

static struct world *world_of(const char *yaml)
{
	struct world_facts facts = { .secret = "secret of the test", .secret_len = 18 };
	struct config_errors errs = { 0 };
	struct config c = { 0 };
	struct world *w = NULL;

	cr_assert_eq(config_load_memory("t", yaml, strlen(yaml), &c, &errs), 0);
	cr_assert_eq(world_build(&c, &facts, &w, &errs), 0);
	config_free(&c);
	config_errors_free(&errs);
	return w;
}

Test(explain, who_is_next_in_line_is_who_the_table_without_the_server_has)
{
	struct world *up = world_of(FILE_OF("up")), *down = world_of(FILE_OF("down"));
	struct lab_world all = { .world = *up, .fib = fixture_world(BED_MAIN)->fib };
	struct lab_world few = { .world = *down, .fib = all.fib };
	struct proxy_in at = { .src = lab_endpoint(CALLER), .listener = 0 };
	unsigned int n = 0;

	for (unsigned int i = 0; i < 60; i++) {
		char text[1024], want[64];
		json_t *e, *now;

		snprintf(text, sizeof(text),
			 "INVITE sip:bob@example.com SIP/2.0\n" CALLER_VIA
			 "From: <sip:a@b>;tag=1\nTo: <sip:c@d>\nCall-ID: %u\nCSeq: 1 INVITE\n\n",
			 i);
		e = explain_bytes_at(&all, &at, (const uint8_t *)text, strlen(text));
		now = explain_bytes_at(&few, &at, (const uint8_t *)text, strlen(text));
		if (strcmp(json_string_value(json_object_get(e, "backend")), "a") == 0) {
			snprintf(want, sizeof(want), "were it down, backend %s at",
				 json_string_value(json_object_get(now, "backend")));
			cr_expect(strstr(all_steps(e), want), "%s not in\n%s", want, all_steps(e));
			n++;
		}
		json_decref(e);
		json_decref(now);
	}
	cr_expect_gt(n, 5);
	world_free(up);
	world_free(down);
}

Test(explain, without_memory_there_is_no_explanation_and_no_leak)
{
	struct proxy_in at = { .src = lab_endpoint(CALLER), .listener = OUT4 };
	const struct lab_world *w = fixture_world(BED_MAIN);
	static struct text t;
	size_t live = mem_live();
	bool refused;

	fixture_message(w, REQUEST("INVITE", "sip:bob@three.example.com", ""), &t);
	for (unsigned long n = 1;; n++) {
		json_t *e;

		alloc_fail_at(n);
		e = explain_bytes_at(w, &at, t.b, t.n);
		refused = alloc_failed();
		alloc_fail_at(0);
		cr_expect_eq(e == NULL, refused, "request %lu", n);
		cr_expect_eq(mem_live(), live, "request %lu", n);
		json_decref(e);
		if (!refused)
			break;
	}
}
