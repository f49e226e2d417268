/* What the two drivers of edge's heads share: a parser that shows one head,
 * and what no head of ours may hold. */
#ifndef WHT_FUZZ_EDGE_FORWARD_H
#define WHT_FUZZ_EDGE_FORWARD_H

#include <stdlib.h>

#include "base/obj.h"
#include "base/strb.h"
#include "edge/forward.h"
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits fuzz_limits = {
    .head_max = 4096, .target_max = 512, .fields_max = 30};
/* What comes out may be longer: the path and the host are said twice. */
static const struct http_limits fuzz_limits_out = {
    .head_max = 16384, .target_max = 520, .fields_max = 50};

/* Hop-by-hop fields that we wrote ourselves, and no others. */
static inline void
fuzz_check_hops(const struct http_head *head, bool upgraded, bool close)
{
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *f = &head->fields[i];

		if (http_field_class(f->id) != FIELD_HOP)
			continue;
		if (f->id == HF_TE)
			ENSURE(span_eq(f->value, SPAN("trailers")));
		else if (f->id == HF_UPGRADE)
			ENSURE(upgraded);
		else if (f->id == HF_CONNECTION)
			ENSURE(upgraded ? span_eq(f->value, SPAN("Upgrade"))
					: close && span_eq(f->value, SPAN("close")));
		else
			ENSURE(!"a field of one hop");
	}
	ENSURE(http_head_count(head, HF_CONNECTION) == (upgraded || close));
	ENSURE(http_head_count(head, HF_UPGRADE) == upgraded);
	ENSURE(http_head_count(head, HF_TE) <= 1);
	ENSURE(http_head_count(head, HF_X_REQUEST_ID) == 1);
	ENSURE(span_eq(http_head_value(head, HF_X_REQUEST_ID), SPAN("r1")));
}

static inline void
fuzz_ignore_body(void *user, struct span data)
{
	(void)user;
	(void)data;
}

static inline void
fuzz_ignore_end(void *user)
{
	(void)user;
}

#endif
