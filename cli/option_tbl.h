/* cli/option_tbl.h - whclient's options: read by getopt_long's table, by --help, by profiles, by
 * the environment and by libwhclient.
 *
 * OPTION(NAME, letter, "word", "ARGUMENT" or NULL, "ENVIRONMENT" or NULL, kind, help)
 *   letter  the short form, or 0
 *   kind    bits of enum option_kind (cli/settings.h); an option with OPT_TUNNEL may stand in a
 * profile
 */
/* clang-format off */
OPTION(SERVER,          's', "server",          "URL",     "WHT_URL",   OPT_TUNNEL,              "the server: https://host[:port]")
OPTION(ID,              'i', "id",              "ID",      "WHT_ID",    OPT_TUNNEL,              "the tunnel's name (default: the one in the token)")
OPTION(TARGET,          0,   "target",          "TARGET",  NULL,        OPT_TUNNEL | OPT_MANY,   "what to make reachable: TARGET, or /PATH=TARGET")
OPTION(TOKEN_FILE,      'f', "token-file",      "FILE",    "WHT_TOKEN_FILE", OPT_TUNNEL,         "read the token from FILE before each registration")
OPTION(TOKEN,           't', "token",           "JWT",     "WHT_TOKEN", OPT_TUNNEL | OPT_SECRET, "the token to register with")
OPTION(PROFILE,         'p', "profile",         "NAME",    "WHT_PROFILE", 0,                     "take what is not given here from that profile")
OPTION(CONFIG,          0,   "config",          "FILE",    "WHT_CONFIG", 0,                      "the file with the profiles (default: ~/.config/whclient/config)")
OPTION(CLIENT_ID,       0,   "client-id",       "ID",      "TASKCLUSTER_CLIENT_ID", OPT_TUNNEL,  "Taskcluster: ask its Auth service for tokens, as this client")
OPTION(ACCESS_TOKEN,    0,   "access-token",    "KEY",     "TASKCLUSTER_ACCESS_TOKEN", OPT_TUNNEL | OPT_SECRET, "Taskcluster: the client's access token")
OPTION(CERT,            0,   "cert",            "JSON",    "TASKCLUSTER_CERTIFICATE", OPT_TUNNEL | OPT_SECRET, "Taskcluster: the certificate of temporary credentials")
OPTION(ROOT_URL,        0,   "root-url",        "URL",     "TASKCLUSTER_ROOT_URL", OPT_TUNNEL,   "Taskcluster: the deployment; without it, the service of old is asked")
OPTION(AUDIENCE,        0,   "audience",        "NAME",    "WHT_AUDIENCE", OPT_TUNNEL,           "Taskcluster: the audience that the server wants")
OPTION(AUTH_URL,        0,   "auth-url",        "URL",     "WHT_AUTH_URL", OPT_TUNNEL,           "Taskcluster: the service of old (default: https://auth.taskcluster.net)")
OPTION(CA,              0,   "ca",              "FILE",    "WHT_CA",    OPT_TUNNEL,              "trust the server's certificate by FILE (PEM), not by the system's roots")
OPTION(INSECURE,        0,   "insecure",        NULL,      NULL,        OPT_TUNNEL,              "do not verify the server's certificate")
OPTION(PROXY,           0,   "proxy",           "URL",     NULL,        OPT_TUNNEL | OPT_SECRET, "reach the server through http:// or socks5://[user:pass@]host:port; none: directly")
OPTION(HOST_HEADER,     0,   "host-header",     "VALUE",   NULL,        OPT_TUNNEL,              "send the target this Host; rewrite: the target's own name")
OPTION(HEADER,          0,   "header",          "X: Y",    NULL,        OPT_TUNNEL | OPT_MANY | OPT_SECRET, "add this field to each request, in place of those called so")
OPTION(STRIP_PREFIX,    0,   "strip-prefix",    NULL,      NULL,        OPT_TUNNEL,              "take PATH of /PATH=TARGET off the request")
OPTION(BASIC_AUTH,      0,   "basic-auth",      "USER:PASS", NULL,      OPT_TUNNEL | OPT_SECRET, "viewers must give this name and password")
OPTION(ALLOW,           0,   "allow",           "CIDR",    NULL,        OPT_TUNNEL | OPT_MANY,   "only viewers from these addresses; several: repeat it")
OPTION(INSECURE_TARGET, 0,   "insecure-target", NULL,      NULL,        OPT_TUNNEL,              "do not verify the certificate of an https:// TARGET")
OPTION(PROXY_PROTOCOL,  0,   "proxy-protocol",  NULL,      NULL,        OPT_TUNNEL,              "tell the target the viewer's address by PROXY protocol v2")
OPTION(SERVER_WINDOW,   0,   "server-window",   "BYTES",   "WHT_SERVER_WINDOW", OPT_TUNNEL,         "what an original server takes ahead on a stream (default: 4096; Taskcluster's since v94: 4194304)")
OPTION(MAX_ELAPSED,     0,   "max-elapsed",     "SECONDS", NULL,        OPT_TUNNEL,              "give up when there was no session for that long (default: never)")
OPTION(ONCE,            0,   "once",            NULL,      NULL,        OPT_TUNNEL,              "do not connect again when the session ends")
OPTION(EXIT_ON_LOSS,    0,   "exit-on-loss",    NULL,      NULL,        OPT_TUNNEL,              "the same")
OPTION(OUT_FILE,        'o', "out-file",        "FILE",    NULL,        0,                       "write the URL to FILE, too")
OPTION(JSON,            0,   "json",            NULL,      NULL,        0,                       "one JSON object for each event on stdout, and for each line on stderr")
OPTION(PLAIN,           0,   "plain",           NULL,      NULL,        0,                       "lines, also in a terminal")
OPTION(CHECK,           0,   "check",           NULL,      NULL,        0,                       "say what works and what does not, and exit")
OPTION(LOG_LEVEL,       0,   "log-level",       "LEVEL",   NULL,        0,                       "debug, info, warn or error (default: info)")
OPTION(VERBOSE,         'v', "verbose",         NULL,      NULL,        0,                       "as --log-level debug")
OPTION(HELP,            'h', "help",            NULL,      NULL,        0,                       "print this and exit")
OPTION(VERSION,         'V', "version",         NULL,      NULL,        0,                       "print the version and exit")
/* clang-format on */
