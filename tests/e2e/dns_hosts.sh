#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A backend that is a name, and the files that may know it: hosts of the configuration, and
# /etc/hosts, read again at a reload. They come before DNS, and what they say is in force at once;
# when they do not know the name any more, DNS does. The program has an /etc/hosts of its own.
# And an address of the name that becomes one of ours.
. "$(dirname "$0")/../lib/e2e.sh"
. "$TOP/tests/lib/nsd.sh"

lab_up
nsd_prepare
lab_config <<END
resolvers: [$NSD_AT]
END
sed -i -e '/name: core-[23]/d' \
	-e 's/{name: core-1, address: .*/{name: core, address: "gw.lab.test:5060"}/' \
	"$LAB_DIR/viaduct.yaml"
cp "$LAB_DIR/viaduct.yaml" "$LAB_DIR/without.yaml"
: >"$LAB_DIR/hosts"
cat >"$LAB_DIR/viaduct" <<END
#!/bin/sh
mount --bind "$LAB_DIR/hosts" /etc/hosts && exec "$VIADUCT" "\$@"
END
chmod +x "$LAB_DIR/viaduct"
VIADUCT=$LAB_DIR/viaduct

members() {
	ctl --json pool show core | "$PYTHON" -c '
import json, sys
r = json.load(sys.stdin)
print(" ".join(sorted(str(b["address"]) for b in r["pool"]["members"] if not b["removed"])))'
}
members_are() { [ "$(members)" = "$1" ]; }
expect_members() {
	wait_until 15 members_are "$1" || fail "$2: members are '$(members)', wanted '$1'"
}
# reload_with TEXT: the configuration without hosts, and TEXT.
reload_with() {
	{
		cat "$LAB_DIR/without.yaml"
		echo "$1"
	} >"$LAB_DIR/viaduct.yaml"
	ctl reload >"$LAB_DIR/ctl.out"
}

nsd_zone <<<'gw A 10.2.0.11'
nsd_start
viaduct_start
expect_members '10.2.0.11:5060' "by DNS"
reload_with 'hosts: [{name: gw.lab.test, address: 10.2.0.12}]'
expect_members '10.2.0.12:5060' "hosts come before DNS, also for a name that was asked for"
reload_with 'hosts: [{name: gw.lab.test, address: 10.2.0.13}]'
expect_members '10.2.0.13:5060' "another address in hosts"
reload_with ''
expect_members '10.2.0.11:5060' "hosts do not know it any more"
printf '%s gw.lab.test\n' fd02::12 10.2.0.12 10.2.0.13 >"$LAB_DIR/hosts"
ctl reload >"$LAB_DIR/ctl.out"
expect_members '10.2.0.12:5060 10.2.0.13:5060 [fd02::12]:5060' "all addresses of /etc/hosts"
reload_with 'hosts: [{name: gw.lab.test, address: 10.2.0.11}]'
expect_members '10.2.0.11:5060' "hosts of the configuration come before /etc/hosts"

# --- an address that becomes our own -------------------------------------------------------------
# Without listeners in the file each address of an interface is one, also those that come later, as
# a virtual one does: the name's address there must not keep it from that.
: >"$LAB_DIR/hosts"
reload_with 'hosts: [{name: gw.lab.test, address: 10.2.0.77}]'
expect_members '10.2.0.77:5060' "an address that nobody has"
listens() { ctl --json status | grep -Fq "\"$1\""; }
lab_address "$NS_P" in0 10.2.0.77/24
wait_until 10 listens 10.2.0.77:5060 || fail "no listener at an address that came"
expect_members 'None' "an address of our own"
ip -n "$NS_P" address delete 10.2.0.77/24 dev in0
expect_members '10.2.0.77:5060' "an address that went"
viaduct_stop
