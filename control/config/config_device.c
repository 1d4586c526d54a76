/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of devices, link addresses and host names.
 */
#include "control/config/config_reader.h"

#include <stdio.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that the two hexadecimal digits at @p make. */
static uint8_t octet(const char *p)
{
	return (uint8_t)((unsigned int)hex(p[0]) << 4 | (unsigned int)hex(p[1]));
}

/* True if @p has the form of @shape, where 'x' stands for a hexadecimal digit. */
static bool has_shape(const char *p, const char *shape)
{
	for (; *shape; p++, shape++) {
		if (*shape == 'x' ? hex(*p) < 0 : *p != *shape)
			return false;
	}
	return *p == '\0';
}

void config_read_MAC(struct config_reader *r, const struct config_key *key,
		     const struct yaml_node *node, void *out)
{
	static const uint8_t zero[6];
	char shown[CONFIG_SHOWN];
	uint8_t mac[6];

	if (!config_scalar(r, key, node))
		return;
	config_show(shown, node->text, node->len);
	if (!has_shape(node->text, "xx:xx:xx:xx:xx:xx") || node->len != 17) {
		config_fault(
			r, node->mark,
			"%s: \"%s\" is not an Ethernet address; allowed is \"02:00:00:00:00:01\"",
			key->name, shown);
		return;
	}
	for (size_t i = 0; i < 6; i++)
		mac[i] = octet(node->text + i * 3);
	if ((mac[0] & 1) || memcmp(mac, zero, sizeof(mac)) == 0)
		config_fault(
			r, node->mark,
			"%s: \"%s\" is not the address of one host; group addresses and zero are "
			"not allowed",
			key->name, shown);
	else
		memcpy(out, mac, sizeof(mac));
}

/* Why Linux could not have an interface called @name (dev_valid_name()); NULL = it could. */
static const char *bad_interface(const char *name)
{
	if (!name[0] || strlen(name) > 15)
		return "an interface name has 1 to 15 characters";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/: \t"))
		return "an interface name has no '/', ':' or space";
	return NULL;
}

/* Why @arg does not name a device of @kind; NULL = it may. */
static const char *bad_device(enum config_device_kind kind, const char *arg)
{
	switch (kind) {
	case CONFIG_DEVICE_PACKET:
	case CONFIG_DEVICE_XDP:
	case CONFIG_DEVICE_TAP:
		return bad_interface(arg);
	case CONFIG_DEVICE_PCI:
		if (has_shape(arg, "xxxx:xx:xx.x") || has_shape(arg, "xx:xx.x"))
			return NULL;
		return "a PCI address is written 0000:3b:00.0";
	case CONFIG_DEVICE_MEMIF:
		return !arg[0] || arg[0] == ',' ? "the path of a socket must follow" : NULL;
	default:
		return arg[0] ? NULL : "a DPDK device must follow, such as net_null0";
	}
}

static const struct config_word *device_kind(const struct config_word *words, const char *p,
					     size_t n)
{
	for (; words->name; words++) {
		if (strlen(words->name) == n && memcmp(words->name, p, n) == 0)
			return words;
	}
	return NULL;
}

void config_read_DEVICE(struct config_reader *r, const struct config_key *key,
			const struct yaml_node *node, void *out)
{
	const struct config_word *kind = NULL;
	struct config_device *d = out;
	const char *text = NULL, *colon, *why;
	char shown[CONFIG_SHOWN];

	config_read_TEXT(r, key, node, &text);
	if (!text)
		return;
	config_show(shown, node->text, node->len);
	colon = strchr(text, ':');
	if (colon)
		kind = device_kind(key->words, text, (size_t)(colon - text));
	if (!kind) {
		config_fault(r, node->mark,
			     "%s: \"%s\" is no device; allowed are packet:IF, xdp:IF, "
			     "pci:ADDR, memif:SOCKET, tap:IF and vdev:DPDK-DEVICE",
			     key->name, shown);
		return;
	}
	why = bad_device(kind->value, colon + 1);
	if (why) {
		config_fault(r, node->mark, "%s: \"%s\": %s", key->name, shown, why);
		return;
	}
	*d = (struct config_device){ kind->value, colon + 1, text };
}
