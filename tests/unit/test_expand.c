/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What servers follow from the records of a name.
 */
#include "control/endpoint_text.h"
#include "control/fleet/expand.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* "10.0.0.1:5070 p10 w60 h0 udp, ..." as targets; "plain": not of SRV records. */
static uint32_t read_targets(const char *text, struct dns_target *v)
{
	char copy[2048], *rest = copy, *one;
	uint32_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while (text[0] && (one = strsep(&rest, ","))) {
		struct sip_host host;
		char at[64];
		unsigned int priority = 0, weight = 1, number = 0;
		char transport[8] = "udp";

		one += strspn(one, " ");
		cr_assert(sscanf(one, "%63s p%u w%u h%u %7s", at, &priority, &weight, &number,
				 transport) >= 1);
		v[n] = (struct dns_target){ .priority = (uint16_t)priority,
					    .weight = (uint16_t)weight,
					    .host = (uint16_t)number,
					    .plain = strstr(one, "plain"),
					    .transport = transport[1] == 'd'   ? SIP_UDP
							 : transport[1] == 'c' ? SIP_TCP
									       : SIP_TLS };
		cr_assert(hostport_parse((const uint8_t *)at, span_of(0, (uint32_t)strlen(at)),
					 &host, &v[n].at.port));
		v[n++].at.ip = host.ip;
	}
	return n;
}

/* "10.0.0.1:5070 udp+tcp*60/1", with "+tls:5061". */
static const char *servers_text(const struct expand_server *v, uint32_t n)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		char at[ENDPOINT_TEXT_MAX], tls[16] = "";

		endpoint_text(&v[i].at, at);
		if (v[i].transports >> SIP_TLS & 1)
			snprintf(tls, sizeof(tls), "+tls:%u", v[i].tls_port);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s%s%s*%u/%u",
					 i ? ", " : "", at, v[i].transports & 1 ? "udp" : "",
					 v[i].transports >> SIP_TCP & 1 ? "+tcp" : "", tls,
					 v[i].weight, v[i].tier);
	}
	return text;
}

#define U (1u << SIP_UDP)
#define T (1u << SIP_TCP)
#define S (1u << SIP_TLS)
#define BOTH (EXPAND_IPV4 | EXPAND_IPV6)

Test(expand, servers_follow_from_records)
{
	static const struct {
		struct expand_name name;
		const char *found[3];
		const char *servers;
	} rows[] = {
		/* with a port: one for each address, with all transports */
		{ { U | T, 5060, 0, 4, 1, BOTH },
		  { "10.0.0.1:5060 p0 w1 h0 udp plain, 10.0.0.2:5060 p0 w1 h0 udp plain" },
		  "10.0.0.1:5060 udp+tcp*4/1, 10.0.0.2:5060 udp+tcp*4/1" },
		{ { U | S, 5060, 5071, 1, 0, BOTH },
		  { "10.0.0.1:5060 p0 w1 h0 udp plain" },
		  "10.0.0.1:5060 udp+tls:5071*1/0" },
		/* weights of SRV records, in smallest numbers, times the configured one */
		{ { U, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p10 w60 h0 udp, 10.0.0.2:5070 p10 w40 h1 udp" },
		  "10.0.0.1:5070 udp*3/0, 10.0.0.2:5070 udp*2/0" },
		{ { U, 0, 0, 5, 0, BOTH },
		  { "10.0.0.1:5070 p10 w60 h0 udp, 10.0.0.2:5070 p10 w60 h1 udp" },
		  "10.0.0.1:5070 udp*5/0, 10.0.0.2:5070 udp*5/0" },
		{ { U, 0, 0, 0, 0, BOTH },
		  { "10.0.0.1:5070 p10 w60 h0 udp" },
		  "10.0.0.1:5070 udp*0/0" },
		/* priorities are tiers, one after the other from the configured one on */
		{ { U, 0, 0, 1, 3, BOTH },
		  { "10.0.0.1:5070 p10 w60 h0 udp, 10.0.0.2:5070 p900 w7 h1 udp, "
		    "10.0.0.3:5070 p50 w1 h2 udp" },
		  "10.0.0.1:5070 udp*1/3, 10.0.0.2:5070 udp*1/5, 10.0.0.3:5070 udp*1/4" },
		{ { U, 0, 0, 1, 255, BOTH },
		  { "10.0.0.1:5070 p1 w1 h0 udp, 10.0.0.2:5070 p2 w1 h1 udp" },
		  "10.0.0.1:5070 udp*1/255, 10.0.0.2:5070 udp*1/255" },
		/* addresses of one host share its weight */
		{ { U, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p1 w10 h0 udp, 10.0.0.2:5070 p1 w10 h0 udp, "
		    "10.0.0.3:5070 p1 w10 h1 udp" },
		  "10.0.0.1:5070 udp*1/0, 10.0.0.2:5070 udp*1/0, 10.0.0.3:5070 udp*2/0" },
		/* those that cannot be reached share nothing */
		{ { U, 0, 0, 1, 0, EXPAND_IPV4 },
		  { "[fd00::1]:5070 p1 w10 h0 udp, 10.0.0.1:5070 p1 w10 h0 udp, "
		    "10.0.0.3:5070 p1 w10 h1 udp" },
		  "10.0.0.1:5070 udp*1/0, 10.0.0.3:5070 udp*1/0" },
		{ { U, 0, 0, 1, 0, EXPAND_IPV6 }, { "10.0.0.1:5070 p1 w10 h0 udp" }, "" },
		/* weight 0: alone equal, beside others hardly any */
		{ { U, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p1 w0 h0 udp, 10.0.0.2:5070 p1 w0 h1 udp" },
		  "10.0.0.1:5070 udp*1/0, 10.0.0.2:5070 udp*1/0" },
		{ { U, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p1 w0 h0 udp, 10.0.0.2:5070 p1 w10 h1 udp" },
		  "10.0.0.1:5070 udp*1/0, 10.0.0.2:5070 udp*160/0" },
		/* what is too large is scaled, and nothing becomes 0 */
		{ { U, 0, 0, 1000, 0, BOTH },
		  { "10.0.0.1:5070 p1 w1 h0 udp, 10.0.0.2:5070 p1 w65535 h1 udp" },
		  "10.0.0.1:5070 udp*1/0, 10.0.0.2:5070 udp*65535/0" },
		/* transports meet at one address and port; TLS at the address */
		{ { U | T | S, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p1 w1 h0 udp, 10.0.0.2:5070 p1 w1 h1 udp",
		    "10.0.0.1:5070 p1 w1 h0 tcp, 10.0.0.2:5072 p1 w1 h1 tcp",
		    "10.0.0.1:5071 p1 w1 h0 tls" },
		  "10.0.0.1:5070 udp+tcp+tls:5071*1/0, 10.0.0.2:5070 udp*1/0, "
		  "10.0.0.2:5072 +tcp*1/0" },
		/* a transport without SRV records, where another has some, is not offered */
		{ { U | T, 0, 0, 1, 0, BOTH },
		  { "10.0.0.1:5070 p1 w1 h0 udp", "10.0.0.9:5060 p0 w1 h0 tcp plain" },
		  "10.0.0.1:5070 udp*1/0" },
		{ { U | T, 0, 0, 1, 0, BOTH },
		  { "10.0.0.9:5060 p0 w1 h0 udp plain", "10.0.0.9:5060 p0 w1 h0 tcp plain" },
		  "10.0.0.9:5060 udp+tcp*1/0" },
		{ { U | T, 0, 0, 1, 0, BOTH }, { "", "" }, "" },
		/* TLS: the port of the SRV record; without any, that of the configuration */
		{ { S, 0, 5063, 1, 0, BOTH },
		  { "10.0.0.9:5071 p1 w1 h0 tls" },
		  "10.0.0.9:5071 +tls:5071*1/0" },
		{ { S, 0, 5063, 1, 0, BOTH },
		  { "10.0.0.9:5061 p0 w1 h0 tls plain" },
		  "10.0.0.9:5063 +tls:5063*1/0" },
		{ { U | S, 0, 5063, 1, 0, BOTH },
		  { "10.0.0.9:5060 p0 w1 h0 udp plain", "10.0.0.9:5061 p0 w1 h0 tls plain" },
		  "10.0.0.9:5060 udp+tls:5063*1/0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct expand_server servers[DNS_TARGETS_MAX];
		struct dns_target targets[3][DNS_TARGETS_MAX];
		struct expand_found found[3];
		uint32_t n = 0;

		for (; n < 3 && rows[i].found[n]; n++)
			found[n] = (struct expand_found){ targets[n], read_targets(rows[i].found[n],
										   targets[n]) };
		n = expand(&rows[i].name, found, n, servers);
		cr_expect_str_eq(servers_text(servers, n), rows[i].servers, "row %zu: %s", i,
				 servers_text(servers, n));
	}
}

Test(expand, more_than_fit_are_cut)
{
	const struct expand_name name = { U | T, 0, 0, 1, 0, BOTH };
	struct expand_server servers[DNS_TARGETS_MAX];
	struct dns_target targets[2][DNS_TARGETS_MAX];
	struct expand_found found[2];

	for (uint32_t k = 0; k < 2; k++) {
		for (uint32_t i = 0; i < DNS_TARGETS_MAX; i++)
			targets[k][i] = (struct dns_target){
				.at = { ip_from_v4(
						(const uint8_t[]){ 10, 0, (uint8_t)k, (uint8_t)i }),
					5060 },
				.transport = k ? SIP_TCP : SIP_UDP,
				.weight = 1,
				.host = (uint16_t)i,
			};
		found[k] = (struct expand_found){ targets[k], DNS_TARGETS_MAX };
	}
	cr_expect_eq(expand(&name, found, 2, servers), DNS_TARGETS_MAX);
}
