/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command: certificates.
 */
#include "control/app.h"
#include "control/rpc/rpc.h"
#include "control/stream/tls.h"
#include "control/stream/tls_name.h"
#include "control/wall_time.h"

#include <openssl/evp.h>
#include <stdio.h>

static bool append_name(void *arg, const char *name)
{
	return json_array_append_new(arg, rpc_string(name)) == 0;
}

static json_t *names_json(const X509 *cert)
{
	json_t *list = json_array();

	tls_names_each(cert, append_name, list);
	return list;
}

/* "O=Example, CN=sip.example.com" (RFC 2253, read forwards). */
static json_t *subject_json(const X509_NAME *name)
{
	BIO *text = BIO_new(BIO_s_mem());
	json_t *json = NULL;
	char *p;

	if (text &&
	    X509_NAME_print_ex(text, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0 &&
	    BIO_write(text, "", 1) == 1 && BIO_get_mem_data(text, &p) > 0)
		json = rpc_string(p);
	BIO_free(text);
	return json ? json : json_null();
}

/* SHA-256 of the whole, as `openssl x509 -fingerprint -sha256` has it, without colons. */
static json_t *fingerprint_json(const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned int n = 0;

	if (!X509_digest(cert, EVP_sha256(), digest, &n))
		return json_null();
	for (unsigned int i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02X", digest[i]);
	return json_string(text);
}

/* "EC 256", "RSA 2048". */
static json_t *key_json(const X509 *cert)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

	return json_sprintf("%s %d", type ? type : "unknown", key ? EVP_PKEY_get_bits(key) : 0);
}

static json_t *certificate_json(const struct tls_certificate *c, int64_t now)
{
	char serial[64];
	json_t *json = json_pack("{s:s, s:s, s:b, s:b, s:i, s:o, s:I}", "listener", c->listener,
				 "file", c->file, "sni", c->by_name, "mutual", c->asks, "chain",
				 (int)c->n_more + 1, "expires",
				 wall_time_json((uint64_t)c->expires * 1000), "expires_in_s",
				 (json_int_t)(c->expires - now));

	json_object_set_new(json, "names", names_json(c->cert));
	json_object_set_new(json, "subject", subject_json(X509_get_subject_name(c->cert)));
	json_object_set_new(json, "issuer", subject_json(X509_get_issuer_name(c->cert)));
	json_object_set_new(json, "serial",
			    json_string(tls_serial(c->cert, serial, sizeof(serial))));
	json_object_set_new(json, "fingerprint", fingerprint_json(c->cert));
	json_object_set_new(json, "public_key", key_json(c->cert));
	return json;
}

json_t *cmd_certificates(struct rpc_call *call)
{
	const struct tls *tls = call->app->tls;
	int64_t now = (int64_t)(wall_time_ms() / 1000);
	json_t *list = json_array();

	for (uint32_t i = 0; i < tls_n_certificates(tls); i++)
		json_array_append_new(list, certificate_json(tls_certificate_at(tls, i), now));
	return json_pack("{s:o}", "certificates", list);
}
