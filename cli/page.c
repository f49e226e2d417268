#include "cli/page.h"

#include "http/write.h"

enum { BODY_MAX = 2048 };

static void
page_body(struct strb *b, const char *target, enum reason why, const char *error)
{
	strb_printf(b, "502: %s\n\n", reason_info(why)->text);
	strb_printf(b, "The tunnel works, but whclient could not reach %s behind it", target);
	if (error[0])
		strb_printf(b, " (%s)", error);
	strb_printf(b,
	    ".\nStart the program that should answer there, or start whclient with another "
	    "TARGET.\n");
}

void
page_write(struct strb *out, const char *target, enum reason why, const char *error)
{
	struct strb body, extra;

	strb_init(&body, BODY_MAX);
	strb_init(&extra, BODY_MAX);
	page_body(&body, target, why, error);
	http_write_field(&extra, SPAN("x-webhooktunnel-error"), span_str(reason_word(why)));
	http_write_reply(out, 502, strb_span(&extra), strb_span(&body), true, false);
	strb_free(&body);
	strb_free(&extra);
}
