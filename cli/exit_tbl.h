/* cli/exit_tbl.h - what the exit statuses of whclient and whtctl say. Printed by their --help, and
 * repeated in docs/whclient.md and docs/operating.md. A reader defines the macro that it wants.
 *
 * LEAVE(NAME, code, text)      whclient
 * LEAVE_CTL(NAME, code, text)  whtctl
 */
/* clang-format off */
#ifdef LEAVE
LEAVE(OK,      0, "stopped by a signal")
LEAVE(FAILED,  1, "could not start")
LEAVE(USAGE,   2, "the command line is wrong")
LEAVE(TOKEN,   3, "the server refused the token (401), and no other can come")
LEAVE(REQUEST, 4, "the server refused the id or found no usable token (400), and no other can come")
LEAVE(DENIED,  5, "the server's rules forbid this tunnel (403), and no other token can come")
LEAVE(GAVE_UP, 6, "no session for --max-elapsed seconds")
LEAVE(LOST,    7, "--once: the session ended, or could not be made")
#endif
#ifdef LEAVE_CTL
LEAVE_CTL(OK,      0, "done")
LEAVE_CTL(NO,      1, "the answer is no: nothing of that name, a token that would be refused, an audit that was tampered with")
LEAVE_CTL(USAGE,   2, "the command line is wrong")
LEAVE_CTL(AWAY,    3, "the service could not be asked: no socket, no right to use it, no answer")
LEAVE_CTL(DENIED,  4, "the service does not permit it to this user")
LEAVE_CTL(BUSY,    5, "the service cannot do it now: try again later")
LEAVE_CTL(FAILED,  6, "the service failed, or gave an answer that makes no sense")
#endif
/* clang-format on */
