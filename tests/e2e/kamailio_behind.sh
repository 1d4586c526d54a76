#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A stateful proxy behind the stateless one, as carriers have it: two Kamailio addresses in a pool,
# record-routing, with a SIPp server behind them. Calls renegotiated and ended from both sides, and
# CANCEL, which Kamailio answers only if it has the transaction of the INVITE.
#
#   SIPp caller 10.1.0.1 -- out0 viaduct in0 -- 10.2.0.11, .12 Kamailio -- .13 SIPp server
. "$(dirname "$0")/../lib/e2e.sh"
need sipp kamailio

lab_up
lab_config </dev/null
sed -i '/10\.2\.0\.13/d' "$LAB_DIR/viaduct.yaml"
cat >"$LAB_DIR/kamailio.cfg" <<'CFG'
debug=1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:10.2.0.11:5060
listen=udp:10.2.0.12:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
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
	$du = "sip:10.2.0.13:5060";
	t_relay();
}
CFG
viaduct_start
ip netns exec "$NS_S" kamailio -DD -E -m 32 -M 4 -u root -Y "$LAB_DIR" -f "$LAB_DIR/kamailio.cfg" \
	>"$LAB_DIR/kamailio.log" 2>&1 &
wait_until 10 sipp_listens "$NS_S" 10.2.0.12 ||
	fail "Kamailio did not start: $(tail -n 5 "$LAB_DIR/kamailio.log")"

sipp_server s3 10.2.0.13 reinvite_uas
sipp_calls caller "$CALLER4" "$OUT4" reinvite_uac 60 60 || true
assert_calls caller 60
sipp_server_stop s3
sipp_server s3 10.2.0.13 cancel_uas
sipp_calls quitter "$CALLER4" "$OUT4" cancel_uac 60 60 || true
assert_calls quitter 60
viaduct_stop
