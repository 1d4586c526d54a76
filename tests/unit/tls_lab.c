/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/tls_lab.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* --- certificates ------------------------------------------------------------------------ */

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	cr_assert(ext && X509_add_ext(cert, ext, -1), "extension %s", value);
	X509_EXTENSION_free(ext);
}

static void set_name(X509 *cert, const struct tls_lab_wish *wish)
{
	X509_NAME *name = X509_get_subject_name(cert);

	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Lab", -1, -1,
				   0);
	if (wish->cn)
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					   (const unsigned char *)wish->cn, -1, -1, 0);
}

struct tls_lab_cert tls_lab_cert_new(const struct tls_lab_wish *wish,
				     const struct tls_lab_cert *issuer)
{
	static long serial = 1000;
	struct tls_lab_cert c = { X509_new(),
				  wish->rsa_1024 ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256") };
	X509 *by = issuer ? issuer->cert : c.cert;

	cr_assert(c.cert && c.key);
	X509_set_version(c.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c.cert), wish->serial ? wish->serial : ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), wish->from ? wish->from : -TLS_LAB_DAY);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), wish->until ? wish->until : 365 * TLS_LAB_DAY);
	X509_set_pubkey(c.cert, c.key);
	set_name(c.cert, wish);
	X509_set_issuer_name(c.cert, X509_get_subject_name(by));
	add_extension(c.cert, by, NID_basic_constraints,
		      wish->ca ? "critical,CA:TRUE" : "CA:FALSE");
	add_extension(c.cert, by, NID_subject_alt_name, wish->san);
	add_extension(c.cert, by, NID_ext_key_usage, wish->eku);
	cr_assert(X509_sign(c.cert, issuer ? issuer->key : c.key, EVP_sha256()));
	return c;
}

void tls_lab_cert_free(struct tls_lab_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

/* --- files ------------------------------------------------------------------------------- */

void tls_lab_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/viaduct-tls.XXXXXX");
	cr_assert(mkdtemp(folder));
}

void tls_lab_clean(void)
{
	DIR *dir = opendir(folder);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_name[0] != '.')
			unlink(tls_lab_path(e->d_name));
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

const char *tls_lab_path(const char *name)
{
	static char paths[8][320];
	static unsigned int turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

void tls_lab_write_certs(const char *name, const struct tls_lab_cert *const list[])
{
	FILE *f = fopen(tls_lab_path(name), "w");

	cr_assert(f);
	for (; *list; list++)
		cr_assert(PEM_write_X509(f, (*list)->cert));
	fclose(f);
}

void tls_lab_write_key(const char *name, const struct tls_lab_cert *c, const char *pass)
{
	mode_t old = umask(0077);
	FILE *f = fopen(tls_lab_path(name), "w");

	umask(old);
	cr_assert(f);
	cr_assert(PEM_write_PKCS8PrivateKey(f, c->key, pass ? EVP_aes_128_cbc() : NULL, pass,
					    pass ? (int)strlen(pass) : 0, NULL, NULL));
	fclose(f);
}

void tls_lab_write_pair(const char *name, const struct tls_lab_cert *c)
{
	const struct tls_lab_cert *const list[] = { c, NULL };
	char file[64];

	snprintf(file, sizeof(file), "%s.pem", name);
	tls_lab_write_certs(file, list);
	snprintf(file, sizeof(file), "%s.key", name);
	tls_lab_write_key(file, c, NULL);
}

void tls_lab_config(const char *text, struct config *out)
{
	static const char tail[] =
		"interfaces: [{name: net, device: \"packet:eth0\"}]\n"
		"pools: [{name: core, backends: [{name: a, address: \"10.0.0.1\"}]}]\n"
		"routes: [{pool: core}]\n";
	struct config_errors errs = { 0 };
	char whole[8192] = "";
	size_t n = 0;

	for (; *text; text++) {
		bool place = *text == '@';

		n += (size_t)snprintf(whole + n, sizeof(whole) - n, place ? "%s" : "%.1s",
				      place ? folder : text);
	}
	n += (size_t)snprintf(whole + n, sizeof(whole) - n, "%s", tail);
	cr_assert(config_load_memory("test.yaml", whole, n, out, &errs) == 0, "%s",
		  errs.n ? errs.v[0].text : "");
	config_errors_free(&errs);
}

/* --- handshakes -------------------------------------------------------------------------- */

void tls_lab_join(SSL *client, SSL *server)
{
	BIO *a, *b;

	cr_assert(client && server);
	cr_assert(BIO_new_bio_pair(&a, 65536, &b, 65536));
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
}

/* One turn of one side: what is there is read, what follows a handshake too. */
static bool step(SSL *ssl)
{
	char byte;
	int rc = SSL_is_init_finished(ssl) ? SSL_peek(ssl, &byte, 1) : SSL_do_handshake(ssl);

	return rc > 0 || SSL_get_error(ssl, rc) == SSL_ERROR_WANT_READ;
}

bool tls_lab_handshake(SSL *client, SSL *server)
{
	bool ok = true;

	tls_lab_join(client, server);
	for (int i = 0; i < 8 && ok; i++)
		ok = step(client) & step(server);
	/* An alert of the side that failed last is still under way. */
	if (!ok) {
		step(client);
		step(server);
	}
	ERR_clear_error();
	return ok && SSL_is_init_finished(client) && SSL_is_init_finished(server);
}

bool tls_lab_talk(SSL *client, SSL *server)
{
	static const char ping[] = "ping", pong[] = "pong";
	char got[8] = "";
	bool ok = SSL_write(client, ping, 5) == 5 && SSL_read(server, got, 8) == 5 &&
		  strcmp(got, ping) == 0 && SSL_write(server, pong, 5) == 5 &&
		  SSL_read(client, got, 8) == 5 && strcmp(got, pong) == 0;

	ERR_clear_error();
	return ok;
}

struct endpoint tls_lab_endpoint(int n)
{
	const uint8_t ip[] = { 192, 0, 2, (uint8_t)n };

	return (struct endpoint){ ip_from_v4(ip), 5061 };
}
