#include "cli/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"

enum { FILE_MAX = 1 << 20 };

bool
profile_path(char out[PROFILE_PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (config && config[0] == '/')
		n = snprintf(out, PROFILE_PATH_MAX, "%s/whclient/config", config);
	else if (home && home[0] == '/')
		n = snprintf(out, PROFILE_PATH_MAX, "%s/.config/whclient/config", home);
	else
		return false;
	return n < PROFILE_PATH_MAX;
}

/* ---- reading ---- */

static int
wrong(char error[PROFILE_ERROR_MAX], int line, const char *what)
{
	snprintf(error, PROFILE_ERROR_MAX, "line %d: %s", line, what);
	return -WHT_EINVAL;
}

/* The line's meaning: a section's name in *word with *value empty (p NULL), or a word and its
 * value.
 */
static const char *
line_split(struct span line, struct span *word, struct span *value)
{
	ptrdiff_t equals = span_find(line, '=');

	*value = (struct span){NULL, 0};
	if (line.p[0] == '[') {
		*word = span_trim(span_of(line.p + 1, line.n - 1));
		if (word->n < 2 || word->p[word->n - 1] != ']')
			return "a section is [name]";
		word->n--;
		return NULL;
	}
	if (equals < 0)
		return "neither [section] nor word = value";
	*word = span_trim(span_take(line, (size_t)equals));
	*value = span_trim(span_of(line.p + equals + 1, line.n - (size_t)equals - 1));
	return NULL;
}

static const char *
take_value(struct settings *s, struct span word, struct span value)
{
	enum option_id option = option_of_word(word);

	if (option == OPT_COUNT || !(option_infos[option].kind & OPT_TUNNEL))
		return "there is no such setting";
	if (memchr(value.p, '\0', value.n))
		return "a NUL is in the value";
	return settings_set(s, option, value);
}

/* Of every section's lines those of one. */
static int
section_parse(struct span text, const char *name, struct settings *s, char error[PROFILE_ERROR_MAX])
{
	bool inside = false, found = false;
	struct span rest = text, line, word, value;

	for (int number = 1; span_cut(&rest, '\n', &line); number++) {
		const char *what;

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		line = span_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if ((what = line_split(line, &word, &value)))
			return wrong(error, number, what);
		if (!value.p)
			found |= inside = span_eq(word, span_str(name));
		else if (inside && (what = take_value(s, word, value)))
			return wrong(error, number, what);
	}
	return found ? 0 : -WHT_EGONE;
}

int
profile_parse(struct span text, const char *name, struct settings *s, char error[PROFILE_ERROR_MAX])
{
	static const char *const names[2] = {NULL, PROFILE_DEFAULT};
	int result = 0;

	for (int i = 0; i < 2; i++) {
		struct settings of = {0};
		bool is_default = strcmp(names[i] ? names[i] : name, PROFILE_DEFAULT) == 0;

		result = section_parse(text, names[i] ? names[i] : name, &of, error);
		settings_inherit(s, &of);
		settings_free(&of);
		if (is_default)
			return result == -WHT_EGONE ? 0 : result;
		if (result < 0)
			break;
	}
	if (result == -WHT_EGONE)
		snprintf(error, PROFILE_ERROR_MAX, "there is no profile [%s]", name);
	return result;
}

/* The whole file as a malloc'ed text; p NULL: it cannot be read, and errno says why. */
static struct span
file_read(const char *path, bool *readable_by_others)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct span text = {NULL, 0};
	struct stat st;
	char *p;

	*readable_by_others = false;
	if (fd < 0)
		return text;
	if (fstat(fd, &st) == 0 && st.st_size >= 0 && st.st_size <= FILE_MAX &&
	    (p = calloc(1, (size_t)st.st_size + 1))) {
		ssize_t n = read(fd, p, (size_t)st.st_size);

		*readable_by_others = st.st_mode & (S_IRWXG | S_IRWXO);
		text = span_of(p, n > 0 ? (size_t)n : 0);
	}
	close(fd);
	return text;
}

static void
file_forget(struct span text)
{
	if (text.n)
		explicit_bzero((char *)text.p, text.n);
	free((char *)text.p);
}

int
profile_read(const char *path, const char *name, struct settings *s, char error[PROFILE_ERROR_MAX])
{
	bool others;
	struct span text = file_read(path, &others);
	int result = -WHT_EDENIED;

	if (!text.p && errno == ENOENT) {
		result = profile_parse(SPAN(""), name, s, error);
	} else if (!text.p) {
		snprintf(error, PROFILE_ERROR_MAX, "it cannot be read: %s", strerror(errno));
	} else if (others) {
		snprintf(error, PROFILE_ERROR_MAX,
		    "others may read it, and it is for secrets: chmod 600 %s", path);
	} else {
		result = profile_parse(text, name, s, error);
	}
	file_forget(text);
	return result;
}

/* ---- writing ---- */

static void
section_write(struct strb *out, const char *name, const struct settings *s)
{
	strb_printf(out, "[%s]\n", name);
	for (int i = 0; i < OPT_COUNT; i++) {
		for (int j = 0; j < SETTING_VALUES_MAX && s->values[i][j]; j++) {
			if (option_infos[i].kind & OPT_TUNNEL)
				strb_printf(
				    out, "%s = %s\n", option_infos[i].word, s->values[i][j]);
		}
	}
}

/* Every line but those of the section. */
static void
copy_others(struct strb *out, struct span text, const char *name)
{
	struct span rest = text, line, word, value;
	bool inside = false;

	while (rest.n && span_cut(&rest, '\n', &line)) {
		struct span trimmed = span_trim(line);

		if (trimmed.n && trimmed.p[0] == '[' && !line_split(trimmed, &word, &value))
			inside = span_eq(word, span_str(name));
		if (!inside) {
			strb_add(out, line);
			strb_char(out, '\n');
		}
	}
	if (out->n > 1 && out->p[out->n - 2] != '\n')
		strb_char(out, '\n');
}

static void
make_directories(const char *path)
{
	char part[PROFILE_PATH_MAX];

	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0700); /* there already, or open() will say */
	}
}

static int
file_replace(const char *path, struct span text)
{
	char next[PROFILE_PATH_MAX + 8];
	int fd, failed;

	snprintf(next, sizeof(next), "%s.XXXXXX", path);
	fd = mkstemp(next); /* 0600 */
	if (fd < 0)
		return -1;
	failed = write(fd, text.p, text.n) != (ssize_t)text.n || fsync(fd) < 0;
	close(fd);
	if (!failed && rename(next, path) == 0)
		return 0;
	unlink(next);
	return -1;
}

int
profile_write(
    const char *path, const char *name, const struct settings *s, char error[PROFILE_ERROR_MAX])
{
	bool others;
	struct span old = file_read(path, &others);
	struct strb text;
	int result = 0;

	strb_init(&text, FILE_MAX);
	copy_others(&text, old, name);
	section_write(&text, name, s);
	make_directories(path);
	if (strb_failed(&text) || file_replace(path, strb_span(&text)) < 0) {
		snprintf(error, PROFILE_ERROR_MAX, "it cannot be written: %s", strerror(errno));
		result = -WHT_EIO;
	}
	explicit_bzero(text.p, text.n);
	strb_free(&text);
	file_forget(old);
	return result;
}
