/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands: dns, dns.flush.
 */
#include "control/app.h"
#include "control/dns/dns.h"
#include "control/rpc/rpc.h"

#include <string.h>

#define ENTRIES_DEFAULT 1000
#define ENTRIES_MOST 10000

json_t *cmd_dns(struct rpc_call *call)
{
	json_int_t most = rpc_number(call, "count", ENTRIES_DEFAULT);

	return dns_json(call->app->dns, rpc_text(call, "pattern"),
			(uint32_t)(most < ENTRIES_MOST ? most : ENTRIES_MOST));
}

json_t *cmd_dns_flush(struct rpc_call *call)
{
	const char *text = rpc_text(call, "name");
	char name[DNS_NAME_MAX + 1];

	if (text && !dns_name_copy(text, strlen(text), name))
		return rpc_fail(call, RPC_INVALID_PARAMS, "name: \"%.100s\" is not a name", text);
	return json_pack("{s:I}", "flushed",
			 (json_int_t)dns_flush(call->app->dns, text ? name : NULL));
}
