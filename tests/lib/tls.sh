# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Certificates for one run: NAME.pem and NAME.key in $LAB_DIR. Made with the openssl program, so
# that what is tested did not make them.

# tls_do ARGUMENT...: openssl, which says much where nothing is wrong.
tls_do() {
	openssl "$@" 2>>"$LAB_DIR/openssl.log" ||
		fail "openssl $1: $(tail -n 3 "$LAB_DIR/openssl.log")"
}

# tls_key NAME
tls_key() {
	(umask 077 && tls_do genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$LAB_DIR/$1.key")
}

# tls_ca NAME: an authority.
tls_ca() {
	need openssl
	tls_key "$1"
	tls_do req -x509 -new -key "$LAB_DIR/$1.key" -out "$LAB_DIR/$1.pem" -days 30 \
		-subj "/O=Lab/CN=$1" -addext 'keyUsage=keyCertSign'
}

# tls_cert CA NAME SAN [SERIAL [DAYS]]: a certificate by CA for SAN, as in URI:sip:example.com; with
# -1 DAYS it has expired. Files of that name are replaced.
tls_cert() {
	tls_key "$2"
	tls_do req -new -key "$LAB_DIR/$2.key" -subj "/O=Lab" -out "$LAB_DIR/$2.csr"
	printf 'basicConstraints=CA:FALSE\nsubjectAltName=%s\n' "$3" >"$LAB_DIR/$2.ext"
	tls_do x509 -req -in "$LAB_DIR/$2.csr" -CA "$LAB_DIR/$1.pem" -CAkey "$LAB_DIR/$1.key" \
		-set_serial "${4:-$RANDOM}" -days "${5:-30}" -extfile "$LAB_DIR/$2.ext" \
		-out "$LAB_DIR/$2.pem"
}

# tls_config: writes $LAB_DIR/viaduct.yaml, the lab with a UDP listener on each side and the
# authority ca. Standard input: further listeners, then the rest of the YAML, pools and routes too.
tls_config() {
	lab_secret
	{
		cat <<-YAML
			node: lab
			hugepages: off
			secret: "file:$LAB_DIR/secret"
			control: {socket: "$LAB_DIR/control.sock"}
			tls: {ca: $LAB_DIR/ca.pem}
			interfaces:
			  - {name: outside, device: "packet:out0"}
			  - {name: inside, device: "packet:in0"}
			listeners:
			  - {name: ext, address: "$OUT4:5060"}
			  - {name: int, address: "$IN4:5060"}
		YAML
		cat
	} >"$LAB_DIR/viaduct.yaml"
}

# tls_listener NAME ADDRESS [MORE]: a line of listeners, by TLS with the certificate proxy; MORE: as
# in 'client_ca: FILE'.
tls_listener() {
	echo "  - {name: $1, address: \"$2\", transports: [tls]${3:+, $3}," \
		"certificate: $LAB_DIR/proxy.pem, key: $LAB_DIR/proxy.key}"
}
