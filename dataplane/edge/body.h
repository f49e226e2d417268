/* edge/body.h - a message body on its way out, framed as its head said: as it is, or in chunks. */
#ifndef WHT_EDGE_BODY_H
#define WHT_EDGE_BODY_H

#include "http/head.h"

struct body_out {
	void (*write)(void *to, struct span out);
	void *to;
	bool chunked;
	bool trailers;	/* private: the last chunk went out, and trailers follow it */
	uint64_t bytes; /* read-only: of the body itself */
};

#define BODY_OVERHEAD 64 /* more than body_write adds to one piece */

void body_write(struct body_out *, struct span data);
/* Dropped when the body is not chunked: there is no place for it. */
void body_trailer(struct body_out *, struct http_field);
void body_end(struct body_out *);

#endif
