/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of network values: addresses, prefixes, endpoints, link addresses, devices.
 *
 * One way to write each address, so that a file can be searched: IPv4 in dotted decimals, never
 * mapped into IPv6; IPv6 in brackets where a port may follow, bare elsewhere. Networks have no bits
 * set beyond their length, for such a bit is nearly always a slip.
 */
#include "control/config/config_reader.h"

#include <string.h>

bool config_ip(const char *p, size_t n, struct ip *out)
{
	const uint8_t *b = (const uint8_t *)p;
	struct ip ip;

	if (n == 0 || p[0] == '[' || memmem(p, n, ":::", 3))
		return false;
	if (!ip_parse(b, n, &ip) || ip_is_v4(&ip) != (memchr(p, ':', n) == NULL))
		return false;
	*out = ip;
	return true;
}

/* Adds the fault that the text of @node is not what @key takes, with an example of it. */
static void fault_text(struct config_reader *r, const struct config_key *key,
		       const struct yaml_node *node, const char *words)
{
	char shown[CONFIG_SHOWN];

	config_fault(r, node->mark, "%s: \"%s\" is not %s", key->name,
		     config_show(shown, node->text, node->len), words);
}

/* True if a message can go to @ip, else adds the fault that it cannot. */
static bool usable(struct config_reader *r, const struct config_key *key,
		   const struct yaml_node *node, const struct ip *ip)
{
	char shown[CONFIG_SHOWN];

	if (!ip_is_unusable(ip))
		return true;
	config_fault(r, node->mark,
		     "%s: %s is not the address of one host; multicast, broadcast and "
		     "unspecified addresses are not allowed",
		     key->name, config_show_ip(shown, ip));
	return false;
}

void config_read_IP(struct config_reader *r, const struct config_key *key,
		    const struct yaml_node *node, void *out)
{
	struct ip ip;

	if (!config_scalar(r, key, node))
		return;
	if (!config_ip(node->text, node->len, &ip))
		fault_text(r, key, node,
			   "an IP address; allowed are \"192.0.2.1\" and \"2001:db8::1\"");
	else if (usable(r, key, node, &ip))
		*(struct ip *)out = ip;
}

void config_read_GATEWAY(struct config_reader *r, const struct config_key *key,
			 const struct yaml_node *node, void *out)
{
	config_read_IP(r, key, node, &((struct config_gateway *)out)->ip);
}

/* Reads ":PORT" or nothing from the @n bytes at @p. False after a fault. */
static bool read_port(struct config_reader *r, const struct config_key *key,
		      const struct yaml_node *node, const char *p, size_t n, uint16_t *out)
{
	bool optional = key->min == 1;
	char shown[CONFIG_SHOWN];
	int64_t v;

	if (n == 0 && optional) {
		*out = 0;
		return true;
	}
	if (n == 0) {
		fault_text(r, key, node, "complete; a port must follow, as in \"192.0.2.1:5060\"");
		return false;
	}
	if (!config_digits(p + 1, n - 1, &v) || v < 1 || v > 65535) {
		config_fault(r, node->mark, "%s: \"%s\" is not a port; allowed 1 to 65535",
			     key->name, config_show(shown, p + 1, n - 1));
		return false;
	}
	*out = (uint16_t)v;
	return true;
}

/* Length of the host part of "HOST", "HOST:PORT" or "[IPV6]:PORT"; 0 if there is none. */
static size_t host_len(const struct yaml_node *node)
{
	const char *end;

	if (node->len && node->text[0] == '[') {
		end = memchr(node->text, ']', node->len);
		if (!end || (end[1] != ':' && end + 1 != node->text + node->len))
			return 0;
		return (size_t)(end + 1 - node->text);
	}
	end = memchr(node->text, ':', node->len);
	return end ? (size_t)(end - node->text) : node->len;
}

/* Reads the address of a host part that may have brackets, which only IPv6 must have. */
static bool host_ip(const char *p, size_t n, struct ip *out)
{
	if (n > 2 && p[0] == '[')
		return memchr(p, ':', n) && config_ip(p + 1, n - 2, out);
	return config_ip(p, n, out);
}

/* Reads an address and port into @out; @words: what is allowed there. */
static void read_endpoint(struct config_reader *r, const struct config_key *key,
			  const struct yaml_node *node, const char *words, struct endpoint *out)
{
	struct endpoint e;
	struct ip bare;
	size_t n;

	if (!config_scalar(r, key, node))
		return;
	n = host_len(node);
	if (config_ip(node->text, node->len, &bare) && !ip_is_v4(&bare))
		fault_text(r, key, node,
			   "clear about its port; put IPv6 addresses into brackets: "
			   "\"[2001:db8::1]:5060\"");
	else if (!host_ip(node->text, n, &e.ip))
		fault_text(r, key, node, words);
	else if (usable(r, key, node, &e.ip) &&
		 read_port(r, key, node, node->text + n, node->len - n, &e.port))
		*out = e;
}

void config_read_ENDPOINT(struct config_reader *r, const struct config_key *key,
			  const struct yaml_node *node, void *out)
{
	read_endpoint(r, key, node,
		      "an IP address and port; allowed are \"192.0.2.1:5060\" and "
		      "\"[2001:db8::1]:5060\"",
		      out);
}

void config_read_SERVER(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	struct config_server *s = out;
	size_t n, len;

	if (node->kind != YAML_SCALAR) {
		config_scalar(r, key, node);
		return;
	}
	n = len = host_len(node);
	len -= n > 1 && node->text[n - 1] == '.';
	if (!config_is_hostname(node->text, len)) {
		read_endpoint(r, key, node,
			      "an IP address or a host name; allowed are \"192.0.2.1:5060\", "
			      "\"[2001:db8::1]:5060\", \"sip.example.com\" and "
			      "\"sip.example.com:5060\"",
			      &s->at);
		return;
	}
	if (read_port(r, key, node, node->text + n, node->len - n, &s->at.port))
		s->host = config_lower(r, node->text, len);
}

#define DNS_PORT 53

void config_read_RESOLVER(struct config_reader *r, const struct config_key *key,
			  const struct yaml_node *node, void *out)
{
	static const char words[] = "an IP address, with a port or without; allowed are "
				    "\"192.0.2.53\", \"192.0.2.53:5353\", \"2001:db8::53\" and "
				    "\"[2001:db8::53]:5353\"";
	struct config_resolver *resolver = out;
	struct endpoint e = { .port = DNS_PORT };
	size_t n;

	if (!config_scalar(r, key, node))
		return;
	if (!config_ip(node->text, node->len, &e.ip)) {
		n = host_len(node);
		if (!host_ip(node->text, n, &e.ip)) {
			fault_text(r, key, node, words);
			return;
		}
		if (n < node->len &&
		    !read_port(r, key, node, node->text + n, node->len - n, &e.port))
			return;
	}
	if (usable(r, key, node, &e.ip))
		resolver->address = e;
}

/* Splits "ADDRESS/LENGTH". A length of -1 comes out when there is no slash. */
static bool split_prefix(const struct yaml_node *node, struct ip *ip, int *len)
{
	const char *slash = memchr(node->text, '/', node->len);
	size_t n = slash ? (size_t)(slash - node->text) : node->len;
	int64_t v = -1;

	if (!config_ip(node->text, n, ip))
		return false;
	if (slash &&
	    (!config_digits(slash + 1, node->len - n - 1, &v) || v > (ip_is_v4(ip) ? 32 : 128)))
		return false;
	*len = (int)v;
	if (v >= 0 && ip_is_v4(ip))
		*len += 96;
	return true;
}

/* @ip without the bits beyond the first @len. */
static struct ip network(const struct ip *ip, int len)
{
	struct ip net = *ip;

	for (int i = 0; i < 16; i++) {
		int keep = len - i * 8;

		if (keep <= 0)
			net.b[i] = 0;
		else if (keep < 8)
			net.b[i] &= (uint8_t)(0xff << (8 - keep));
	}
	return net;
}

void config_read_PREFIX(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	struct config_prefix *p = out;
	char shown[CONFIG_SHOWN], text[CONFIG_SHOWN];
	struct ip ip, net;
	int len;

	if (!config_scalar(r, key, node))
		return;
	if (!split_prefix(node, &ip, &len)) {
		fault_text(r, key, node,
			   "a network; allowed are \"192.0.2.0/24\", \"2001:db8::/32\" and "
			   "single addresses");
		return;
	}
	if (len < 0)
		len = 128;
	net = network(&ip, len);
	if (!ip_equal(&net, &ip)) {
		config_fault(r, node->mark,
			     "%s: \"%s\" has bits set beyond its length; the network is "
			     "\"%s/%d\"",
			     key->name, config_show(text, node->text, node->len),
			     config_show_ip(shown, &net), ip_is_v4(&ip) ? len - 96 : len);
		return;
	}
	p->prefix.ip = ip;
	p->prefix.len = (uint8_t)len;
}

/* True if @ip is the network's own name or, for IPv4, its broadcast address: no host has those. */
static bool is_edge(const struct ip *ip, int len)
{
	struct ip net = network(ip, len);
	bool ones = true;

	if (len >= 127 || !ip_is_v4(ip))
		return len < 127 && ip_equal(&net, ip);
	for (int bit = len; bit < 128; bit++)
		ones = ones && (ip->b[bit / 8] & (0x80 >> (bit % 8)));
	return ones || ip_equal(&net, ip);
}

void config_read_ADDRESS(struct config_reader *r, const struct config_key *key,
			 const struct yaml_node *node, void *out)
{
	struct config_address *a = out;
	struct ip ip;
	int len;

	if (!config_scalar(r, key, node))
		return;
	if (!split_prefix(node, &ip, &len) || len < 0) {
		fault_text(r, key, node,
			   "an address with prefix length; allowed are \"192.0.2.10/24\" and "
			   "\"2001:db8::10/64\"");
		return;
	}
	if (!usable(r, key, node, &ip))
		return;
	if (len == 0 || len == 96 || is_edge(&ip, len)) {
		fault_text(r, key, node, "the address of one host in its network");
		return;
	}
	a->ip = ip;
	a->len = (uint8_t)len;
}
