#include "controlplane/config.h"

#include <stdlib.h>

#include "base/obj.h"
#include "controlplane/env_file.h"
#include "controlplane/file.h"

#define START  false
#define RELOAD true

static const struct setting_info settings[SETTINGS] = {
#define SETTING(field, name, type, number, words, when, help)                                      \
	{name, VALUE_##type, number, words, when, help},
#include "controlplane/config_tbl.h"
#undef SETTING
};

/* Where values come from just now, and who hears about bad ones. */
struct loading {
	struct config *config;
	enum config_source source;
	struct report *report;
};

const struct setting_info *
setting_info(enum setting s)
{
	return &settings[s];
}

int
setting_find(struct span name)
{
	for (int s = 0; s < SETTINGS; s++) {
		if (span_eq(name, span_str(settings[s].name)))
			return s;
	}
	return -1;
}

static const char *
source_word(enum config_source source)
{
	return source == FROM_FILE ? "in the file of WHT_ENV_FILE" : "in the environment";
}

static void
refuse_value(const struct loading *l, enum setting s, struct span text)
{
	const struct setting_info *info = &settings[s];
	struct strb shown;

	strb_init(&shown, REPORT_TEXT_MAX);
	if (value_is_secret(info->type))
		strb_add(&shown, SPAN("(not shown)"));
	else
		strb_visible(&shown, span_take(text, 100));
	report_error(l->report, "%s %s: \"%s\" is not %s", info->name, source_word(l->source),
	    strb_cstr(&shown), value_expected(info->type));
	strb_free(&shown);
}

static void
set(const struct loading *l, enum setting s, struct span text)
{
	if (text.n == 0)
		return;
	if (value_read(settings[s].type, text, &l->config->of[s]) < 0)
		refuse_value(l, s, text);
	else
		l->config->from[s] = l->source;
}

/* In the file every name is meant for us. The environment is everybody's: there a name is ours when
 * it begins as ours do, or is nearly one of them. */
static void
warn_unknown(const struct loading *l, struct span name)
{
	int nearest = setting_nearest(name);
	struct strb shown;

	if (l->source == FROM_ENVIRONMENT && nearest < 0 && !span_starts(name, SPAN("WHT_")))
		return;
	strb_init(&shown, REPORT_TEXT_MAX);
	strb_visible(&shown, span_take(name, 100));
	if (nearest >= 0)
		report_warning(l->report, "%s %s is not a setting; did you mean %s?",
		    strb_cstr(&shown), source_word(l->source), settings[nearest].name);
	else
		report_warning(
		    l->report, "%s %s is not a setting", strb_cstr(&shown), source_word(l->source));
	strb_free(&shown);
}

static void
on_pair(void *user, struct span name, struct span value)
{
	const struct loading *l = user;
	int s = setting_find(name);

	if (s < 0)
		warn_unknown(l, name);
	else if (s == SET_env_file && l->source == FROM_FILE)
		report_warning(l->report, "WHT_ENV_FILE has no effect in the file that it names");
	else
		set(l, (enum setting)s, value);
}

static void
load_environment(struct loading *l, char *const *environ)
{
	l->source = FROM_ENVIRONMENT;
	for (; *environ; environ++) {
		struct span value = span_str(*environ), name;

		if (span_cut(&value, '=', &name) && value.p)
			on_pair(l, name, value);
	}
}

static void
load_file(struct loading *l, const char *path)
{
	struct file_text file;
	unsigned line;
	const char *why;

	l->source = FROM_FILE;
	if (file_read(path, ENV_FILE_MAX, &file) < 0) {
		report_error(l->report, "WHT_ENV_FILE: %s: %s", path, file.error);
		return;
	}
	if (env_file_parse(file.text, on_pair, l, &line, &why) < 0)
		report_error(l->report, "WHT_ENV_FILE: %s, line %u: %s", path, line, why);
	file_forget(&file);
}

/* The file is read before the environment, which wins and alone knows where the file is. */
static const char *
env_file_path(char *const *environ)
{
	const struct span begins = SPAN("WHT_ENV_FILE=");

	for (; *environ; environ++) {
		if (span_starts(span_str(*environ), begins) && (*environ)[begins.n])
			return *environ + begins.n;
	}
	return NULL;
}

struct config *
config_load(char *const *environ, struct report *report)
{
	struct config *c = must_alloc(sizeof(*c));
	struct loading l = {c, FROM_DEFAULT, report};
	const char *path = env_file_path(environ);

	for (int s = 0; s < SETTINGS; s++)
		c->of[s].number = settings[s].number;
	if (path)
		load_file(&l, path);
	load_environment(&l, environ);
	return c;
}

void
config_free(struct config **cp)
{
	struct config *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	for (int s = 0; s < SETTINGS; s++)
		value_clear(settings[s].type, &c->of[s]);
	free(c);
}

void
config_suggest(struct config *c, enum setting s, const char *text)
{
	if (!config_given(c, s))
		ENSURE(value_read(settings[s].type, span_str(text), &c->of[s]) == 0);
}

void
config_warn_restart(const struct config *old, const struct config *now, struct report *report)
{
	for (int s = 0; s < SETTINGS; s++) {
		if (!settings[s].reloadable &&
		    !value_same(settings[s].type, &old->of[s], &now->of[s]))
			report_warning(report, "%s changed; it takes effect at the next start",
			    settings[s].name);
	}
}
