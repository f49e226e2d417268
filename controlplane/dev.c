#include "controlplane/dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/obj.h"
#include "controlplane/pem.h"

#define SECRET_BYTES  32
#define URL_MAX	      64
#define GREETING_PORT "3000"
#define GREETING_ID   "demo"

static char made[JWT_SECRETS_MAX][2 * SECRET_BYTES + 1];

static const char *
secret(int which)
{
	unsigned char bytes[SECRET_BYTES];

	if (made[which][0])
		return made[which];
	ENSURE(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
	for (int i = 0; i < SECRET_BYTES; i++)
		snprintf(made[which] + 2 * i, 3, "%02x", bytes[i]);
	return made[which];
}

static const char *
local_url(bool tls, uint16_t port, char out[URL_MAX])
{
	snprintf(out, URL_MAX, "%s://localhost:%u", tls ? "https" : "http", port);
	return out;
}

void
dev_suggest(struct config *c, uint16_t port)
{
	char url[URL_MAX];

	config_suggest(c, SET_hostname, "localhost");
	config_suggest(c, SET_secret_a, secret(0));
	config_suggest(c, SET_secret_b, secret(1));
	config_suggest(c, SET_url_prefix, local_url(pem_wanted(c), port, url));
}

void
dev_greet(const struct policy *p, uint16_t port)
{
	char url[URL_MAX];
	char *token = jwt_mint(SPAN(GREETING_ID), span_str(p->secrets[0]), span_str(p->audience),
	    clock_wall_ms() / 1000, JWT_LIFETIME_MAX_S);

	local_url(p->tls != NULL, port, url);
	fprintf(stderr,
	    "\n"
	    "whtd is a development service on %s; its secrets end with it.\n"
	    "To show what listens on local port " GREETING_PORT " at %s/" GREETING_ID "/, run\n"
	    "\n",
	    url, p->url_prefix);
	printf("whclient %s " GREETING_ID " " GREETING_PORT " --token %s\n", url, token);
	fflush(stdout);
	fputs("\nCtrl-C stops it.\n\n", stderr);
	free(token);
}
