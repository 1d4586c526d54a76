#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What is proved of packet: interfaces holds for xdp: too: the same scripts with the other device.
. "$(dirname "$0")/../lib/e2e.sh"

export LAB_DEVICE=xdp
for name in fragments icmp_too_big kernel_keeps_the_rest neighbors odd_packets routes_followed; do
	status=0
	bash "$TOP/tests/e2e/$name.sh" || status=$?
	[ $status != 77 ] || skip "$name was skipped"
	assert_eq $status 0 "exit status of $name.sh over xdp:"
done
