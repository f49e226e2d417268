#include "http/lex.h"

#include <llhttp.h>

struct lexer {
	llhttp_t llhttp;
	struct http_head *head;
	struct http_field *fields;
	size_t n, max; /* fields[n] is being read */
};

/* llhttp may hand out one word in several pieces; they are neighbours. */
static void
extend(struct span *word, const char *at, size_t n)
{
	if (!word->p)
		word->p = at;
	word->n = (size_t)(at - word->p) + n;
}

static int
on_method(llhttp_t *l, const char *at, size_t n)
{
	struct lexer *lx = l->data;

	extend(&lx->head->method, at, n);
	return 0;
}

static int
on_target(llhttp_t *l, const char *at, size_t n)
{
	struct lexer *lx = l->data;

	extend(&lx->head->target, at, n);
	return 0;
}

static int
on_name(llhttp_t *l, const char *at, size_t n)
{
	struct lexer *lx = l->data;

	if (lx->n == lx->max)
		return HPE_USER;
	extend(&lx->fields[lx->n].name, at, n);
	return 0;
}

static int
on_value(llhttp_t *l, const char *at, size_t n)
{
	struct lexer *lx = l->data;

	extend(&lx->fields[lx->n].value, at, n);
	return 0;
}

static int
on_field(llhttp_t *l)
{
	struct lexer *lx = l->data;
	struct http_field *field = &lx->fields[lx->n++];

	if (field->name.n == 0)
		return -1;
	if (!field->value.p)
		field->value.p = field->name.p + field->name.n;
	field->value = span_trim(field->value);
	field->id = http_field_lookup(field->name);
	return 0;
}

/* Stops llhttp before it has any thought about a body. */
static int
on_complete(llhttp_t *l)
{
	(void)l;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_method = on_method,
    .on_url = on_target,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_field,
    .on_headers_complete = on_complete,
};

static void
lexer_init(struct lexer *lx, llhttp_type_t type, struct http_head *head, struct http_field *fields,
    size_t max)
{
	*lx = (struct lexer){.head = head, .fields = fields, .max = max};
	memset(fields, 0, max * sizeof(*fields));
	llhttp_init(&lx->llhttp, type, &settings);
	lx->llhttp.data = lx;
}

static int
lexer_run(struct lexer *lx, struct span raw)
{
	if (llhttp_execute(&lx->llhttp, raw.p, raw.n) != HPE_PAUSED)
		return -WHT_EPROTO;
	lx->head->minor = llhttp_get_http_minor(&lx->llhttp);
	lx->head->fields = lx->fields;
	lx->head->nfields = lx->n;
	return 0;
}

int
http_lex_request(struct span raw, struct http_head *head, struct http_field *fields, size_t max)
{
	struct lexer lx;

	lexer_init(&lx, HTTP_REQUEST, head, fields, max);
	return lexer_run(&lx, raw);
}

int
http_lex_response(struct span raw, struct http_head *head, struct http_field *fields, size_t max)
{
	struct lexer lx;

	lexer_init(&lx, HTTP_RESPONSE, head, fields, max);
	if (lexer_run(&lx, raw) != 0)
		return -WHT_EPROTO;
	head->status = llhttp_get_status_code(&lx.llhttp);
	return 0;
}

/* llhttp has no door for trailers alone, but reads them like fields, behind a line of ours. */
int
http_lex_trailers(struct span raw, struct http_head *head, struct http_field *fields, size_t max)
{
	const struct span before = SPAN("HTTP/1.1 200 OK\r\n");
	struct lexer lx;

	lexer_init(&lx, HTTP_RESPONSE, head, fields, max);
	if (llhttp_execute(&lx.llhttp, before.p, before.n) != HPE_OK)
		return -WHT_EPROTO;
	return lexer_run(&lx, raw);
}
