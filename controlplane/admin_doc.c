#include "controlplane/admin_doc.h"

#include "controlplane/admin_route.h"

/* clang-format off */
static const char intro[] =
"# The admin API of whtd\n"
"\n"
"This page is printed by `whtd --print-admin-doc` from `controlplane/admin_tbl.h`; a test compares the two.\n"
"\n"
"`whtd` speaks HTTP/1.1 and JSON on a Unix socket: `WHT_ADMIN_SOCKET`, or `admin.sock` in `$RUNTIME_DIRECTORY` or in\n"
"`WHT_STATE_DIR`. `whtctl` is made of the same table; without it,\n"
"\n"
"    curl --unix-socket wht-state/admin.sock http://whtd/v1/tunnels\n"
"    curl --unix-socket wht-state/admin.sock http://whtd/v1/bans -d '{\"match\": \"alpha\", \"for\": \"2h\"}'\n"
"\n"
"**Who may ask.** The kernel says who is at the other end. The user that `whtd` runs as, and root, have the role\n"
"*admin*; members of `WHT_ADMIN_GROUP` have `WHT_ADMIN_GROUP_ROLE`, *operate* unless said; nobody else gets an answer\n"
"but 403. *admin* may do what *operate* may, and that what *view* may.\n"
"\n"
"**What is on record.** A recorded command has its row in the audit, event `admin.` and its words with dots, actor\n"
"`uid:` and the number, with the process id and the arguments, committed before the command acts. Where the row\n"
"cannot be written the answer is 503 and nothing was done. A command whose caller hangs up runs to its end.\n"
"\n"
"**Arguments** in a path or a query are percent-encoded; in a body they are members of one JSON object. What is not\n"
"in the table is refused. **Answers** are one line of ASCII, whatever strangers called themselves: what is not UTF-8\n"
"is shown as `\\xNN`. Names that end in `_at` are times, `2026-11-22T14:13:33.042Z`; what is not known is null. More\n"
"members may come to an object; none will go. **Errors** have a status and\n"
"`{\"error\": word, \"message\": sentence, \"hint\": what to do}`:\n"
"\n"
"| status | when |\n"
"| --- | --- |\n"
"| 400 | the request or an argument is malformed |\n"
"| 403 | the peer has not the role |\n"
"| 404, 405 | there is no such command; or no such tunnel, ban or request |\n"
"| 408, 413, 431 | the request was too slow or too large: 10 s, 16 KiB of head, 64 KiB of body |\n"
"| 409 | the service is stopping, and this makes no sense any more |\n"
"| 422 | reload: the configuration has errors, and the old one stays |\n"
"| 503 | the audit cannot be written or read now; or 128 commands are under way |\n"
"| 504 | a worker did not answer within two seconds; what was asked may still happen |\n"
"\n"
"While the service drains, everything but `reload` is answered as ever. 64 peers may be connected; beyond that the\n"
"one that has been idle longest makes room. An idle connection is closed after a minute, one that does not read its\n"
"answer after half of one. `WHT_METRICS` shows `GET /metrics`, and nothing else, over TCP to whoever can connect.\n"
"\n"
"A *tunnel* is `{id, url, worker, session, peer, agent, family, window, rst, iss, sub, jti, token_expires_at, opened_at,\n"
"requests, bytes_in, bytes_out, rtt_ms, held_bytes, streams, stalled}`: `in` is from the client, `held_bytes` wait for\n"
"viewers, `stalled` counts streams whose viewer does not take what is there, `session` is the row in the database.\n";
/* clang-format on */

static void
print_arguments(FILE *out, enum admin_command c)
{
	static const char *const places[] = {"path", "query", "body"};
	bool any = false;

	for (int a = 0; a < ADMIN_ARGS; a++) {
		const struct admin_arg_row *row = admin_arg_row((enum admin_arg)a);

		if (row->command != c)
			continue;
		if (!any)
			fputs(
			    "\n| argument | in | expected | meaning |\n| --- | --- | --- | --- |\n",
			    out);
		any = true;
		fprintf(out, "| `%s`%s | %s | %s | %s |\n", row->name,
		    row->required ? ", required" : "", places[row->place],
		    admin_type_expected(row->type), row->help);
	}
}

void
admin_print_markdown(FILE *out)
{
	fputs(intro, out);
	for (int c = 0; c < ADMIN_COMMANDS; c++) {
		const struct admin_row *row = admin_row((enum admin_command)c);

		fprintf(out, "\n## `%s %s`\n\n`whtctl %s`: %s. Role *%s*%s.\n", row->method,
		    row->path, row->words, row->help, admin_role_word(row->role),
		    row->recorded ? "; recorded" : "");
		print_arguments(out, (enum admin_command)c);
		fprintf(out, "\nAnswer: `%s`\n", row->answer);
	}
}
