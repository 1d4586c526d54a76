/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/stream/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CHAIN_MAX 10 /* certificates of one file */

const char *tls_error_text(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return text ? text : "unknown error";
}

__attribute__((format(printf, 2, 3))) static void fault(const struct tls_place *at, const char *fmt,
							...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config_errors_add(at->errs, at->mark, "%s: %s: %s", at->key, at->file, text);
}

__attribute__((format(printf, 2, 3))) static void warn(const struct tls_place *at, const char *fmt,
						       ...)
{
	char text[512];
	va_list ap;

	if (!at->warnings)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config_errors_add(at->warnings, at->mark, "%s: %s: %s", at->key, at->file, text);
}

static BIO *open_file(const struct tls_place *at)
{
	BIO *file;

	errno = 0;
	file = BIO_new_file(at->file, "r");
	if (!file)
		fault(at, "cannot be read: %s", strerror(errno ? errno : EIO));
	ERR_clear_error();
	return file;
}

/* --- times ------------------------------------------------------------------------------- */

static int64_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) : 0;
}

int64_t tls_expires(const X509 *cert)
{
	return seconds_of(X509_get0_notAfter(cert));
}

static const char *subject(const X509 *cert, char *out, int n)
{
	X509_NAME_oneline(X509_get_subject_name(cert), out, n);
	return out;
}

static void check_times(const struct tls_place *at, const X509 *cert, int64_t now)
{
	char name[128];

	if (tls_expires(cert) <= now)
		warn(at, "%s has expired: peers will refuse it", subject(cert, name, sizeof(name)));
	else if (seconds_of(X509_get0_notBefore(cert)) > now)
		warn(at, "%s is not valid yet: peers will refuse it",
		     subject(cert, name, sizeof(name)));
}

/* --- chain and key ----------------------------------------------------------------------- */

/* True if the reader stopped since there is no more PEM. */
static bool ended_well(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static int read_chain(const struct tls_place *at, struct tls_pair *out)
{
	BIO *file = open_file(at);
	X509 *cert;

	if (!file)
		return -EINVAL;
	out->chain = sk_X509_new_null();
	out->leaf = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL);
	while (out->leaf && sk_X509_num(out->chain) < CHAIN_MAX &&
	       (cert = PEM_read_bio_X509(file, NULL, NULL, NULL)))
		sk_X509_push(out->chain, cert);
	BIO_free(file);
	if (!out->leaf && ended_well())
		fault(at, "holds no certificate in PEM");
	else if (!out->leaf || (sk_X509_num(out->chain) < CHAIN_MAX && !ended_well()))
		fault(at, "cannot be understood: %s", tls_error_text());
	else {
		ERR_clear_error();
		return 0;
	}
	ERR_clear_error();
	return -EINVAL;
}

/* Nobody is there to type a pass phrase. */
static int no_pass_phrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	*(bool *)arg = true;
	return -1;
}

static int read_key(const struct tls_place *at, struct tls_pair *out)
{
	BIO *file = open_file(at);
	bool asked = false;
	struct stat st;

	if (!file)
		return -EINVAL;
	out->key = PEM_read_bio_PrivateKey(file, NULL, no_pass_phrase, &asked);
	BIO_free(file);
	if (!out->key && asked)
		fault(at, "is encrypted; allowed are keys without a pass phrase");
	else if (!out->key)
		fault(at, "holds no private key in PEM that can be used");
	ERR_clear_error();
	if (out->key && stat(at->file, &st) == 0 && (st.st_mode & S_IRWXO))
		warn(at, "mode %04o lets everybody at the key; 0600 or 0640 is right",
		     (unsigned int)(st.st_mode & 07777));
	return out->key ? 0 : -EINVAL;
}

/* Each certificate of a chain must be issued by the next one (RFC 5246 7.4.2; RFC 8446 asks for
 * less, but a chain out of order is nearly always a wrong file). */
static void check_order(const struct tls_place *at, const struct tls_pair *pair)
{
	X509 *below = pair->leaf;
	char name[128];

	for (int i = 0; i < sk_X509_num(pair->chain); i++) {
		X509 *issuer = sk_X509_value(pair->chain, i);

		if (X509_check_issued(issuer, below) != X509_V_OK ||
		    X509_verify(below, X509_get0_pubkey(issuer)) != 1) {
			warn(at, "certificate %d of the file did not issue the one before it, %s",
			     i + 2, subject(below, name, sizeof(name)));
			ERR_clear_error();
			return;
		}
		below = issuer;
	}
}

static void check_pair(const struct tls_place *at, struct tls_pair *pair, int64_t now)
{
	pair->expires = tls_expires(pair->leaf);
	check_times(at, pair->leaf, now);
	for (int i = 0; i < sk_X509_num(pair->chain); i++) {
		X509 *cert = sk_X509_value(pair->chain, i);

		check_times(at, cert, now);
		if (tls_expires(cert) < pair->expires)
			pair->expires = tls_expires(cert);
	}
	check_order(at, pair);
	if (X509_check_purpose(pair->leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
		warn(at, "is not meant for servers (extended key usage): peers may refuse it");
}

int tls_pair_read(const struct tls_place *at, const struct tls_place *at_key, int64_t now,
		  struct tls_pair *out)
{
	struct tls_pair pair = { 0 };
	int rc = read_chain(at, &pair), rc_key = read_key(at_key, &pair);

	rc = rc ? rc : rc_key;
	if (rc == 0 && X509_check_private_key(pair.leaf, pair.key) != 1) {
		fault(at_key, "is not the key of the certificate in %s", at->file);
		ERR_clear_error();
		rc = -EINVAL;
	}
	if (rc) {
		tls_pair_free(&pair);
		*out = pair;
		return rc;
	}
	check_pair(at, &pair, now);
	*out = pair;
	return 0;
}

void tls_pair_check_issuer(const struct tls_place *at, const struct tls_pair *pair,
			   const struct tls_authorities *authorities)
{
	X509 *end = pair->leaf;
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *issuer = NULL;
	char name[128];

	if (sk_X509_num(pair->chain) || X509_self_signed(end, 0) == 1 || !ctx ||
	    !X509_STORE_CTX_init(ctx, authorities->store, end, NULL)) {
		X509_STORE_CTX_free(ctx);
		return;
	}
	if (X509_STORE_CTX_get1_issuer(&issuer, ctx, end) != 1) {
		X509_NAME_oneline(X509_get_issuer_name(end), name, sizeof(name));
		warn(at,
		     "the issuer %s is neither in the file nor in tls.ca; peers that do not have "
		     "it cannot check the certificate",
		     name);
	}
	X509_free(issuer);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
}

void tls_pair_free(struct tls_pair *pair)
{
	X509_free(pair->leaf);
	sk_X509_pop_free(pair->chain, X509_free);
	EVP_PKEY_free(pair->key);
	*pair = (struct tls_pair){ 0 };
}

/* --- authorities ------------------------------------------------------------------------- */

/* Adds all certificates of @file to @out. */
static int add_all(BIO *file, struct tls_authorities *out)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	X509 *cert;
	int ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL);

	while (ok && (cert = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL))) {
		uint8_t one[EVP_MAX_MD_SIZE];
		unsigned int n = 0;
		X509_NAME *name = X509_NAME_dup(X509_get_subject_name(cert));

		ok = X509_digest(cert, EVP_sha256(), one, &n) && EVP_DigestUpdate(md, one, n) &&
		     X509_STORE_add_cert(out->store, cert) && name &&
		     sk_X509_NAME_push(out->names, name);
		if (!ok)
			X509_NAME_free(name);
		X509_free(cert);
		out->n++;
	}
	ok = ok && ended_well() && EVP_DigestFinal_ex(md, out->digest, NULL);
	EVP_MD_CTX_free(md);
	return ok;
}

int tls_authorities_none(struct tls_authorities *out)
{
	*out = (struct tls_authorities){ .store = X509_STORE_new(),
					 .names = sk_X509_NAME_new_null() };
	if (out->store && out->names)
		return 0;
	tls_authorities_free(out);
	return -ENOMEM;
}

int tls_authorities_read(const struct tls_place *at, struct tls_authorities *out)
{
	BIO *file = open_file(at);
	bool ok;

	*out = (struct tls_authorities){ 0 };
	if (!file)
		return -EINVAL;
	ok = tls_authorities_none(out) == 0 && add_all(file, out);
	BIO_free(file);
	if (!ok)
		fault(at, "cannot be understood: %s", tls_error_text());
	else if (out->n == 0)
		fault(at, "holds no certificate in PEM");
	ERR_clear_error();
	/* What the file names is trusted, root or not: one server's own certificate will do. */
	if (ok && out->n && X509_STORE_set_flags(out->store, X509_V_FLAG_PARTIAL_CHAIN))
		return 0;
	tls_authorities_free(out);
	return -EINVAL;
}

void tls_authorities_free(struct tls_authorities *a)
{
	X509_STORE_free(a->store);
	sk_X509_NAME_pop_free(a->names, X509_NAME_free);
	*a = (struct tls_authorities){ 0 };
}
