#include "controlplane/publish.h"

#include <ctype.h>
#include <stdlib.h>

#include "controlplane/pem.h"
#include "controlplane/script.h"
#include "controlplane/url.h"

/* A wsmux credit is a u32, and a session adds several up. */
#define WINDOW_MAX (1u << 30)

static void
replace(char **where, struct span text)
{
	free(*where);
	*where = span_dup(text);
}

static void
take_hostname(const struct config *c, struct policy *p, struct report *report)
{
	struct span text = span_str(config_text(c, SET_hostname)), host;

	if (!text.p) {
		report_error(report, "HOSTNAME is required: the public host name of the service");
		return;
	}
	if (url_authority(text, &host) < 0) {
		report_error(report,
		    "HOSTNAME: \"%.100s\" is not a host name, or a host name and a port", text.p);
		return;
	}
	replace(&p->authority, text);
	replace(&p->hostname, host);
	for (char *h = p->hostname; *h; h++)
		*h = (char)tolower((unsigned char)*h);
}

static void
take_url_prefix(const struct config *c, struct policy *p, struct report *report)
{
	const char *text = config_text(c, SET_url_prefix);
	struct span prefix;

	if (!text)
		return;
	if (url_prefix(span_str(text), &prefix) < 0)
		report_error(report,
		    "URL_PREFIX: \"%.100s\" is not http(s)://host[:port][/path], without query or "
		    "fragment",
		    text);
	else
		replace(&p->url_prefix, prefix);
}

static void
take_secrets(const struct config *c, struct policy *p, struct report *report)
{
	static const enum setting secrets[JWT_SECRETS_MAX] = {SET_secret_a, SET_secret_b};

	for (int i = 0; i < JWT_SECRETS_MAX; i++) {
		const char *secret = config_text(c, secrets[i]);

		if (secret)
			replace(&p->secrets[i], span_str(secret));
		else
			report_error(report, "%s is required, and must not be empty",
			    setting_info(secrets[i])->name);
	}
}

static void
take_trusted(const struct config *c, struct policy *p, struct report *report)
{
	struct span bad;

	if (networks_parse(span_str(config_text(c, SET_trusted_proxies)), &p->trusted, &bad) == 0)
		return;
	if (p->trusted.n == NETWORKS_MAX)
		report_error(report, "WHT_TRUSTED_PROXIES: more than %d networks", NETWORKS_MAX);
	else
		report_error(report,
		    "WHT_TRUSTED_PROXIES: \"%.*s\" is not an address, or a network whose host bits "
		    "are 0",
		    SPAN_FMT(span_take(bad, 100)));
}

static void
must_not_exceed(enum setting less, uint64_t a, enum setting more, uint64_t b, struct report *report)
{
	if (a > b)
		report_error(report, "%s must not be larger than %s", setting_info(less)->name,
		    setting_info(more)->name);
}

static void
take_limits(const struct config *c, struct policy *p, struct report *report)
{
	struct limits *l = &p->limits;

	*l = (struct limits){
#define LIMIT(field, name, unit, value, help) .field = config_number(c, SET_##field),
#include "msg/limit_tbl.h"
#undef LIMIT
	};
	limits_settle(l);
	must_not_exceed(SET_target_max, l->target_max, SET_head_max, l->head_max, report);
	must_not_exceed(SET_window, l->window, SET_stream_memory, l->stream_memory, report);
	must_not_exceed(
	    SET_stream_memory, l->stream_memory, SET_session_memory, l->session_memory, report);
	if (l->window > WINDOW_MAX)
		report_error(report, "WHT_WINDOW must not be larger than 1GiB");
}

struct policy *
publish_policy(const struct config *c, struct report *report)
{
	struct policy *p = policy_new();

	take_hostname(c, p, report);
	take_url_prefix(c, p, report);
	take_secrets(c, p, report);
	take_trusted(c, p, report);
	take_limits(c, p, report);
	if (config_given(c, SET_audience))
		replace(&p->audience, span_str(config_text(c, SET_audience)));
	p->close_at_expiry = config_number(c, SET_close_at_expiry) != 0;
	p->tls = pem_tls(c, report);
	p->script = script_load(c, report);
	if (report->errors)
		policy_unref(&p);
	return p;
}
