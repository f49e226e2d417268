/* lua/outcome_tbl.h - what the rules and the operator's script may make of a viewer's request.
 *
 * OUTCOME(NAME, "word")   the word is that of the admin API and of whtctl
 */
/* clang-format off */
OUTCOME(PASSED,    "passed")
OUTCOME(DENIED,    "denied")
OUTCOME(ANSWERED,  "answered")
OUTCOME(READ_BODY, "read_body")
OUTCOME(FAILED,    "failed")
OUTCOME(NOT_FOUND, "not_found")
/* clang-format on */
