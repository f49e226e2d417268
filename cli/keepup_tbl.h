/* cli/keepup_tbl.h - the states of whclient between its start and its end.
 *
 * STATE(NAME, before, deadline_ms, late, text)
 *   before   the states that it may be entered from
 *   late     what happens when the deadline passes; a deadline of 0 is none, or set by who enters
 */
#define IN(NAME) (1u << KEEPUP_##NAME)
#define LEFT	 (IN(IDLE) | IN(LEAVING))
/* clang-format off */
STATE(IDLE,        0,                                   0,     NULL,              "not begun")
STATE(WAITING,     LEFT | IN(RESTING),                  0,     keepup_give_up,    "waiting for a token")
STATE(DIALLING,    LEFT | IN(WAITING) | IN(RESTING),    30000, keepup_on_late,    "connecting")
STATE(REGISTERING, IN(DIALLING),                        30000, keepup_on_late,    "registering")
STATE(SERVING,     IN(REGISTERING),                     0,     NULL,              "serving")
STATE(DRAINING,    IN(SERVING),                         5000,  keepup_on_drained, "letting requests finish")
STATE(LEAVING,     IN(DIALLING) | IN(REGISTERING) | IN(SERVING) | IN(DRAINING),
                                                        0,     NULL,              "disconnecting")
STATE(RESTING,     LEFT | IN(WAITING) | IN(RESTING),    0,     keepup_dial,       "resting before the next attempt")
STATE(STOPPED,     LEFT | IN(WAITING) | IN(RESTING),    0,     NULL,              "stopped")
/* clang-format on */
#undef IN
#undef LEFT
