/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 3263 as tables: questions, zones, and the targets that follow. R3263-1, R3263-2, R3263-3,
 * R3263-5.
 */
#include "control/config/alloc.h"
#include "tests/unit/dns_lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

/* Records of a zone, made when they are asked for. */
struct store {
	const char *zone;
	const char *unknown; /* "TYPE NAME" that is not known yet; NULL = none */
	struct dns_rrset *sets[1024];
	uint32_t n;
	char asked[8192]; /* what was not known */
};

static const struct dns_rrset *find(void *arg, enum dns_type type, const char *name)
{
	struct store *s = arg;
	char what[LAB_LINE];

	snprintf(what, sizeof(what), "%s %s", dns_type_name(type), name);
	if (s->unknown && (strcmp(s->unknown, "*") == 0 || strcmp(s->unknown, what) == 0)) {
		size_t used = strlen(s->asked);

		snprintf(s->asked + used, sizeof(s->asked) - used, "%s%s", used ? ", " : "", what);
		return NULL;
	}
	cr_assert_lt(s->n, 1024);
	s->sets[s->n] = lab_rrset(s->zone, type, name);
	return s->sets[s->n++];
}

static void run(struct store *s, const struct dns_question *q, const uint64_t *key,
		struct rfc3263_result *out)
{
	const struct rfc3263_store store = { find, s };
	const struct rfc3263_query query = { q, key, 64 };

	rfc3263_targets(&query, &store, out);
	while (s->n)
		mem_free(s->sets[--s->n]);
}

/* "sip:h:5060;transport=udp" and the like; '!' in front: a response; '~UT' behind: usable. */
static struct dns_question question(const char *text)
{
	static const struct {
		const char *name;
		enum sip_transport transport;
	} known[] = { { ";udp", SIP_UDP },
		      { ";tcp", SIP_TCP },
		      { ";tls", SIP_TLS },
		      { ";sctp", SIP_TRANSPORT_OTHER } };
	struct dns_question q = { .transport = SIP_TRANSPORT_NONE };
	const char *host;
	size_t n;

	q.response = text[0] == '!';
	text += q.response;
	q.sips = strncmp(text, "sips:", 5) == 0;
	host = strchr(text, ':') + 1;
	n = strcspn(host, ":;~");
	snprintf(q.host, sizeof(q.host), "%.*s", (int)n, host);
	if (host[n] == ':')
		q.port = (uint16_t)strtoul(host + n + 1, NULL, 10);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(host, known[i].name))
			q.transport = known[i].transport;
	}
	if (strchr(host, '~')) {
		q.transports |= strchr(strchr(host, '~'), 'U') ? 1u << SIP_UDP : 0;
		q.transports |= strchr(strchr(host, '~'), 'T') ? 1u << SIP_TCP : 0;
		q.transports |= strchr(strchr(host, '~'), 'S') ? 1u << SIP_TLS : 0;
	}
	return q;
}

#define HOST "h.test A 10.0.0.1\n"
#define SRV                                                            \
	"a1.test A 10.1.0.1\na2.test A 10.1.0.2\na3.test A 10.1.0.3\n" \
	"_sip._udp.h.test SRV 10 1 5070 a1.test\n"                     \
	"_sip._tcp.h.test SRV 10 1 5080 a2.test\n"                     \
	"_sips._tcp.h.test SRV 10 1 5090 a3.test\n"
#define NAPTR                                               \
	"h.test NAPTR 50 50 s SIPS+D2T _sips._tcp.h.test\n" \
	"h.test NAPTR 90 50 s SIP+D2T _sip._tcp.h.test\n"   \
	"h.test NAPTR 100 50 s SIP+D2U _sip._udp.h.test\n"

Test(rfc3263, a_uri_leads_to_transport_port_and_address)
{
	static const struct {
		const char *uri, *zone, *targets;
	} rows[] = {
		/* 4.1: the transport that the URI names; 4.2: a port, so addresses at once */
		{ "sip:h.test:5062;udp", HOST SRV NAPTR, "10.0.0.1:5062/udp" },
		{ "sip:h.test:5062;tcp", HOST SRV NAPTR, "10.0.0.1:5062/tcp" },
		{ "sip:h.test:5062;tls", HOST SRV NAPTR, "10.0.0.1:5062/tls" },
		{ "sips:h.test:5062;tcp", HOST SRV NAPTR, "10.0.0.1:5062/tls" },
		{ "sips:h.test:5062;tls", HOST SRV NAPTR, "10.0.0.1:5062/tls" },
		/* a port and no transport: UDP for sip, TLS for sips; no NAPTR is asked */
		{ "sip:h.test:5062", HOST SRV NAPTR, "10.0.0.1:5062/udp" },
		{ "sips:h.test:5062", HOST SRV NAPTR, "10.0.0.1:5062/tls" },
		/* a transport and no port: SRV of it */
		{ "sip:h.test;udp", HOST SRV NAPTR, "10.1.0.1:5070/udp" },
		{ "sip:h.test;tcp", HOST SRV NAPTR, "10.1.0.2:5080/tcp" },
		{ "sip:h.test;tls", HOST SRV NAPTR, "10.1.0.3:5090/tls" },
		{ "sips:h.test;tcp", HOST SRV NAPTR, "10.1.0.3:5090/tls" },
		{ "sip:h.test;udp", HOST, "10.0.0.1:5060/udp" },
		{ "sip:h.test;tcp", HOST, "10.0.0.1:5060/tcp" },
		{ "sip:h.test;tls", HOST, "10.0.0.1:5061/tls" },
		{ "sips:h.test;tcp", HOST, "10.0.0.1:5061/tls" },
		/* neither: NAPTR by order and preference, then SRV */
		{ "sip:h.test", HOST SRV NAPTR, "10.1.0.3:5090/tls" },
		{ "sip:h.test~UT", HOST SRV NAPTR, "10.1.0.2:5080/tcp" },
		{ "sip:h.test~U", HOST SRV NAPTR, "10.1.0.1:5070/udp" },
		{ "sips:h.test", HOST SRV NAPTR, "10.1.0.3:5090/tls" },
		{ "sips:h.test~UT", HOST SRV NAPTR, NULL },
		{ "sip:h.test",
		  SRV "h.test NAPTR 10 20 s SIP+D2T _sip._tcp.h.test\n"
		      "h.test NAPTR 10 10 s SIP+D2U _sip._udp.h.test",
		  "10.1.0.1:5070/udp" },
		/* one whose SRV records are not there is passed over */
		{ "sip:h.test",
		  SRV "h.test NAPTR 10 20 s SIP+D2T _sip._tcp.gone.test\n"
		      "h.test NAPTR 20 10 s SIP+D2U _sip._udp.h.test",
		  "10.1.0.1:5070/udp" },
		/* NAPTR records of others count as none: ENUM, rules, other flags */
		{ "sip:h.test", SRV "h.test NAPTR 10 20 u E2U+sip x.test", "10.1.0.1:5070/udp" },
		{ "sip:h.test", SRV "h.test NAPTR 10 20 s SIP+D2S _sip._sctp.h.test",
		  "10.1.0.1:5070/udp" },
		/* no NAPTR: SRV of what we take, UDP first */
		{ "sip:h.test", HOST SRV, "10.1.0.1:5070/udp" },
		{ "sip:h.test~TS", HOST SRV, "10.1.0.2:5080/tcp" },
		{ "sip:h.test~S", HOST SRV, "10.1.0.3:5090/tls" },
		{ "sip:h.test", "_sip._tcp.h.test SRV 1 1 5080 a.test\na.test A 10.9.0.1",
		  "10.9.0.1:5080/tcp" },
		{ "sips:h.test", HOST SRV, "10.1.0.3:5090/tls" },
		/* no SRV either: the host, UDP for sip, TLS for sips */
		{ "sip:h.test", HOST, "10.0.0.1:5060/udp" },
		{ "sip:h.test~TS", HOST, "10.0.0.1:5060/tcp" },
		{ "sips:h.test", HOST, "10.0.0.1:5061/tls" },
		/* nothing at all, or nothing that will do */
		{ "sip:gone.test", HOST SRV, NULL },
		{ "sip:gone.test:5060", HOST SRV, NULL },
		{ "sip:h.test;sctp", HOST SRV, NULL },
		{ "sips:h.test;udp", HOST SRV, NULL },
		/* "." as target: no such service here, and no other way (RFC 2782) */
		{ "sip:h.test;udp", HOST "_sip._udp.h.test SRV 0 0 0 .", NULL },
		/* SRV records, but none of their hosts: not the host of the URI instead */
		{ "sip:h.test;udp", HOST "_sip._udp.h.test SRV 0 0 5060 gone.test", NULL },
		/* priorities first, lower ones later */
		{ "sip:h.test;udp",
		  "_sip._udp.h.test SRV 20 9 5060 b.test\n_sip._udp.h.test SRV 10 0 5060 a.test\n"
		  "a.test A 10.0.0.1\nb.test A 10.0.0.2",
		  "10.0.0.1:5060/udp 10.0.0.2:5060/udp" },
		/* both families, IPv6 first (RFC 7984) */
		{ "sip:h.test:5060", HOST "h.test AAAA fd00::1",
		  "[fd00::1]:5060/udp 10.0.0.1:5060/udp" },
		{ "sip:h.test:5060", "h.test AAAA fd00::1", "[fd00::1]:5060/udp" },
		/* aliases on the way, of each kind */
		{ "sip:w.test:5060", HOST "w.test CNAME v.test\nv.test CNAME h.test",
		  "10.0.0.1:5060/udp" },
		{ "sip:w.test;udp", SRV "_sip._udp.w.test CNAME _sip._udp.h.test",
		  "10.1.0.1:5070/udp" },
		{ "sip:w.test", SRV NAPTR "w.test CNAME h.test", "10.1.0.3:5090/tls" },
		/* section 5: responses by the transport of the Via, without NAPTR */
		{ "!sip:h.test:5062;udp", HOST SRV NAPTR, "10.0.0.1:5062/udp" },
		{ "!sip:h.test;udp", HOST SRV NAPTR, "10.1.0.1:5070/udp" },
		{ "!sip:h.test;tcp", HOST SRV NAPTR, "10.1.0.2:5080/tcp" },
		{ "!sip:h.test;tls", HOST SRV NAPTR, "10.1.0.3:5090/tls" },
		{ "!sip:h.test;udp", HOST NAPTR, "10.0.0.1:5060/udp" },
		{ "!sip:h.test;tls", HOST NAPTR, "10.0.0.1:5061/tls" },
		/* a lookup that failed is none that found nothing */
		{ "sip:h.test;udp", HOST "_sip._udp.h.test SRV fails", "-" },
		{ "sip:h.test", HOST SRV "h.test NAPTR fails", "-" },
		{ "sip:h.test", HOST SRV "_sip._tcp.h.test SRV fails", "10.1.0.1:5070/udp" },
		{ "sip:h.test:5060", "h.test A fails", "-" },
		{ "sip:h.test:5060", HOST "h.test AAAA fails", "10.0.0.1:5060/udp" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dns_question q = question(rows[i].uri);
		struct store s = { .zone = rows[i].zone };
		const char *want = rows[i].targets;
		struct rfc3263_result out;
		uint64_t key = i;

		run(&s, &q, &key, &out);
		cr_expect(!out.waits);
		if (want && want[0] != '-') {
			cr_expect_eq(out.rc, 0, "row %zu %s: %d", i, rows[i].uri, out.rc);
			cr_expect_str_eq(lab_targets(out.v, out.n), want, "row %zu %s: %s", i,
					 rows[i].uri, lab_targets(out.v, out.n));
			continue;
		}
		cr_expect_eq(out.n, 0, "row %zu %s: %s", i, rows[i].uri, lab_targets(out.v, out.n));
		cr_expect_eq(out.rc, want ? -ETIMEDOUT : -ENOENT, "row %zu %s: %d", i, rows[i].uri,
			     out.rc);
	}
}

Test(rfc3263, what_can_be_asked_at_once_is)
{
	static const struct {
		const char *uri, *zone, *unknown, *asked;
	} rows[] = {
		{ "sip:h.test:5060", "", "*", "AAAA h.test, A h.test" },
		{ "sip:h.test;udp", "", "*", "SRV _sip._udp.h.test" },
		{ "sip:h.test", "", "*", "NAPTR h.test" },
		{ "sip:h.test", HOST, "SRV _sip._tcp.h.test", "SRV _sip._tcp.h.test" },
		{ "!sip:h.test;tls", "", "*", "SRV _sips._tcp.h.test" },
		{ "sip:h.test;udp",
		  "_sip._udp.h.test SRV 1 1 5060 a.test\n_sip._udp.h.test SRV 2 1 5060 b.test\n"
		  "b.test A 10.0.0.2",
		  "A a.test", "A a.test" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dns_question q = question(rows[i].uri);
		struct store s = { .zone = rows[i].zone, .unknown = rows[i].unknown };
		struct rfc3263_result out;
		uint64_t key = i;

		run(&s, &q, &key, &out);
		cr_expect(out.waits, "row %zu %s", i, rows[i].uri);
		cr_expect_str_eq(s.asked, rows[i].asked, "row %zu %s: %s", i, rows[i].uri, s.asked);
	}
}

/* Four servers of one priority with weights 1, 2, 3, 4 and one of a later priority. */
#define WEIGHTED                                                                       \
	"_sip._udp.w.test SRV 1 1 5060 a.test\n_sip._udp.w.test SRV 1 2 5060 b.test\n" \
	"_sip._udp.w.test SRV 1 3 5060 c.test\n_sip._udp.w.test SRV 2 9 5060 z.test\n" \
	"a.test A 10.0.0.1\nb.test A 10.0.0.2\nc.test A 10.0.0.3\nd.test A 10.0.0.4\n" \
	"z.test A 10.0.0.9\n"
#define FOURTH "_sip._udp.w.test SRV 1 4 5060 d.test\n"

static uint8_t first_of(const char *zone, uint64_t key)
{
	const struct dns_question q = question("sip:w.test;udp");
	struct store s = { .zone = zone };
	struct rfc3263_result out;

	run(&s, &q, &key, &out);
	cr_assert(out.n >= 4);
	cr_assert_eq(out.v[out.n - 1].at.ip.b[15], 9, "the later priority comes last");
	return out.v[0].at.ip.b[15];
}

Test(rfc3263, a_key_always_leads_to_the_same_server_and_weights_hold)
{
	enum { KEYS = 4000 };
	uint32_t count[10] = { 0 };

	for (uint64_t key = 0; key < KEYS; key++) {
		uint8_t first = first_of(WEIGHTED FOURTH, key * 0x9e3779b97f4a7c15);

		cr_expect_eq(first, first_of(FOURTH WEIGHTED, key * 0x9e3779b97f4a7c15));
		count[first]++;
	}
	for (uint32_t i = 1; i <= 4; i++) {
		double share = (double)count[i] / KEYS;

		cr_expect(share > i / 10.0 - 0.03 && share < i / 10.0 + 0.03,
			  "server %u has %.3f of the keys", i, share);
	}
}

Test(rfc3263, a_server_that_goes_moves_only_its_own_keys)
{
	for (uint64_t key = 0; key < 1000; key++) {
		uint8_t with = first_of(WEIGHTED FOURTH, key), without = first_of(WEIGHTED, key);

		cr_expect(with == 4 || with == without, "key %u moved from %u to %u",
			  (unsigned int)key, with, without);
	}
}

Test(rfc3263, weight_zero_is_hardly_ever_first)
{
	static const char zone[] = "_sip._udp.w.test SRV 1 0 5060 a.test\n"
				   "_sip._udp.w.test SRV 1 1 5060 b.test\n"
				   "_sip._udp.w.test SRV 1 1 5060 c.test\n"
				   "_sip._udp.w.test SRV 2 9 5060 z.test\n"
				   "a.test A 10.0.0.1\nb.test A 10.0.0.2\nc.test A 10.0.0.3\n"
				   "z.test A 10.0.0.9\n";
	uint32_t zero = 0;

	for (uint64_t key = 0; key < 2000; key++)
		zero += first_of(zone, key) == 1;
	cr_expect(zero < 20, "%u of 2000", zero);
}

Test(rfc3263, addresses_of_one_host_are_told_apart_from_others)
{
	const struct dns_question q = question("sip:w.test;udp");
	struct store s = { .zone = "_sip._udp.w.test SRV 1 5 5060 a.test\n"
				   "_sip._udp.w.test SRV 2 6 5061 b.test\n"
				   "a.test A 10.0.0.1\na.test A 10.0.0.2\nb.test A 10.0.0.3" };
	struct rfc3263_result out;

	run(&s, &q, NULL, &out);
	cr_expect_str_eq(lab_targets(out.v, out.n),
			 "10.0.0.1:5060/udp 10.0.0.2:5060/udp 10.0.0.3:5061/udp");
	cr_expect_eq(out.v[0].host, out.v[1].host);
	cr_expect_neq(out.v[0].host, out.v[2].host);
	cr_expect_eq(out.v[0].weight, 5);
	cr_expect_eq(out.v[2].priority, 2);
}

/* Two aliases of each other. */
static struct dns_rrset *ring[2];

static const struct dns_rrset *in_circles(void *arg, enum dns_type type, const char *name)
{
	(void)arg;
	(void)type;
	return ring[strcmp(name, "b.test") == 0];
}

Test(rfc3263, aliases_that_go_in_circles_end)
{
	const struct dns_question q = question("sip:a.test:5060");
	const struct rfc3263_store store = { in_circles, NULL };
	const struct rfc3263_query query = { &q, NULL, 4 };
	struct dns_answer_records records = { .n = 0 };
	struct rfc3263_result out;

	for (int i = 0; i < 2; i++) {
		snprintf(records.alias, sizeof(records.alias), "%c.test", 'b' - i);
		ring[i] = dns_rrset_new(&records);
	}
	rfc3263_targets(&query, &store, &out);
	cr_expect(!out.waits);
	cr_expect_eq(out.rc, -EIO);
	mem_free(ring[0]);
	mem_free(ring[1]);
}
