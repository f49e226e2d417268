#include "cli/settings.h"

#include <stdlib.h>

const struct option_info option_infos[OPT_COUNT] = {
#define OPTION(NAME, letter, word, argument, environment, kind, help)                              \
	{letter, word, argument, environment, kind, help},
#include "cli/option_tbl.h"
#undef OPTION
};

enum option_id
option_of_word(struct span word)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		if (span_eq(word, span_str(option_infos[i].word)))
			return (enum option_id)i;
	}
	return OPT_COUNT;
}

static void
forget(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void
settings_clear(struct settings *s, enum option_id option)
{
	for (int i = 0; i < SETTING_VALUES_MAX; i++)
		forget(&s->values[option][i]);
}

const char *
settings_set(struct settings *s, enum option_id option, struct span value)
{
	int n = 0;

	if (!(option_infos[option].kind & OPT_MANY))
		settings_clear(s, option);
	while (n < SETTING_VALUES_MAX && s->values[option][n])
		n++;
	if (n == SETTING_VALUES_MAX)
		return "there are too many of these";
	s->values[option][n] = span_dup(value);
	return NULL;
}

void
settings_inherit(struct settings *s, const struct settings *from)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		if (s->values[i][0])
			continue;
		for (int j = 0; j < SETTING_VALUES_MAX && from->values[i][j]; j++)
			s->values[i][j] = span_dup(span_str(from->values[i][j]));
	}
}

void
settings_inherit_environment(struct settings *s)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *name = option_infos[i].environment, *value = name ? getenv(name) : NULL;

		if (!s->values[i][0] && value && value[0])
			s->values[i][0] = span_dup(span_str(value));
	}
}

void
settings_wipe_environment(void)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		const char *name = option_infos[i].environment;
		char *value = name ? getenv(name) : NULL;

		if (value && option_infos[i].kind & OPT_SECRET) {
			memset(value, '*', strlen(value));
			unsetenv(name);
		}
	}
}

void
settings_free(struct settings *s)
{
	for (int i = 0; i < OPT_COUNT; i++)
		settings_clear(s, (enum option_id)i);
}

const char *
settings_text(const struct settings *s, enum option_id option)
{
	return s->values[option][0];
}

bool
settings_on(const struct settings *s, enum option_id option)
{
	const char *text = s->values[option][0];

	return text && strcmp(text, "no") != 0;
}
