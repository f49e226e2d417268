/* cli/ctl.h - what every command of whtctl works with: the line, the service, and the page it
 * writes.
 *
 * A command answers an exit status. What it has to say goes into out, which leaves for stdout in
 * one write when the command is done, or earlier by ctl_flush; why it failed goes to stderr at
 * once.
 */
#ifndef WHT_CLI_CTL_H
#define WHT_CLI_CTL_H

#include "cli/ctl_api.h"
#include "cli/ctl_exit.h"
#include "cli/ctl_line.h"
#include "cli/ctl_sheet.h"

struct ctl {
	struct ctl_line line;
	struct api *api; /* NULL for what is done here */
	struct sheet_look look;
	bool json;
	int64_t now_ms; /* wall clock, for ages */
	struct strb out;
};

typedef enum ctl_leave ctl_run_f(struct ctl *);

/* What is in out goes to stdout. CTL_LEAVE_FAILED when it cannot. */
enum ctl_leave ctl_flush(struct ctl *);
/* Sentences, separated by newlines, to stderr. */
void ctl_complain(const char *sentences);
/* The line's own question. When the answer is not the one hoped for, its reason is complained of.
 */
enum ctl_leave ctl_ask(struct ctl *, struct answer *);

/* ---- the kinds of answers: cli/ctl_fields.c, ctl_list.c, ctl_say.c, ctl_audit.c, ctl_token.c,
 * ctl_lua.c, ctl_lua_since.c ----
 */

/* One object as "name  value" lines. */
ctl_run_f ctl_run_fields;
void ctl_fields(struct ctl *, const json_t *object);
/* A listing of cli/ctl_column_tbl.h. */
ctl_run_f ctl_run_list;
/* Whether the command is one. */
bool ctl_is_list(enum ctl_id);
/* The rows of an answer; sheet_print and sheet_free are the caller's. */
void ctl_list_sheet(enum ctl_id, struct sheet *);
void ctl_list_add(struct ctl *, enum ctl_id, struct sheet *, const json_t *answer);
/* A sentence that says what was done. */
ctl_run_f ctl_run_say;
bool ctl_is_said(enum ctl_id);
/* The answer as it is, which is no JSON. */
ctl_run_f ctl_run_text;
ctl_run_f ctl_run_why, ctl_run_mint, ctl_run_inspect;
ctl_run_f ctl_run_audit, ctl_run_follow, ctl_run_verify;
ctl_run_f ctl_run_top;
ctl_run_f ctl_run_lua_check, ctl_run_lua_test;
struct lua_vm;
struct lua_shared;
/* The script on the last requests of the service, which c->api reaches. */
enum ctl_leave ctl_lua_since(struct ctl *, struct lua_vm *, struct lua_shared *);

#endif
