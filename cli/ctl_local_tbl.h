/* cli/ctl_local_tbl.h - the commands and arguments that are whtctl's own, beside those of
 * controlplane/admin_tbl.h and in the same words.
 *
 * LOCAL(NAME, "words", "help")
 * LOCAL_ARG(NAME, name, TYPE, NEED, "help")
 * LOCAL_FLAG(NAME, name, "help")  an option without a value; NAME may be a command of the service
 */
#ifndef LOCAL
#define LOCAL(...)
#endif
#ifndef LOCAL_ARG
#define LOCAL_ARG(...)
#endif
#ifndef LOCAL_FLAG
#define LOCAL_FLAG(...)
#endif
/* clang-format off */
LOCAL_FLAG(AUDIT_LIST,    follow,               "then print rows as they come")
LOCAL(TOKEN_INSPECT, "token inspect",           "read a token, here; its signature is not judged")
LOCAL_ARG(TOKEN_INSPECT,  token, TEXT,  REQUIRED, "the token; - reads it from stdin")
LOCAL(TOP,           "top",                     "live tunnels by what they carry, drawn again each second")
LOCAL_ARG(TOP,            match, GLOB,  OPTIONAL, "only those")
LOCAL(LUA_CHECK,     "lua check",               "look a script over: syntax, functions nobody calls, names that are not there")
LOCAL_ARG(LUA_CHECK,      file, TEXT,  REQUIRED, "the script, or a directory of *.lua")
LOCAL(LUA_TEST,      "lua test",                "ask a script about a request, or about the last ones of the service, here, and print what it says")
LOCAL_ARG(LUA_TEST,       file, TEXT,  REQUIRED, "the script, or a directory of *.lua")
LOCAL_ARG(LUA_TEST,       request, TEXT, OPTIONAL, "'GET /id/path', lines of fields, an empty line and a body; - reads it from stdin")
LOCAL_ARG(LUA_TEST,       since, MOMENT, OPTIONAL, "instead, the last requests of the service, not before that: 24h; prints whose verdict would change")
LOCAL_ARG(LUA_TEST,       peer, TEXT,  OPTIONAL, "the viewer's address; 127.0.0.1 unless said")
LOCAL(COMPLETION,    "completion",              "print what a shell needs to complete these words")
LOCAL_ARG(COMPLETION,     shell, SHELL, REQUIRED, "for which shell")
LOCAL(HELP,          "help",                    "the commands, or one of them: whtctl help tunnel kill")
/* clang-format on */
#undef LOCAL
#undef LOCAL_ARG
#undef LOCAL_FLAG
