/* controlplane/value_tbl.h - the kinds of values that a setting can have.
 *
 * VALUE(TYPE, kind, least, most, "what is expected")
 *   kind         TEXT, or the way a number is written: PLAIN, SIZE (64KiB), SECONDS (7.5s),
 *                LEVEL (info)
 *   least, most  of a number; a time is in milliseconds here
 */
/* clang-format off */
VALUE(TEXT,       TEXT,    0, 0,          "text without control characters")
VALUE(PATH,       TEXT,    0, 0,          "the path of a file or directory")
VALUE(SECRET,     TEXT,    0, 0,          "text without control characters")
VALUE(PEM64,      TEXT,    0, 0,          "PEM in base64, as base64 -w0 FILE prints it")
VALUE(PORT,       PLAIN,   0, 65535,      "a port number from 0 to 65535")
VALUE(WORKERS,    PLAIN,   1, 256,        "a number from 1 to 256")
VALUE(COUNT,      PLAIN,   1, 1000000000, "a whole number from 1 to 1000000000")
VALUE(DAYS,       PLAIN,   1, 36500,      "a number of days from 1 to 36500")
VALUE(SWITCH,     PLAIN,   0, 1,          "0 or 1")
VALUE(BYTES,      SIZE,    1, 1ull << 40, "a number of bytes above 0, or of KiB, MiB or GiB, such as 64KiB")
VALUE(BYTES_OR_0, SIZE,    0, 1ull << 40, "0, or a number of bytes, or of KiB, MiB or GiB, such as 64KiB")
VALUE(MS,         SECONDS, 1, 1ull << 32, "seconds above 0, such as 10s or 0.25s")
VALUE(MS_OR_0,    SECONDS, 0, 1ull << 32, "0, or seconds, such as 10s or 0.25s")
VALUE(LEVEL,      LEVEL,   LVL_DEBUG, LVL_ERROR, "debug, info, warn or error")
/* clang-format on */
