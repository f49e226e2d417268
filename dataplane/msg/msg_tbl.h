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
/* clang-format on */
