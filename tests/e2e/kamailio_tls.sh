#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Kamailio with TLS on both sides: as the caller's proxy, which reaches us by TLS, and as the
# server, which we reach by TLS. Each has a certificate and wants one, record-routes, and is reached
# again for what is asked within the dialogs from either end. Calls renegotiated and ended from both
# sides, and CANCEL.
#
#   SIPp 10.1.0.1 -UDP- Kamailio 10.1.0.2 -TLS- out0
#                                              viaduct
#   SIPp 10.2.0.13 -UDP- Kamailio 10.2.0.12 -TLS- in0
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/tls.sh"
need sipp kamailio
[ -e /usr/lib/"$(uname -m)"-linux-gnu/kamailio/modules/tls.so ] ||
	skip "Kamailio has no TLS here (package kamailio-tls-modules)"

lab_up
lab_address "$NS_C" net0 10.1.0.2/24
tls_ca ca
tls_cert ca proxy URI:sip:example.com,IP:10.1.0.10,IP:10.2.0.10
tls_cert ca outer URI:sip:outer.example,IP:10.1.0.2
tls_cert ca inner URI:sip:inner.example
tls_config <<YAML
$(tls_listener ext-tls 10.1.0.10:5061 "client_ca: $LAB_DIR/ca.pem")
$(tls_listener int-tls 10.2.0.10:5061 "client_ca: $LAB_DIR/ca.pem")
domains: [example.com]
pools:
  - name: core
    backends:
      - {name: inner, address: "10.2.0.12:5061", transports: [tls], tls_name: inner.example}
routes:
  - {pool: core}
YAML

# kamailio_start NS NAME ADDRESS NEXT: a proxy at ADDRESS, UDP and TLS, that sends what is new to
# NEXT.
kamailio_start() {
	local dir=$LAB_DIR/kamailio-$2
	mkdir "$dir"
	cat >"$dir/tls.cfg" <<-CFG
		[server:default]
		method = TLSv1.2+
		verify_certificate = yes
		require_certificate = yes
		certificate = $LAB_DIR/$2.pem
		private_key = $LAB_DIR/$2.key
		ca_list = $LAB_DIR/ca.pem
		[client:default]
		method = TLSv1.2+
		verify_certificate = yes
		require_certificate = yes
		certificate = $LAB_DIR/$2.pem
		private_key = $LAB_DIR/$2.key
		ca_list = $LAB_DIR/ca.pem
	CFG
	cat >"$dir/kamailio.cfg" <<-CFG
		debug=1
		log_stderror=yes
		children=1
		tcp_children=1
		auto_aliases=no
		enable_tls=yes
		listen=udp:$3:5060
		listen=tls:$3:5061
		loadmodule "tls.so"
		loadmodule "tm.so"
		loadmodule "sl.so"
		loadmodule "rr.so"
		loadmodule "pv.so"
		loadmodule "siputils.so"
		loadmodule "textops.so"
		modparam("tls", "config", "$dir/tls.cfg")
		request_route {
			if (is_method("CANCEL")) {
				if (t_check_trans())
					t_relay();
				else
					sl_send_reply("481", "No Such Transaction");
				exit;
			}
			if (has_totag()) {
				if (loose_route() || (is_method("ACK") && t_check_trans()))
					t_relay();
				else if (!is_method("ACK"))
					sl_send_reply("481", "No Such Dialog");
				exit;
			}
			record_route();
			rewritehostport("example.com");
			\$du = "$4";
			t_relay();
		}
	CFG
	ip netns exec "$1" kamailio -DD -E -m 64 -M 8 -u root -Y "$dir" -f "$dir/kamailio.cfg" \
		>"$dir/log" 2>&1 &
	wait_until 10 sipp_listens "$1" "$3" ||
		fail "Kamailio $2 did not start: $(tail -n 5 "$dir/log")"
}

viaduct_start
kamailio_start "$NS_C" outer 10.1.0.2 "sip:10.1.0.10:5061;transport=tls"
kamailio_start "$NS_S" inner 10.2.0.12 "sip:10.2.0.13:5060"

sipp_server s3 10.2.0.13 reinvite_uas
sipp_calls caller "$CALLER4" 10.1.0.2 reinvite_uac 60 60 || true
assert_calls caller 60
sipp_server_stop s3
sipp_server s3 10.2.0.13 cancel_uas
sipp_calls quitter "$CALLER4" 10.1.0.2 cancel_uac 60 60 || true
assert_calls quitter 60

# All of it went by TLS, over connections that were used again.
assert_eq "$(lab_counter stream_no_tls)" 0 "failed handshakes"
assert_ge "$(lab_counter stream_messages)" 800 "messages by TLS"
assert_ge 10 "$(lab_counter stream_opened)" "connections that viaduct opened"
lab_balance
viaduct_stop
