/* cli/ctl_option_tbl.h - the options that every command of whtctl takes.
 *
 * OPTION(NAME, letter, "word", "ARGUMENT" or NULL, help)
 *   letter  the short form, or 0
 */
/* clang-format off */
OPTION(SOCKET,    's', "socket",    "PATH", "the admin socket of whtd")
OPTION(JSON,      'j', "json",      NULL,   "print the answer as the service gave it")
OPTION(NO_HEADER, 0,   "no-header", NULL,   "columns without their headings")
OPTION(HELP,      'h', "help",      NULL,   "print what the command does and takes")
OPTION(VERSION,   'V', "version",   NULL,   "print the version and exit")
/* clang-format on */
