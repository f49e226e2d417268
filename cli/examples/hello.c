/* hello - serves HTTP on a tunnel, without any local port.
 *
 *   WHT_URL=https://whp.example.com WHT_TOKEN=... ./hello
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/libwhclient.h"

static void
on_request(void *user, struct whc_request *request)
{
	unsigned *count = user;
	char text[256];
	size_t n;
	const void *body = whc_request_body(request, &n);

	if (strcmp(whc_request_method(request), "POST") == 0) {
		whc_reply(request, 200, whc_request_field(request, "Content-Type"), body, n);
		return;
	}
	snprintf(text, sizeof(text), "Hello, number %u, at %.100s\n", ++*count,
	    whc_request_path(request));
	whc_reply(request, 200, NULL, text, strlen(text));
}

static void
on_event(void *user, const struct whc_event *event)
{
	(void)user;
	if (event->type == WHC_UP)
		printf("%s\n", event->url);
	else if (event->text[0])
		fprintf(stderr, "%s\n", event->text);
	fflush(stdout);
}

int
main(void)
{
	struct whc *whc = whc_new();
	struct whc_tunnel *tunnel = whc_tunnel(whc);
	unsigned count = 0;
	int result;

	if (!getenv("WHT_URL") || !getenv("WHT_TOKEN")) {
		fprintf(stderr, "WHT_URL and WHT_TOKEN say where to register, and as whom\n");
		return 2;
	}
	whc_set(tunnel, "server", getenv("WHT_URL"));
	whc_set(tunnel, "token", getenv("WHT_TOKEN"));
	whc_on_request(tunnel, on_request, &count);
	whc_on_event(whc, on_event, NULL);
	result = whc_run(whc);
	whc_free(whc);
	return result;
}
