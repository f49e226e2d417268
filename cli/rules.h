/* cli/rules.h - what becomes of a request before the local target sees it: who may ask, which
 * target, and with which head.
 *
 * Pure. A head that no rule changes is passed on byte for byte.
 */
#ifndef WHT_CLI_RULES_H
#define WHT_CLI_RULES_H

#include "cli/place.h"
#include "cli/settings.h"
#include "base/strb.h"
#include "http/head.h"
#include "base/network.h"

#define ROUTES_MAX	 SETTING_VALUES_MAX
#define ROUTE_PATH_MAX	 256
#define RULES_HEAD_MAX	 (128 * 1024)
#define RULES_ERROR_MAX	 512
#define RULES_SECRET_MAX 1024

enum route_kind { ROUTE_DIAL, ROUTE_FOLDER, ROUTE_PROGRAM };

struct route {
	enum route_kind kind;
	char path[ROUTE_PATH_MAX]; /* "": all */
	size_t path_len;
	struct place place;
	void *tls; /* the forwarder's: its struct tls_context, or NULL */
};

struct rules {
	struct route routes[ROUTES_MAX];
	int nroutes;
	bool strip, proxy_protocol;
	char host[PLACE_TEXT_MAX]; /* "": as it came */
	bool rewrite_host;	   /* to the route's own */
	struct {
		struct span name, value;
	} headers[SETTING_VALUES_MAX];
	int nheaders;
	char secret[RULES_SECRET_MAX]; /* "user:pass" in base64; "": anybody */
	struct networks allow;	       /* none: anybody */
};

/* What the settings say; texts of headers are borrowed from them. -WHT_EINVAL: error says why. No
 * target is no error: nroutes is 0 then. */
int rules_read(struct rules *, const struct settings *, char error[RULES_ERROR_MAX]) MUST_CHECK;

struct verdict {
	int status;		   /* 0: pass it on; else the answer */
	const struct route *route; /* where to */
};
/* trusted: the server says who the viewer is, and lets no viewer say it. */
struct verdict rules_judge(const struct rules *, const struct http_head *, bool trusted);
/* Can a request pass whose head is not understood? Only where nothing is asked of it. */
bool rules_take_anything(const struct rules *);

/* The head for the target: raw, or made anew where a rule changes it. */
void rules_write_head(const struct rules *, const struct route *, const struct http_head *,
    struct span raw, struct strb *);

/* The viewer's address as the server saw it; false: not said. */
bool rules_viewer(const struct http_head *, struct sockaddr_storage *);
/* PROXY protocol v2 for a viewer; NULL: unknown. */
void rules_write_proxy_v2(struct strb *, const struct sockaddr_storage *viewer);

#endif
