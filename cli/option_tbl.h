/* cli/option_tbl.h - whclient's options: read by getopt_long's table, by --help and by its switch.
 *
 * OPTION(NAME, letter, "word", "ARGUMENT" or NULL, help)
 *   letter  the short form, or 0
 */
/* clang-format off */
OPTION(TOKEN,           't', "token",           "JWT",     "the token to register with")
OPTION(TOKEN_FILE,      'f', "token-file",      "FILE",    "read the token from FILE before each registration")
OPTION(CA,              0,   "ca",              "FILE",    "trust the server's certificate by FILE (PEM), not by the system's roots")
OPTION(INSECURE,        0,   "insecure",        NULL,      "do not verify the server's certificate")
OPTION(INSECURE_TARGET, 0,   "insecure-target", NULL,      "do not verify the certificate of an https:// TARGET")
OPTION(MAX_ELAPSED,     0,   "max-elapsed",     "SECONDS", "give up when there was no session for that long (default: never)")
OPTION(ONCE,            0,   "once",            NULL,      "do not connect again when the session ends")
OPTION(LOG_LEVEL,       0,   "log-level",       "LEVEL",   "debug, info, warn or error (default: info)")
OPTION(HELP,            'h', "help",            NULL,      "print this and exit")
OPTION(VERSION,         'V', "version",         NULL,      "print the version and exit")
/* clang-format on */
