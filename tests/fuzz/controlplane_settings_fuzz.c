/* A settings file is read to its end, and each of its values by everything that reads values. */
#include <stdlib.h>

#include "base/obj.h"
#include "controlplane/config.h"
#include "controlplane/env_file.h"
#include "controlplane/pem.h"
#include "controlplane/url.h"
#include "base/network.h"
#include "net/listen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_value(enum value_type type, struct span text)
{
	struct value v = {NULL, 0}, again = {NULL, 0};
	struct strb shown;

	if (value_read(type, text, &v) == 0 && !value_is_text(type)) {
		strb_init(&shown, 64);
		value_show_number(type, v.number, &shown);
		ENSURE(value_read(type, strb_span(&shown), &again) == 0);
		ENSURE(value_same(type, &v, &again));
		strb_free(&shown);
	}
	value_clear(type, &v);
}

static void
on_pair(void *user, struct span name, struct span value)
{
	struct sockaddr_storage addresses[2];
	struct networks networks;
	struct span out;
	char *decoded = malloc(value.n + 1);

	(void)user;
	(void)setting_nearest(name);
	for (int type = 0; type < VALUE_TYPES; type++)
		read_value((enum value_type)type, value);
	if (url_prefix(value, &out) == 0)
		ENSURE(out.n > 7 && out.n <= value.n && out.p[out.n - 1] != '/');
	if (url_authority(value, &out) == 0)
		ENSURE(out.n > 0 && out.n <= value.n);
	if (networks_parse(value, &networks, &out) == 0)
		ENSURE(networks.n <= NETWORKS_MAX);
	if (listen_parse(value, 80, addresses, 2) > 0)
		ENSURE(addresses[0].ss_family != AF_UNSPEC);
	ENSURE(pem_base64(value, decoded) <= (ptrdiff_t)value.n);
	free(decoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned line;
	const char *why;

	if (env_file_parse(span_of(data, size), on_pair, NULL, &line, &why) < 0)
		ENSURE(line > 0 && why != NULL);
	return 0;
}
