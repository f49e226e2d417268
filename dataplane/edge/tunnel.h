/* edge/tunnel.h - one registered client.
 *
 *   LIVE --tunnel_end, link down--> ENDING --link gone--> freed
 *
 * It lives on worker_owner(id) from birth to free; nobody else holds a pointer. LIVE: in
 * worker->by_id, findable. ENDING: off the map, its streams told, its Close on the way; a successor
 * under the same id may already be LIVE, which is why callbacks compare pointers and never ids.
 */
#ifndef WHT_EDGE_TUNNEL_H
#define WHT_EDGE_TUNNEL_H

#include "edge/admit.h"
#include "edge/upstream.h"
#include "edge/worker.h"

struct tunnel;

/* The client's conn, its 101 written under that policy, becomes a tunnel; one that is LIVE under
 * the id is replaced. session: its row. */
void tunnel_join(struct worker *, struct conn **, const struct admission *, const struct policy *,
    int64_t session);
/* The LIVE one, or NULL. any_case: if there is none under the id as written, the one in lower case
 * (hosts are written in any case, and browsers write them so). */
struct tunnel *tunnel_find(struct worker *, struct span id, bool any_case);
/* Closes the session for that reason; the tunnel is freed on a later turn.
 * by: an operator, for the record; "": nobody. */
void tunnel_end_by(struct tunnel *, enum reason why, const char *by);
void tunnel_end(struct tunnel *, enum reason why);
bool tunnel_is_live(const struct tunnel *);
void tunnel_tell(struct tunnel *, struct tunnel_facts *);

/* The next one of its worker's list. */
struct tunnel *tunnel_next(struct tunnel *);
struct upstream_pool *tunnel_pool(struct tunnel *);
enum header_family tunnel_family(const struct tunnel *);
struct span tunnel_id(const struct tunnel *);
void tunnel_count_request(struct tunnel *);

#endif
