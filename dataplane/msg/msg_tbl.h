/* msg/msg_tbl.h - every message that crosses threads.
 *
 * MSG(NAME, type, from, to, "what it carries"): DP a worker, CP the control plane.
 * The row makes the enum, the name in logs and the prototypes msg_<type>_free (undelivered) and,
 * for DP receivers, worker_on_<type>: a message that nobody handles does not link.
 */
/* clang-format off */
MSG(CONN_MOVE, conn_move, DP, DP, "a whole connection: descriptor, TLS, unread bytes")
MSG(POLICY,    policy,    CP, DP, "one reference to a new immutable policy snapshot")
MSG(DRAIN,     drain,     CP, DP, "stop accepting, finish, say when empty")
MSG(DRAINED,   drained,   DP, CP, "the worker is empty, and its thread ends")
MSG(ADMIT,     admit,     DP, CP, "a client that may become a tunnel: its row is to be written first")
MSG(ADMITTED,  admitted,  CP, DP, "its row is on disk, or why there is none")
MSG(TUNNEL_END, tunnel_end, DP, CP, "a tunnel ended: its row, why, and the totals")
MSG(REFUSALS,  refusals,  DP, CP, "registrations refused: reason, id, peer, and how many alike")
MSG(HOOK_FAILED, hook_failed, DP, CP, "the operator's script failed, and how often since the last time")
MSG(RECORDED,  recorded,  CP, DP, "so many of the worker's rows are on disk")
MSG(KICK,      kick,      CP, DP, "end every tunnel whose id matches")
MSG(KICKED,    kicked,    DP, CP, "how many ended")
MSG(ASK,       ask,       CP, DP, "tell of your tunnels, your counters, a failed request or the last requests")
MSG(TOLD,      told,      DP, CP, "the answer")
/* clang-format on */
