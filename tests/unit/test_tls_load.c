/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Certificate files: what is refused, with its place; what is only warned of.
 */
#include "control/config/alloc.h"
#include "tests/unit/tls_lab.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct tls_lab_cert root, middle, leaf, other;

static void set_up(void)
{
	const struct tls_lab_wish a_root = { .cn = "root", .ca = true };
	const struct tls_lab_wish a_middle = { .cn = "middle", .ca = true };
	const struct tls_lab_wish a_leaf = { .san = "URI:sip:example.com" };
	const struct tls_lab_wish an_other = { .san = "DNS:other.example" };
	const struct tls_lab_cert *chain[] = { &leaf, &middle, NULL };
	const struct tls_lab_cert *anchor[] = { &root, NULL };

	tls_lab_folder();
	root = tls_lab_cert_new(&a_root, NULL);
	middle = tls_lab_cert_new(&a_middle, &root);
	leaf = tls_lab_cert_new(&a_leaf, &middle);
	other = tls_lab_cert_new(&an_other, &root);
	tls_lab_write_certs("chain.pem", chain);
	tls_lab_write_certs("ca.pem", anchor);
	tls_lab_write_key("leaf.key", &leaf, NULL);
	tls_lab_write_pair("other", &other);
}

static void tear_down(void)
{
	tls_lab_cert_free(&root);
	tls_lab_cert_free(&middle);
	tls_lab_cert_free(&leaf);
	tls_lab_cert_free(&other);
	tls_lab_clean();
}

TestSuite(tls_load, .init = set_up, .fini = tear_down);

/* Loads a listener with these keys, and writes remarks to @out, the folder as @. True if it could
 * be loaded. */
static bool load(const char *listener, const char *tls, bool warnings, char *out, size_t size)
{
	struct config_errors errs = { 0 }, warned = { 0 };
	const struct config_errors *show = warnings ? &warned : &errs;
	size_t n_folder = strlen(tls_lab_path("")) - 1, used = 0;
	struct tls_set *set;
	struct config c;
	char text[2048], line[1024];

	snprintf(text, sizeof(text),
		 "tls: {%s}\nlisteners:\n- {name: a, address: 192.0.2.1, transports: [tls], %s}\n",
		 tls, listener);
	tls_lab_config(text, &c);
	set = tls_load(&c, &errs, &warned);
	out[0] = '\0';
	for (uint32_t i = 0; i < config_errors_lines(show); i++) {
		config_errors_format(show, i, line, sizeof(line));
		for (char *p; (p = strstr(line, tls_lab_path("")));) {
			*p = '@';
			memmove(p + 1, p + n_folder, strlen(p + n_folder) + 1);
		}
		used += (size_t)snprintf(out + used, size - used, "%s\n", line);
	}
	tls_set_free(set);
	config_free(&c);
	config_errors_free(&errs);
	config_errors_free(&warned);
	return set != NULL;
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(tls_lab_path(name), "w");

	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

Test(tls_load, takes_a_good_chain_without_a_word)
{
	char out[2048];

	cr_expect(load("certificate: @/chain.pem, key: @/leaf.key, client_ca: @/ca.pem",
		       "ca: @/ca.pem", true, out, sizeof(out)));
	cr_expect_str_eq(out, "");
}

static const struct {
	const char *listener, *tls, *says;
} faults[] = {
	{ "certificate: @/none.pem, key: @/leaf.key", "ca: @/ca.pem",
	  "test.yaml:3:65: certificate: @/none.pem: cannot be read: No such file or directory" },
	{ "certificate: @/chain.pem, key: @/none.key", "ca: @/ca.pem",
	  ": key: @/none.key: cannot be read: No such file or directory" },
	{ "certificate: @/leaf.key, key: @/leaf.key", "ca: @/ca.pem",
	  "certificate: @/leaf.key: holds no certificate in PEM" },
	{ "certificate: @/chain.pem, key: @/chain.pem", "ca: @/ca.pem",
	  "key: @/chain.pem: holds no private key in PEM" },
	{ "certificate: @/chain.pem, key: @/other.key", "ca: @/ca.pem",
	  "key: @/other.key: is not the key of the certificate in @/chain.pem" },
	{ "certificate: @/chain.pem, key: @/locked.key", "ca: @/ca.pem",
	  "key: @/locked.key: is encrypted" },
	{ "certificate: @/torn.pem, key: @/leaf.key", "ca: @/ca.pem",
	  "certificate: @/torn.pem: cannot be understood: " },
	{ "certificate: @/weak.pem, key: @/weak.key", "ca: @/ca.pem",
	  "certificate: @/weak.pem: cannot be used: ee key too small" },
	{ "certificate: @/chain.pem, key: @/leaf.key, client_ca: @/none.pem", "ca: @/ca.pem",
	  "client_ca: @/none.pem: cannot be read: " },
	{ "certificate: @/chain.pem, key: @/leaf.key, client_ca: @/leaf.key", "ca: @/ca.pem",
	  "client_ca: @/leaf.key: holds no certificate in PEM" },
	{ "certificate: @/chain.pem, key: @/leaf.key, "
	  "sni: [{certificate: @/other.pem, key: @/leaf.key}]",
	  "ca: @/ca.pem", "key: @/leaf.key: is not the key of the certificate in @/other.pem" },
	{ "certificate: @/chain.pem, key: @/leaf.key", "ca: @/none.pem",
	  "test.yaml:1:11: ca: @/none.pem: cannot be read: " },
	{ "certificate: @/chain.pem, key: @/leaf.key", "ca: @/ca.pem, ciphers: RC5",
	  "ciphers: no cipher suite of TLS 1.2 is known by these names" },
	{ "certificate: @/chain.pem, key: @/leaf.key", "ca: @/ca.pem, ciphersuites: TLS_NONE",
	  "ciphersuites: no such cipher suite of TLS 1.3" },
};

Test(tls_load, refuses_files_that_cannot_be_used)
{
	const struct tls_lab_wish short_key = { .cn = "weak.example", .rsa_1024 = true };
	struct tls_lab_cert weak = tls_lab_cert_new(&short_key, NULL);
	char out[4096];

	tls_lab_write_pair("weak", &weak);
	tls_lab_write_key("locked.key", &leaf, "secret");
	write_text("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		cr_expect(!load(faults[i].listener, faults[i].tls, false, out, sizeof(out)), "%s",
			  faults[i].listener);
		cr_expect(strstr(out, faults[i].says), "%s: %s", faults[i].says, out);
	}
	tls_lab_cert_free(&weak);
}

Test(tls_load, tells_every_fault_at_once)
{
	char out[4096];

	cr_expect(!load("certificate: @/a.pem, key: @/b.key, client_ca: @/ca.pem, "
			"sni: [{certificate: @/c.pem, key: @/d.key}]",
			"ca: @/ca.pem", false, out, sizeof(out)));
	for (const char *const *f =
		     (const char *const[]){ "@/a.pem", "@/b.key", "@/c.pem", "@/d.key", NULL };
	     *f; f++)
		cr_expect(strstr(out, *f), "%s in %s", *f, out);
}

static const struct {
	struct tls_lab_wish wish;
	const char *says;
} doubts[] = {
	{ { .san = "DNS:a.example", .from = -2 * TLS_LAB_DAY, .until = -TLS_LAB_DAY },
	  "certificate: @/odd.pem: /O=Lab has expired: peers will refuse it" },
	{ { .san = "DNS:a.example", .from = TLS_LAB_DAY },
	  "certificate: @/odd.pem: /O=Lab is not valid yet: peers will refuse it" },
	{ { .san = "DNS:a.example", .eku = "clientAuth" }, "is not meant for servers" },
};

Test(tls_load, warns_of_what_peers_may_refuse)
{
	static const char listener[] = "certificate: @/odd.pem, key: @/odd.key";
	char out[4096];

	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		struct tls_lab_cert odd = tls_lab_cert_new(&doubts[i].wish, &root);

		tls_lab_write_pair("odd", &odd);
		cr_expect(load(listener, "ca: @/ca.pem", true, out, sizeof(out)));
		cr_expect(strstr(out, doubts[i].says), "%s: %s", doubts[i].says, out);
		tls_lab_cert_free(&odd);
	}
}

Test(tls_load, warns_of_a_chain_with_a_gap_or_out_of_order)
{
	const struct tls_lab_cert *gap[] = { &leaf, NULL }, *wrong[] = { &leaf, &other, NULL };
	char out[4096];

	tls_lab_write_certs("gap.pem", gap);
	tls_lab_write_certs("wrong.pem", wrong);
	cr_expect(load("certificate: @/gap.pem, key: @/leaf.key", "ca: @/ca.pem", true, out,
		       sizeof(out)));
	cr_expect(strstr(out, "@/gap.pem: the issuer /O=Lab/CN=middle is neither in the file nor"),
		  "%s", out);
	cr_expect(load("certificate: @/wrong.pem, key: @/leaf.key", "ca: @/ca.pem", true, out,
		       sizeof(out)));
	cr_expect(strstr(out, "certificate 2 of the file did not issue the one before it"), "%s",
		  out);
}

Test(tls_load, warns_of_a_key_that_everybody_can_read)
{
	char out[4096];

	cr_assert(chmod(tls_lab_path("leaf.key"), 0644) == 0);
	cr_expect(load("certificate: @/chain.pem, key: @/leaf.key", "ca: @/ca.pem", true, out,
		       sizeof(out)));
	cr_expect(strstr(out, "key: @/leaf.key: mode 0644 lets everybody at the key"), "%s", out);
}

Test(tls_load, knows_when_the_first_of_a_chain_expires)
{
	const struct tls_lab_wish soon = { .cn = "soon", .ca = true, .until = 5 * TLS_LAB_DAY };
	const struct tls_lab_wish wish = { .san = "DNS:a.example" };
	struct tls_lab_cert mid = tls_lab_cert_new(&soon, &root),
			    end = tls_lab_cert_new(&wish, &mid);
	const struct tls_lab_cert *chain[] = { &end, &mid, NULL };
	struct config_errors errs = { 0 };
	const struct tls_certificate *got;
	struct config c;
	struct tls *t;

	tls_lab_write_certs("soon.pem", chain);
	tls_lab_write_key("soon.key", &end, NULL);
	tls_lab_config("tls: {ca: @/ca.pem}\nlisteners:\n- {name: edge, address: 192.0.2.1, "
		       "transports: [tls], certificate: @/soon.pem, key: @/soon.key,\n"
		       "   sni: [{certificate: @/chain.pem, key: @/leaf.key}]}\n",
		       &c);
	t = tls_new(&c, &errs);
	cr_assert(t && tls_n_certificates(t) == 2);
	got = tls_certificate_at(t, 0);
	cr_expect_str_eq(got->listener, "edge");
	cr_expect_str_eq(got->file, tls_lab_path("soon.pem"));
	cr_expect(!got->by_name && !got->asks && got->n_more == 1);
	cr_expect(got->expires > time(NULL) + 4 * TLS_LAB_DAY &&
		  got->expires < time(NULL) + 6 * TLS_LAB_DAY);
	got = tls_certificate_at(t, 1);
	cr_expect(got->by_name && got->expires > time(NULL) + 300 * TLS_LAB_DAY);
	tls_free(t);
	config_free(&c);
	config_errors_free(&errs);
	tls_lab_cert_free(&mid);
	tls_lab_cert_free(&end);
}

Test(tls_load, survives_the_lack_of_memory_at_every_step)
{
	struct config_errors errs = { 0 };
	struct tls_set *set = NULL;
	struct config c;
	size_t live;

	tls_lab_config("tls: {ca: @/ca.pem}\nlisteners:\n- {name: a, address: 192.0.2.1, "
		       "transports: [tls], certificate: @/chain.pem, key: @/leaf.key,\n"
		       "   sni: [{certificate: @/other.pem, key: @/other.key}]}\n",
		       &c);
	live = mem_live();
	for (unsigned long n = 1; !set; n++) {
		cr_assert_lt(n, 100);
		alloc_fail_at(n);
		set = tls_load(&c, &errs, NULL);
		alloc_fail_at(0);
		cr_expect(set || errs.no_memory, "request %lu", n);
		config_errors_free(&errs);
		cr_assert(set || mem_live() == live, "leak at %lu", n);
	}
	tls_set_free(set);
	cr_expect(mem_live() == live);
	config_free(&c);
}
