/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzes the way of a resolver's answer: any bytes are refused or give records that keep their
 * promises (sorted, bounded, names of the right characters, usable addresses), and targets that
 * follow from them. The first byte says what was asked.
 */
#include "control/config/alloc.h"
#include "control/dns/rfc3263.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void check_name(const char *name)
{
	char copy[DNS_NAME_MAX + 1];
	size_t n = strlen(name);

	check(n == 0 || n > DNS_NAME_MAX - 2 ||
	      (dns_name_copy(name, n, copy) && strcmp(name, copy) == 0));
}

static void check_records(enum dns_type type, const struct dns_answer_records *r)
{
	check(r->n <= DNS_RECORDS_MAX && (!r->n || !r->alias[0]));
	check_name(r->alias);
	for (uint32_t i = 0; i < r->n; i++) {
		check(i == 0 || dns_record_compare(type, &r->v[i - 1], &r->v[i]) < 0);
		if (type == DNS_A || type == DNS_AAAA)
			check(!ip_is_unusable(&r->v[i].ip) &&
			      ip_is_v4(&r->v[i].ip) == (type == DNS_A));
		else
			check_name(r->v[i].name);
		check(type != DNS_NAPTR || r->v[i].transport <= SIP_TLS);
	}
}

/* Every name has the one set of records. */
static const struct dns_rrset *find(void *arg, enum dns_type type, const char *name)
{
	static const struct dns_rrset none = { .rc = -2 };
	const struct dns_rrset *const *sets = arg;

	(void)name;
	return sets[type] ? sets[type] : &none;
}

static void check_targets(const struct dns_rrset **sets, const struct dns_question *q)
{
	const struct rfc3263_store store = { find, (void *)(uintptr_t)sets };
	const uint64_t key = 7;
	const struct rfc3263_query by_key = { q, &key, 4 }, all = { q, NULL, DNS_RECORDS_MAX };
	struct rfc3263_result out;

	rfc3263_targets(&by_key, &store, &out);
	check(!out.waits && out.n <= DNS_TARGETS_MAX && (out.rc == 0) == (out.n > 0));
	rfc3263_targets(&all, &store, &out);
	check(!out.waits && out.n <= DNS_TARGETS_MAX && (out.rc == 0) == (out.n > 0));
	for (uint32_t i = 0; i < out.n; i++)
		check(out.v[i].at.port && out.v[i].transport <= SIP_TLS &&
		      !ip_is_unusable(&out.v[i].at.ip));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.test", "_sip._udp.a.test" };
	static struct dns_answer_records a, r;
	const struct dns_rrset *sets[DNS_N_TYPES] = { NULL };
	struct dns_question q = { .host = "a.test", .transport = SIP_TRANSPORT_NONE };
	enum dns_type type;
	struct dns_rrset *set, *address;

	if (size < 1)
		return 0;
	type = (enum dns_type)(data[0] % DNS_N_TYPES);
	q.port = data[0] & 0x10 ? 5060 : 0;
	q.transport = data[0] & 0x20 ? SIP_UDP : SIP_TRANSPORT_NONE;
	q.sips = data[0] & 0x40;
	if (dns_records_read(data + 1, size - 1, names[type == DNS_SRV], type, &r))
		return 0;
	check_records(type, &r);
	a.n = 1;
	a.v[0].ip = ip_from_v4((const uint8_t *)"\x0a\0\0\1");
	address = dns_rrset_new(&a);
	set = dns_rrset_new(&r);
	check(set && address && dns_rrset_same(set, set));
	sets[DNS_A] = address;
	sets[type] = set;
	check_targets(sets, &q);
	mem_free(set);
	mem_free(address);
	check(mem_live() == 0);
	return 0;
}
