/* controlplane/config_tbl.h - everything that can be set, under its name in the environment.
 *
 * SETTING(field, "NAME", TYPE, default, "default in words", WHEN, "help")
 *   TYPE     a row of controlplane/value_tbl.h
 *   default  a number; 0 for what is text, which has none
 *   words    what stands for the default in the documentation; "": the number itself
 *   WHEN     RELOAD: read again at SIGHUP; START: a change needs a restart
 * The limits of the data plane are rows of the same table.
 */
/* clang-format off */
SETTING(hostname,             "HOSTNAME",                   TEXT,     0, "required",       RELOAD, "public host name of the service, with a port if viewers need one")
SETTING(port,                 "PORT",                       PORT,     0, "443, or 80 without TLS", START, "port to listen on; 0 takes a free one, which the log names")
SETTING(env,                  "ENV",                        TEXT,     0, "development",    START,  "production: the log is JSON (mozlog), one object a line")
SETTING(syslog_addr,          "SYSLOG_ADDR",                TEXT,     0, "none",           START,  "syslog server that hears the log as well: host or host:port, UDP, RFC 5424")
SETTING(secret_a,             "TASKCLUSTER_PROXY_SECRET_A", SECRET,   0, "required",       RELOAD, "first of the two secrets that may sign a client's token")
SETTING(secret_b,             "TASKCLUSTER_PROXY_SECRET_B", SECRET,   0, "required",       RELOAD, "second of them; two, so that one can be replaced while the other serves")
SETTING(tls_key,              "TLS_KEY",                    PEM64,    0, "none",           RELOAD, "private key, PEM in base64")
SETTING(tls_certificate,      "TLS_CERTIFICATE",            PEM64,    0, "none",           RELOAD, "certificate and its chain, PEM in base64; with TLS, tunnels are hosts below HOSTNAME")
SETTING(tls_key_file,         "TLS_KEY_FILE",               PATH,     0, "none",           RELOAD, "private key, a PEM file, instead of TLS_KEY")
SETTING(tls_certificate_file, "TLS_CERTIFICATE_FILE",       PATH,     0, "none",           RELOAD, "certificate and its chain, a PEM file, instead of TLS_CERTIFICATE")
SETTING(url_prefix,           "URL_PREFIX",                 TEXT,     0, "made from HOSTNAME", RELOAD, "what stands before /<id> in the URL that a client is told: http(s)://host[:port][/path]")
SETTING(audience,             "AUDIENCE",                   TEXT,     0, "none: aud is ignored", RELOAD, "what a token's aud must be or contain")
SETTING(listen,               "WHT_LISTEN",                 TEXT,     0, "every address",  START,  "addresses to listen on, separated by commas or spaces: 127.0.0.1, [::1]:8443, *:80")
SETTING(workers,              "WHT_WORKERS",                WORKERS,  0, "the CPUs it may use", START, "threads that serve connections")
SETTING(state_dir,            "WHT_STATE_DIR",              PATH,     0, "$STATE_DIRECTORY, which systemd sets, else ./wht-state", START, "directory for what outlives a restart: the database")
SETTING(audit_keep,           "WHT_AUDIT_KEEP",             DAYS,     400, "",            START,  "days for which sessions and the audit are kept")
SETTING(audit_sync,           "WHT_AUDIT_SYNC",             TEXT,     0, "full",           START,  "full: what is acknowledged outlives a power cut; normal: the crash of whtd alone, for slow disks")
SETTING(admin_socket,         "WHT_ADMIN_SOCKET",           PATH,     0, "admin.sock in $RUNTIME_DIRECTORY, else in WHT_STATE_DIR", START, "the Unix socket that whtctl and curl speak to")
SETTING(admin_group,          "WHT_ADMIN_GROUP",            TEXT,     0, "none",           START,  "group whose members may use the admin socket; its mode is then 0660, else 0600; its folder must let them in")
SETTING(admin_group_role,     "WHT_ADMIN_GROUP_ROLE",       TEXT,     0, "operate",        START,  "what they may do: view; operate, that is end and ban tunnels as well; or admin, everything")
SETTING(metrics,              "WHT_METRICS",                TEXT,     0, "none",           START,  "address on which GET /metrics is answered over TCP, for Prometheus: 127.0.0.1:9464")
SETTING(env_file,             "WHT_ENV_FILE",               PATH,     0, "none",           START,  "file of NAME=value lines with any of these settings; the environment wins over it")
SETTING(log_level,            "WHT_LOG_LEVEL",              LEVEL,    LVL_INFO, "",        RELOAD, "least severe line that is logged: debug, info, warn or error")
SETTING(close_at_expiry,      "WHT_CLOSE_AT_EXPIRY",        SWITCH,   0, "",               RELOAD, "1: a tunnel ends when the token that opened it expires")
SETTING(trusted_proxies,      "WHT_TRUSTED_PROXIES",        TEXT,     0, "none",           RELOAD, "networks whose word on X-Forwarded-* and Forwarded is taken: 10.0.0.0/8, 2001:db8::/32")
SETTING(lua,                  "WHT_LUA",                    PATH,     0, "none",           RELOAD, "the operator's script, a file or a directory of *.lua; docs/lua.md")
SETTING(lua_time,             "WHT_LUA_TIME",               MS,       5, "",               RELOAD, "what one call of the script may compute")
SETTING(lua_instructions,     "WHT_LUA_INSTRUCTIONS",       COUNT,    500000, "",          RELOAD, "instructions of one call of the script")
SETTING(lua_memory,           "WHT_LUA_MEMORY",             BYTES,    8 << 20, "",         RELOAD, "memory of the script in each worker")
SETTING(lua_register_closed,  "WHT_LUA_REGISTER_CLOSED",    SWITCH,   1, "",               RELOAD, "1: a registration whose on_register fails is refused; 0: it goes on")
SETTING(lua_route_closed,     "WHT_LUA_ROUTE_CLOSED",       SWITCH,   0, "",               RELOAD, "the same for on_route; 0: the built-in rule holds")
SETTING(lua_request_closed,   "WHT_LUA_REQUEST_CLOSED",     SWITCH,   1, "",               RELOAD, "the same for on_request")
SETTING(lua_body_closed,      "WHT_LUA_BODY_CLOSED",        SWITCH,   1, "",               RELOAD, "the same for on_body")
SETTING(lua_response_closed,  "WHT_LUA_RESPONSE_CLOSED",    SWITCH,   0, "",               RELOAD, "the same for on_response; 0: the response goes out as it came")
#define LIMIT(field, name, unit, value, help) SETTING(field, name, unit, value, "", RELOAD, help)
#include "msg/limit_tbl.h"
#undef LIMIT
/* clang-format on */
