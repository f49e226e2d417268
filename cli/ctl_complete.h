/* cli/ctl_complete.h - what may stand where a shell's cursor is.
 *
 * The three scripts are a few lines each: they hand the words to "whtctl __complete WORDS...", the
 * last of which is the one to complete, and get "candidate<TAB>help" lines back. So all three know
 * exactly the commands of this very binary.
 */
#ifndef WHT_CLI_CTL_COMPLETE_H
#define WHT_CLI_CTL_COMPLETE_H

#include "base/strb.h"
#include "cli/ctl_command.h"

/* The script of a shell, or NULL for one that is not known. */
const char *ctl_completion_script(const char *shell);

/* What a value may be, when it is something that the service knows: its ids, its bans. */
enum complete_live { LIVE_NOTHING, LIVE_TUNNELS, LIVE_BANS };

/* The candidates for the last word behind whtctl's name. The answer says which of the service's
 * names would fit as well. */
enum complete_live ctl_complete(struct strb *out, const char *const *words, size_t nwords);

#endif
