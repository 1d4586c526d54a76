/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the configuration to contexts. All files are read even after a fault, so that a person sees
 * every fault at once; nothing is in force before all is there.
 */
#include "control/stream/tls_name.h"
#include "control/stream/tls_state.h"
#include "control/wall_time.h"

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

struct load {
	const struct config *c;
	struct config_errors *errs, *warnings;
	struct tls_set *set;
	struct tls_authorities servers; /* who vouches for servers */
	int64_t now;                    /* seconds since 1970 */
	bool failed;
};

/* --- digests ----------------------------------------------------------------------------- */

static void digest(uint8_t out[TLS_DIGEST], const void *a, size_t n_a, const void *b, size_t n_b)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	memset(out, 0, TLS_DIGEST);
	if (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) && EVP_DigestUpdate(md, a, n_a) &&
	    EVP_DigestUpdate(md, b, n_b))
		EVP_DigestFinal_ex(md, out, NULL);
	EVP_MD_CTX_free(md);
}

/* --- faults ------------------------------------------------------------------------------ */

static void no_memory(struct load *l)
{
	l->failed = true;
	l->errs->no_memory = true;
}

/* Takes what a context was to be; says what is wrong if it is none. */
static SSL_CTX *checked(struct load *l, const struct tls_place *at, SSL_CTX *ctx)
{
	if (!ctx) {
		config_errors_add(l->errs, at->mark, "%s: %s: cannot be used: %s", at->key,
				  at->file, tls_error_text());
		l->failed = true;
	}
	return ctx;
}

/* The words for ciphers are wrong in every context alike, so they are tried once. */
static void check_ciphers(struct load *l)
{
	const struct config_tls *t = &l->c->tls;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx && !SSL_CTX_set_cipher_list(ctx, t->ciphers)) {
		config_errors_add(l->errs, t->at[CK_tls_ciphers],
				  "ciphers: no cipher suite of TLS 1.2 is known by these names");
		l->failed = true;
	}
	if (ctx && !SSL_CTX_set_ciphersuites(ctx, t->ciphersuites)) {
		config_errors_add(l->errs, t->at[CK_tls_ciphersuites],
				  "ciphersuites: no such cipher suite of TLS 1.3; allowed are %s",
				  CONFIG_TLS_CIPHERSUITES);
		l->failed = true;
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
}

/* --- listeners --------------------------------------------------------------------------- */

static struct tls_place place(struct load *l, const char *file, const char *key,
			      struct config_mark mark)
{
	return (struct tls_place){ file, key, mark, l->errs, l->warnings };
}

static void note_certificate(struct load *l, const struct config_listener *given, const char *file,
			     bool by_name, const struct tls_pair *pair)
{
	struct tls_certificate *c = &l->set->certificates[l->set->n_certificates++];

	X509_up_ref(pair->leaf);
	*c = (struct tls_certificate){
		.listener = arena_copy(&l->set->arena, given->name, strlen(given->name)),
		.file = arena_copy(&l->set->arena, file, strlen(file)),
		.by_name = by_name,
		.asks = given->client_ca != NULL,
		.cert = pair->leaf,
		.n_more = (uint32_t)sk_X509_num(pair->chain),
		.expires = pair->expires,
	};
	if (!c->listener || !c->file)
		no_memory(l);
}

/* Names with their contexts, while they are collected. */
struct names {
	struct tls_by_name *v;
	size_t n, room;
	SSL_CTX *ctx; /* of the names that are added; NULL = the first */
	bool failed;
};

/* One listener under way. */
struct job {
	struct load *l;
	const struct config_listener *given;
	struct tls_recipe r;
	struct names names;
};

static bool add_name(void *arg, const char *name)
{
	struct names *s = arg;
	size_t room = s->room ? 2 * s->room : 16;
	struct tls_by_name *v;

	if (s->n == s->room) {
		v = OPENSSL_realloc(s->v, room * sizeof(*v));
		s->failed = s->failed || !v;
		if (!v)
			return false;
		s->v = v;
		s->room = room;
	}
	v = &s->v[s->n];
	*v = (struct tls_by_name){ OPENSSL_strdup(name), s->ctx, (uint32_t)s->n };
	s->failed = s->failed || !v->name;
	if (!v->name)
		return false;
	if (s->ctx)
		SSL_CTX_up_ref(s->ctx);
	s->n++;
	return true;
}

/* Reads one pair and makes a context of it. NULL with faults; @pair is the caller's. */
static SSL_CTX *read_one(struct job *j, const struct tls_place *at, const struct tls_place *at_key,
			 struct tls_pair *pair)
{
	struct load *l = j->l;
	SSL_CTX *ctx;

	if (tls_pair_read(at, at_key, l->now, pair)) {
		l->failed = true;
		return NULL;
	}
	j->r.pair = pair;
	ctx = checked(l, at, tls_context_server(&j->r));
	j->r.pair = NULL;
	if (ctx)
		tls_pair_check_issuer(at, pair, &l->servers);
	return ctx;
}

/* Reads the further certificate @g. */
static void read_more(struct job *j, const struct config_certificate *g)
{
	struct tls_place at =
		place(j->l, g->certificate, "certificate", g->at[CK_certificate_certificate]);
	struct tls_place at_key = place(j->l, g->key, "key", g->at[CK_certificate_key]);
	size_t before = j->names.n;
	struct tls_pair pair = { 0 };

	j->names.ctx = read_one(j, &at, &at_key, &pair);
	if (j->names.ctx) {
		note_certificate(j->l, j->given, at.file, true, &pair);
		tls_names_each(pair.leaf, add_name, &j->names);
		if (j->names.n == before && j->l->warnings)
			config_errors_add(j->l->warnings, at.mark,
					  "certificate: %s: is for nobody, so it is never shown",
					  at.file);
	}
	SSL_CTX_free(j->names.ctx);
	j->names.ctx = NULL;
	tls_pair_free(&pair);
}

/* Reads the first certificate, which is also the one that is shown to servers. */
static void read_first(struct job *j, struct tls_listener *out)
{
	const struct config_listener *given = j->given;
	struct load *l = j->l;
	struct tls_place at =
		place(l, given->certificate, "certificate", given->at[CK_listener_certificate]);
	struct tls_place at_key = place(l, given->key, "key", given->at[CK_listener_key]);
	struct tls_recipe as_client = { .tls = &l->c->tls, .authorities = &l->servers };
	uint8_t leaf[EVP_MAX_MD_SIZE];
	struct tls_pair pair = { 0 };
	unsigned int n = 0;

	out->server = read_one(j, &at, &at_key, &pair);
	if (out->server) {
		note_certificate(l, given, at.file, false, &pair);
		tls_names_each(pair.leaf, add_name, &j->names);
		as_client.pair = &pair;
		out->client = checked(l, &at, tls_context_client(&as_client));
		X509_digest(pair.leaf, EVP_sha256(), leaf, &n);
		digest(out->policy, l->set->policy, TLS_DIGEST, leaf, n);
	}
	tls_pair_free(&pair);
}

/* Whom the listener lets in; NULL = it does not ask. */
static const struct tls_authorities *read_clients(struct load *l, const struct config_listener *g,
						  struct tls_authorities *out)
{
	struct tls_place at = place(l, g->client_ca, "client_ca", g->at[CK_listener_client_ca]);

	if (!g->client_ca)
		return NULL;
	if (tls_authorities_read(&at, out))
		l->failed = true;
	return out;
}

static void read_listener(struct load *l, const struct config_listener *given)
{
	struct tls_listener *out = &l->set->listeners[l->set->n_listeners++];
	struct job j = { .l = l, .given = given, .r = { .tls = &l->c->tls } };
	struct tls_authorities clients = { 0 };

	j.r.authorities = read_clients(l, given, &clients);
	memcpy(j.r.id, clients.digest, TLS_DIGEST);
	out->at = given->address;
	out->name = arena_copy(&l->set->arena, given->name, strlen(given->name));
	memcpy(out->clients, clients.digest, TLS_DIGEST);
	if (!out->name)
		no_memory(l);
	if (!given->client_ca || clients.store) {
		read_first(&j, out);
		for (uint32_t i = 0; i < given->n_sni; i++)
			read_more(&j, &given->sni[i]);
	}
	/* Takes the names also where there is no context to give them to. */
	if (tls_context_names(out->server, j.names.v, j.names.n) || j.names.failed)
		no_memory(l);
	tls_authorities_free(&clients);
}

/* --- the whole --------------------------------------------------------------------------- */

/* True if something of the configuration speaks TLS. */
static bool uses_tls(const struct config *c)
{
	for (uint32_t i = 0; i < c->n_listeners; i++) {
		if (c->listeners[i].transports & CONFIG_TLS)
			return true;
	}
	for (uint32_t i = 0; i < c->n_pools; i++) {
		for (uint32_t k = 0; k < c->pools[i].n_backends; k++) {
			if (c->pools[i].backends[k].transports & CONFIG_TLS)
				return true;
		}
	}
	return false;
}

/* The authorities of servers. The default file may be missing: a node may never need it. */
static void read_servers(struct load *l)
{
	const struct config_tls *t = &l->c->tls;
	struct tls_place at = place(l, t->ca, "ca", t->at[CK_tls_ca]);

	if (CONFIG_GIVEN(t, tls, ca) || access(t->ca, R_OK) == 0) {
		if (tls_authorities_read(&at, &l->servers))
			l->failed = true;
		return;
	}
	if (tls_authorities_none(&l->servers))
		no_memory(l);
	if (l->warnings && uses_tls(l->c) && t->verify)
		config_errors_add(l->warnings, l->c->mark,
				  "tls.ca: there is no %s, so no server is trusted", t->ca);
}

static bool make_room(struct load *l)
{
	struct tls_set *set = l->set;
	uint32_t n = 0, n_certificates = 0;

	for (uint32_t i = 0; i < l->c->n_listeners; i++) {
		if (!(l->c->listeners[i].transports & CONFIG_TLS))
			continue;
		n++;
		n_certificates += 1 + l->c->listeners[i].n_sni;
	}
	set->listeners = arena_alloc(&set->arena, n * sizeof(*set->listeners));
	set->certificates = arena_alloc(&set->arena, n_certificates * sizeof(*set->certificates));
	return set->listeners && set->certificates;
}

/* Fills the set; faults are noted. */
static void fill(struct load *l)
{
	struct tls_recipe r = { .tls = &l->c->tls, .authorities = &l->servers };
	struct tls_place at = {
		.file = "tls", .key = "tls", .mark = l->c->tls.mark, .errs = l->errs
	};

	l->set->resumption_ms = l->c->tls.resumption;
	check_ciphers(l);
	read_servers(l);
	if (l->failed)
		return;
	memcpy(l->set->servers, l->servers.digest, TLS_DIGEST);
	digest(l->set->policy, l->servers.digest, TLS_DIGEST, &l->c->tls.verify,
	       sizeof(l->c->tls.verify));
	l->set->client = checked(l, &at, tls_context_client(&r));
	for (uint32_t i = 0; i < l->c->n_listeners; i++) {
		if (l->c->listeners[i].transports & CONFIG_TLS)
			read_listener(l, &l->c->listeners[i]);
	}
}

struct tls_set *tls_load(const struct config *c, struct config_errors *errs,
			 struct config_errors *warnings)
{
	struct load l = { .c = c, .errs = errs, .warnings = warnings };

	config_errors_file(errs, c->file);
	if (warnings)
		config_errors_file(warnings, c->file);
	l.now = (int64_t)(wall_time_ms() / 1000);
	l.set = mem_alloc(sizeof(*l.set));
	if (l.set && make_room(&l))
		fill(&l);
	else
		no_memory(&l);
	tls_authorities_free(&l.servers);
	config_errors_sort(errs);
	if (warnings)
		config_errors_sort(warnings);
	if (!l.failed)
		return l.set;
	tls_set_free(l.set);
	return NULL;
}

void tls_set_free(struct tls_set *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->n_listeners; i++) {
		SSL_CTX_free(set->listeners[i].server);
		SSL_CTX_free(set->listeners[i].client);
	}
	for (uint32_t i = 0; i < set->n_certificates; i++)
		X509_free(set->certificates[i].cert);
	SSL_CTX_free(set->client);
	arena_free(&set->arena);
	mem_free(set);
}
