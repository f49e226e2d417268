#include "auth/json_strict.h"

enum {
	DEPTH_MAX = 32,	  /* arrays and objects within each other */
	NUMBER_MAX = 40,  /* characters: a double and to spare */
	EXPONENT_MAX = 4, /* characters behind the 'e', its sign included */
};

/* Behind the string that s begins with, or the end of the input if it does not end. */
static struct span
behind_string(struct span s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return span_drop(s, i + 1);
		if (s.p[i] == '\\')
			i++;
	}
	return span_drop(s, s.n);
}

/* The longest beginning that could be one number. The 'e' of "true" is one of length 1. */
static struct span
number_at(struct span s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\0' && strchr("0123456789+-.eE", s.p[n]))
		n++;
	return span_take(s, n);
}

static bool
number_is_tame(struct span number)
{
	ptrdiff_t e = span_find(number, 'e');

	if (e < 0)
		e = span_find(number, 'E');
	return number.n <= NUMBER_MAX && (e < 0 || number.n - (size_t)e - 1 <= EXPONENT_MAX);
}

static bool
is_tame(struct span s)
{
	size_t depth = 0;

	while (s.n > 0) {
		struct span number = number_at(s);

		if (s.p[0] == '"') {
			s = behind_string(s);
			continue;
		}
		if (s.p[0] == '[' || s.p[0] == '{')
			depth++;
		if (depth > 0 && (s.p[0] == ']' || s.p[0] == '}'))
			depth--;
		if (depth > DEPTH_MAX || !number_is_tame(number))
			return false;
		s = span_drop(s, number.n > 0 ? number.n : 1);
	}
	return true;
}

json_t *
json_strict_object(struct span text)
{
	json_t *value;

	if (!is_tame(text))
		return NULL;
	value = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (value && !json_is_object(value)) {
		json_decref(value);
		return NULL;
	}
	return value;
}

struct span
json_strict_string(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? json_strict_span(value) : (struct span){NULL, 0};
}
