#include "msg/policy.h"

#include <stdlib.h>

#include "base/obj.h"

struct policy *
policy_new(void)
{
	struct policy *p = must_alloc(sizeof(*p));

	atomic_init(&p->refs, 1);
	p->hostname = span_dup(SPAN(""));
	p->authority = span_dup(SPAN(""));
	p->audience = span_dup(SPAN(""));
	limits_default(&p->limits);
	return p;
}

struct policy *
policy_ref(struct policy *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

static void
forget_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void
policy_free(struct policy *p)
{
	for (int i = 0; i < JWT_SECRETS_MAX; i++)
		forget_secret(p->secrets[i]);
	if (p->tls)
		tls_unref(&p->tls);
	lua_script_unref(&p->script);
	free(p->hostname);
	free(p->authority);
	free(p->url_prefix);
	free(p->audience);
	free(p);
}

void
policy_unref(struct policy **pp)
{
	struct policy *p = *pp;

	*pp = NULL;
	if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		policy_free(p);
}

void
policy_client_url(const struct policy *p, struct span id, struct strb *out)
{
	if (p->url_prefix)
		strb_printf(out, "%s/%.*s", p->url_prefix, SPAN_FMT(id));
	else if (p->tls)
		strb_printf(out, "https://%.*s.%s", SPAN_FMT(id), p->authority);
	else
		strb_printf(out, "http://%s/%.*s", p->authority, SPAN_FMT(id));
}
