/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration file as the rest of the control thread sees it (contract section 3).
 *
 * config_load_file() and config_load_memory() turn one YAML file into one struct config, or into
 * the list of everything that is wrong with it. Keys, types, bounds, defaults and help stand in one
 * table, control/config/config_keys.def, from which this header takes its key numbers. A struct
 * config is immutable once loaded, owns all that it points to, and has every default filled in;
 * what the machine decides (interface addresses, number of cores) stays 0 and is said so at the
 * field. Control thread only.
 *
 * Every section and every element of a list begins with the place in the file where it stands, and
 * every section also has the place of each of its keys, so that checks made later (does eth0
 * exist?) can name it. A place with line 0 means: not in the file, the default holds.
 */
#pragma once

#include "control/config/err.h"
#include "dataplane/proxy/fib.h"
#include "dataplane/proxy/key.h"
#include "dataplane/sip/ip.h"
#include "dataplane/sip/uri.h"

#define CONFIG_FILE_MAX (8u << 20) /* bytes; room for CONFIG_BACKENDS_MAX backends */
#define CONFIG_BACKENDS_MAX 65535u /* in all pools together: backend indexes have 16 bits */

/* Numbers of the keys within their section: CK_pool_table_size; CK_pool_N is how many there are.
 * Keys stay in lower case, as the table has them: the preprocessor cannot raise them. */
enum config_key_number {
#define SECTION(section, ...) CK_##section##_START_ = -1,
#define KEY(section, field, ...) CK_##section##_##field,
#define LIST(section, field, ...) CK_##section##_##field,
#define MAP(section, field, ...) CK_##section##_##field,
#define MAPS(section, field, ...) CK_##section##_##field,
#define SECTION_END(section) CK_##section##_N,
#include "control/config/config_keys.def"
};

/** True if the file gives @key in @ptr, a pointer to the struct of @section. */
#define CONFIG_GIVEN(ptr, section, key) ((ptr)->at[CK_##section##_##key].line != 0)

#define CONFIG_SOCKET_PATH "/run/viaduct/control.sock" /* of the control socket, by default */

#define CONFIG_CA_PATH "/etc/ssl/certs/ca-certificates.crt" /* authorities, by default */

/* Forward secrecy and authenticated encryption only (RFC 9325 4.2; RFC 7905). */
#define CONFIG_TLS_CIPHERS                                           \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define CONFIG_TLS_CIPHERSUITES \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

/* Transports, as a set. */
#define CONFIG_UDP (1u << SIP_UDP)
#define CONFIG_TCP (1u << SIP_TCP)
#define CONFIG_TLS (1u << SIP_TLS)

enum config_idle { CONFIG_IDLE_SLEEP, CONFIG_IDLE_SPIN };

enum config_hugepages { CONFIG_HUGEPAGES_AUTO, CONFIG_HUGEPAGES_ON, CONFIG_HUGEPAGES_OFF };

#define CONFIG_XDP_MTU 3498 /* bytes of IP packet that AF_XDP takes with two VLAN tags */

enum config_device_kind {
	CONFIG_DEVICE_NONE,
	CONFIG_DEVICE_PACKET,
	CONFIG_DEVICE_XDP,
	CONFIG_DEVICE_PCI,
	CONFIG_DEVICE_MEMIF,
	CONFIG_DEVICE_TAP,
	CONFIG_DEVICE_VDEV
};

/* Never CONFIG_KERNEL_DEFAULT after loading: shared for packet and xdp, tap for pci, else none. */
enum config_kernel {
	CONFIG_KERNEL_DEFAULT,
	CONFIG_KERNEL_SHARED,
	CONFIG_KERNEL_TAP,
	CONFIG_KERNEL_NONE
};

enum config_state { CONFIG_STATE_UP, CONFIG_STATE_DRAIN, CONFIG_STATE_DOWN };

enum config_tls_version { CONFIG_TLS_1_2, CONFIG_TLS_1_3 };

enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };

/* packet:eth0 -> CONFIG_DEVICE_PACKET, "eth0". */
struct config_device {
	enum config_device_kind kind;
	const char *arg;  /* what follows the first colon */
	const char *text; /* the whole */
};

/* An address of an interface: the host's own bits are kept. */
struct config_address {
	struct config_mark mark;
	struct ip ip;
	uint8_t len; /* 0 to 128; IPv4 counts from 96, as in struct prefix */
};

struct config_prefix {
	struct config_mark mark;
	struct prefix prefix; /* no bits set beyond its length */
};

struct config_gateway {
	struct config_mark mark;
	struct ip ip;
};

/* A host of Request-URIs: a name, an address, or a name with "*." before it. */
struct config_domain {
	struct config_mark mark;
	const char *name; /* lower case, no dot at the end, without the "*."; addresses as in RFC
			     5952 */
	bool wildcard;    /* any name that ends in "." and this one, but not this one; name "": any
			     host */
	bool is_ip;
	struct ip ip; /* if is_ip */
};

struct config_method {
	struct config_mark mark;
	const char *name; /* as written: methods are case-sensitive (RFC 3261 7.1) */
};

/* Status codes from low to high, both included. */
struct config_codes {
	struct config_mark mark;
	uint16_t low;
	uint16_t high;
};

struct config_advertise {
	const char *host; /* NULL = none; lower case; IPv6 in brackets, ready for a Via */
	uint16_t port;    /* 0 = none given */
};

struct config_control {
	struct config_mark mark;
	struct config_mark at[CK_control_N];
	const char *socket;   /* path */
	uint32_t mode;        /* of the socket */
	const char *group;    /* of the socket; NULL = as the process has it */
	struct endpoint http; /* port 0 = off */
	bool telemetry;
};

struct config_neighbor {
	struct config_mark mark;
	struct config_mark at[CK_neighbor_N];
	struct ip address;
	uint8_t mac[6];
};

struct config_interface {
	struct config_mark mark;
	struct config_mark at[CK_interface_N];
	const char *name;
	struct config_device device;
	enum config_kernel kernel;
	uint32_t mtu;                     /* 0 = what the device says */
	struct config_address *addresses; /* none = what Linux has */
	uint32_t n_addresses;
	uint32_t n_neighbors;
	struct config_neighbor *neighbors;
	struct config_gateway *gateway; /* at most one of each family */
	uint32_t n_gateway;
};

/* A certificate that a listener has beside its first. */
struct config_certificate {
	struct config_mark mark;
	struct config_mark at[CK_certificate_N];
	const char *certificate; /* paths */
	const char *key;
};

struct config_listener {
	struct config_mark mark;
	struct config_mark at[CK_listener_N];
	const char *name;
	struct endpoint address; /* port filled in: 5060, or 5061 when only tls */
	uint32_t transports;     /* CONFIG_UDP | ... */
	const char *certificate; /* paths, NULL = none */
	const char *key;
	const char *client_ca;
	struct config_certificate *sni;
	uint32_t n_sni;
	struct config_advertise advertise;
};

struct config_probe {
	struct config_mark mark;
	struct config_mark at[CK_probe_N];
	uint32_t interval; /* ms */
	uint32_t timeout;  /* ms */
	uint32_t rise;
	uint32_t fall;
	struct config_codes *accept;
	uint32_t n_accept;
	struct ip source;        /* all zero = as Linux chooses */
	const char *from;        /* URI; NULL = made from the source */
	const char *request_uri; /* NULL = made from the address */
};

struct config_passive {
	struct config_mark mark;
	struct config_mark at[CK_passive_N];
	uint32_t window;      /* ms */
	uint32_t unreachable; /* 0 = off, as the next two */
	uint32_t silence;     /* requests */
	uint32_t errors;      /* percent */
	uint32_t eject_time;  /* ms */
	uint32_t rest_max;    /* ms */
	bool eject;
	bool rest;
};

/* TCP and TLS connections to each backend of a pool. */
struct config_connections {
	struct config_mark mark;
	struct config_mark at[CK_connections_N];
	uint32_t size;
	uint32_t warm; /* at most size */
};

/* Where a server is: at an address, or at those of a name. */
struct config_server {
	struct endpoint at; /* all zero if there is a name, but for the port, 0 = none given */
	const char *host;   /* lower case; NULL = an address */
};

struct config_backend {
	struct config_mark mark;
	struct config_mark at[CK_backend_N];
	const char *name;
	struct config_server
		address; /* port of an address filled in: 5060, or 5061 when only tls */
	uint32_t transports;
	uint32_t tls_port;    /* filled in if it takes TLS; else 0 */
	const char *tls_name; /* lower case; NULL = that of the pool */
	uint32_t weight;
	uint32_t tier;
	enum config_state state;
};

struct config_pool {
	struct config_mark mark;
	struct config_mark at[CK_pool_N];
	const char *name;
	struct key_spec key;
	struct config_probe probe; /* holds only if CONFIG_GIVEN(pool, pool, probe) */
	struct config_passive passive;
	uint32_t panic;       /* percent */
	uint32_t mtu;         /* known path MTU (RFC 3261 18.1.1), 0 = unknown */
	uint32_t table_size;  /* prime */
	uint32_t slow_start;  /* ms; 0 = off */
	const char *tls_name; /* of backends without their own; NULL = their addresses */
	struct config_connections connections;
	uint32_t n_backends;
	struct config_backend *backends;
};

/* Conditions of a route, all of which must hold; a list of n 0 holds always. */
struct config_match {
	struct config_mark mark;
	struct config_mark at[CK_match_N];
	struct config_method *method;
	uint32_t n_method;
	uint32_t n_domain;
	struct config_domain *domain;
	struct config_prefix *source;
	uint32_t n_source;
};

struct config_route {
	struct config_mark mark;
	struct config_mark at[CK_route_N];
	struct config_match match;
	const char *pool;
	uint32_t pool_index; /* of struct config's pools */
};

struct config_host {
	struct config_mark mark;
	struct config_mark at[CK_host_N];
	const char *name; /* lower case */
	struct ip address;
};

struct config_resolver {
	struct config_mark mark;
	struct endpoint address; /* port filled in */
};

struct config_dns {
	struct config_mark mark;
	struct config_mark at[CK_dns_N];
	uint32_t timeout; /* ms, for one try */
	uint32_t attempts;
	uint32_t wait;    /* ms, for one message */
	uint32_t queries; /* at one time */
	uint32_t cache_entries;
	uint32_t cache_memory_mb;  /* MiB */
	uint32_t ttl_min, ttl_max; /* ms */
	uint32_t stale;            /* ms; 0 = none */
};

struct config_reassembly {
	struct config_mark mark;
	struct config_mark at[CK_reassembly_N];
	uint32_t memory_mb; /* MiB per worker */
	uint32_t timeout;   /* ms */
};

struct config_tls {
	struct config_mark mark;
	struct config_mark at[CK_tls_N];
	const char *ca; /* path */
	bool verify;
	enum config_tls_version min_version;
	const char *ciphers;      /* OpenSSL's words, separated by colons */
	const char *ciphersuites; /* likewise */
	uint32_t resumption;      /* ms; 0 = off */
	uint32_t handshakes;      /* of clients, per second */
};

struct config_streams {
	struct config_mark mark;
	struct config_mark at[CK_streams_N];
	uint32_t max_connections;
	uint32_t max_per_source;
	uint32_t message_time; /* ms, as the next two */
	uint32_t idle_time;
	uint32_t connect_timeout;
	uint32_t buffer_kb; /* KiB of each connection */
	uint32_t memory_mb; /* MiB of all */
};

struct config_log {
	struct config_mark mark;
	struct config_mark at[CK_log_N];
	enum config_log_level level;
	enum config_log_format format;
};

struct config_alarms {
	struct config_mark mark;
	struct config_mark at[CK_alarms_N];
	uint32_t busy;  /* percent */
	uint32_t drops; /* per second */
	uint32_t queue; /* percent */
	uint32_t certificate_days;
};

struct config {
	struct config_mark mark;
	struct config_mark at[CK_top_N];
	const char *node;
	uint32_t workers; /* 0 = cores - 1, at least 1 */
	enum config_idle idle;
	enum config_hugepages hugepages;
	const char *secret; /* path; when not given, the file is made at the first start */
	struct config_control control;
	struct config_interface *interfaces;
	uint32_t n_interfaces;
	uint32_t n_listeners; /* 0 = UDP and TCP 5060 on every address of every interface */
	struct config_listener *listeners;
	struct config_domain *domains; /* never wildcards */
	uint32_t n_domains;
	uint32_t n_trusted;
	struct config_prefix *trusted;
	struct config_host *hosts;
	uint32_t n_hosts;
	struct config_resolver *resolvers; /* none = those of /etc/resolv.conf */
	uint32_t n_resolvers;
	struct config_dns dns;
	uint32_t n_pools;
	struct config_pool *pools;
	struct config_route *routes;
	uint32_t n_routes;
	uint32_t max_breadth;  /* 0 = leave Max-Breadth alone, else what RFC 5393 5.3.3 adds */
	uint32_t answer_limit; /* error answers per second and worker */
	uint32_t transaction_window; /* ms; 0 = none */
	uint32_t window_memory_mb;   /* of the filter of one epoch */
	struct config_reassembly reassembly;
	struct config_streams streams;
	struct config_tls tls;
	struct config_log log;
	struct config_alarms alarms;
	bool record_route;
	bool preloaded_route;
	const char *file; /* name given to the loader */
	struct arena arena;
};

/**
 * Reads the file at @path. Returns 0 with *@out filled, to be freed by config_free(); -EINVAL with
 * every fault that was found added to @errs; -ENOMEM; or another negative errno when the file could
 * not be read, which is in @errs as well. On failure *@out is untouched.
 */
int config_load_file(const char *path, struct config *out, struct config_errors *errs);

/** As config_load_file(), from the @n bytes at @text; @name stands for the file in remarks. */
int config_load_memory(const char *name, const void *text, size_t n, struct config *out,
		       struct config_errors *errs);

/** Frees what @c owns and zeroes it. An all-zero struct is allowed. */
void config_free(struct config *c);

/** Adds to @warnings what is valid in @c but likely not meant. Returns 0 or -ENOMEM. */
int config_warnings(const struct config *c, struct config_errors *warnings);

/**
 * Adds to @errs each key that differs between @running and @next and that only a restart can
 * change, named by its place in @next. Returns 0 if there is none, -EBUSY, or -ENOMEM.
 */
int config_needs_restart(const struct config *running, const struct config *next,
			 struct config_errors *errs);

/** Writes the reference of all keys to @to as Markdown, made from the key table. */
void config_print_keys(FILE *to);
