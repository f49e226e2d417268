/* cli/settings.h - what was said about a tunnel, as text: by the command line, the environment or a
 * profile.
 *
 * The three are the same thing read in that order: whoever spoke first is believed. What the texts
 * mean is for cli/tunnel.h to find out. Secrets are among them: all is wiped when it goes.
 */
#ifndef WHT_CLI_SETTINGS_H
#define WHT_CLI_SETTINGS_H

#include "base/span.h"

#define SETTING_VALUES_MAX 16

enum option_kind {
	OPT_TUNNEL = 1, /* may stand in a profile */
	OPT_MANY = 2,	/* each one counts; of others the last */
	OPT_SECRET = 4, /* taken out of the process list */
};

enum option_id {
#define OPTION(NAME, letter, word, argument, environment, kind, help) OPT_##NAME,
#include "cli/option_tbl.h"
#undef OPTION
	OPT_COUNT
};

struct option_info {
	char letter;
	const char *word, *argument, *environment;
	unsigned kind;
	const char *help;
};
extern const struct option_info option_infos[OPT_COUNT];

/* OPT_COUNT: none is called so. */
enum option_id option_of_word(struct span word);

struct settings {
	char *values[OPT_COUNT][SETTING_VALUES_MAX];
};

/* Copies the value. NULL, or what is wrong: too many of it. */
const char *settings_set(struct settings *, enum option_id, struct span value);
/* What is not set here is taken from there. */
void settings_inherit(struct settings *, const struct settings *from);
/* The same from the environment. */
void settings_inherit_environment(struct settings *);
/* What is secret is taken out of the environment, where "ps e" shows it: once all have read it. */
void settings_wipe_environment(void);
void settings_clear(struct settings *, enum option_id);
void settings_free(struct settings *);

/* NULL: not set. */
const char *settings_text(const struct settings *, enum option_id);
/* Set, and not to "no". */
bool settings_on(const struct settings *, enum option_id);

#endif
