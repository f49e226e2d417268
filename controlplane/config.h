/* controlplane/config.h - the settings as they were found: environment over file over default.
 *
 * A config says what was asked for; what follows from it (addresses, certificates, a policy) is
 * worked out by addresses.h and publish.h. A variable that is empty counts as not set, as in a
 * compose file that passes on what it does not have. Values of secrets appear in no message.
 */
#ifndef WHT_CONTROLPLANE_CONFIG_H
#define WHT_CONTROLPLANE_CONFIG_H

#include "controlplane/report.h"
#include "controlplane/value.h"

enum setting {
#define SETTING(field, name, type, number, words, when, help) SET_##field,
#include "controlplane/config_tbl.h"
#undef SETTING
	SETTINGS
};

struct setting_info {
	const char *name;
	enum value_type type;
	uint64_t number; /* the default, unless it is text */
	const char *words;
	bool reloadable;
	const char *help;
};

const struct setting_info *setting_info(enum setting);
/* The setting of that name, or -1. */
int setting_find(struct span name);
/* The setting whose name looks most like it; -1 when none does. */
int setting_nearest(struct span name);

enum config_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT };

struct config {
	struct value of[SETTINGS];
	enum config_source from[SETTINGS];
};

/* Reads environ ("NAME=value", NULL at the end) and the file that WHT_ENV_FILE names. Never NULL:
 * what is wrong goes to the report, and the setting keeps its default. */
struct config *config_load(char *const *environ, struct report *);
void config_free(struct config **);

static inline const char *
config_text(const struct config *c, enum setting s)
{
	return c->of[s].text; /* NULL: not set */
}

static inline uint64_t
config_number(const struct config *c, enum setting s)
{
	return c->of[s].number;
}

static inline bool
config_given(const struct config *c, enum setting s)
{
	return c->from[s] != FROM_DEFAULT;
}

/* Sets what was not given: how --dev fills in. */
void config_suggest(struct config *, enum setting, const char *text);
/* Warns of every setting that differs and takes effect only at a restart. */
void config_warn_restart(const struct config *old, const struct config *now, struct report *);

#endif
