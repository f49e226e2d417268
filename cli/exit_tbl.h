/* cli/exit_tbl.h - what whclient's exit status says. Printed by --help and repeated in
 * docs/whclient.md.
 *
 * LEAVE(NAME, code, text)
 */
/* clang-format off */
LEAVE(OK,      0, "stopped by a signal")
LEAVE(FAILED,  1, "could not start")
LEAVE(USAGE,   2, "the command line is wrong")
LEAVE(TOKEN,   3, "the server refused the token (401), and no other can come")
LEAVE(REQUEST, 4, "the server refused the id or found no usable token (400), and no other can come")
LEAVE(DENIED,  5, "the server's rules forbid this tunnel (403), and no other token can come")
LEAVE(GAVE_UP, 6, "no session for --max-elapsed seconds")
LEAVE(LOST,    7, "--once: the session ended, or could not be made")
/* clang-format on */
