#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# More work for the control thread than it can do: UDP requests for TCP servers that do not read or
# do not listen, until the worker's ring is full; TCP requests for a UDP server that does not
# answer, until the memory for transactions is. What does not fit is a counted drop or a 503. UDP
# calls beside it lose nothing, and when it is over all servers are reached again.
#
#   SIPp callers 10.1.0.1 --UDP--  out0   viaduct in0 --UDP-- 10.2.0.11, .12, .13 SIPp servers
#   flood        10.3.0.1 --UDP--  flood0             ==TCP== 10.2.0.11:5070, 10.2.0.13:5070
#                         ==TCP==                     --UDP-- 10.2.0.12:5070
. "$(dirname "$0")/../lib/e2e.sh"
need sipp

lab_up
export NS_F=$LAB_ID-f
lab_space "$NS_F"
lab_link "$NS_P" flood0 "$NS_F" net0
lab_address "$NS_P" flood0 10.3.0.10/24
lab_address "$NS_F" net0 10.3.0.1/24
lab_config </dev/null
sed -i -e 's/^domains:.*/domains: [example.com, mute.example, gone.example, hole.example]/' \
	-e '/^pools:/i\  - {name: flood, device: "packet:flood0"}' \
	-e '/^pools:/r /dev/stdin' "$LAB_DIR/viaduct.yaml" <<'YAML'
  - name: mute
    backends: [{name: mute, address: "10.2.0.11:5070", transports: [tcp]}]
  - name: gone
    backends: [{name: gone, address: "10.2.0.13:5070", transports: [tcp]}]
  - name: hole
    backends: [{name: hole, address: "10.2.0.12:5070"}]
YAML
sed -i '/^routes:/r /dev/stdin' "$LAB_DIR/viaduct.yaml" <<'YAML'
  - {match: {domain: mute.example}, pool: mute}
  - {match: {domain: gone.example}, pool: gone}
  - {match: {domain: hole.example}, pool: hole}
YAML
viaduct_start
# Linux does not know the callers' link address yet: the first answers go through the full ring.
sipp_servers 4 call_uas
sipp_calls_begin caller "$CALLER4" "$OUT4" call_uac 20
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" "$TOP/tests/e2e/slow_path_full.py" "$VIACTL" || exit 1
sipp_calls_end caller 200
lab_balance
sipp_servers_stop
viaduct_stop
