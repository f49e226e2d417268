#include "controlplane/script.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "controlplane/file.h"
#include "lua/vm.h"

enum { PATH_TEXT_MAX = 8192, ERROR_TEXT_MAX = 900 };

static struct span
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_str(slash ? slash + 1 : path);
}

static int
read_file(struct lua_script *script, const char *path, struct strb *error)
{
	struct file_text file;
	int rc;

	if (file_read(path, LUA_SCRIPT_MAX, &file) < 0) {
		strb_printf(error, "%s: %s", path, file.error);
		file_forget(&file);
		return -WHT_EIO;
	}
	rc = lua_script_add(script, base_name(path), file.text);
	file_forget(&file);
	if (rc < 0)
		strb_printf(error, "%s: more than %d files", path, LUA_FILES_MAX);
	return rc < 0 ? -WHT_EIO : 0;
}

static int
is_lua(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 4 && strcmp(entry->d_name + n - 4, ".lua") == 0;
}

/* Not by the locale: the order is the same on every machine. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
read_folder(struct lua_script *script, const char *path, struct strb *error)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_lua, by_name), rc = 0;
	struct strb file;

	if (n < 0) {
		strb_printf(error, "%s: %s", path, strerror(errno));
		return -WHT_EIO;
	}
	if (n == 0) {
		strb_printf(error, "%s: there is no *.lua in it", path);
		rc = -WHT_EIO;
	}
	strb_init(&file, PATH_TEXT_MAX);
	for (int i = 0; i < n; i++) {
		strb_reset(&file);
		strb_printf(&file, "%s/%s", path, entries[i]->d_name);
		if (rc == 0)
			rc = read_file(script, strb_cstr(&file), error);
		free(entries[i]);
	}
	strb_free(&file);
	free(entries);
	return rc;
}

int
script_read(struct lua_script *script, const char *path, struct strb *error)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(script, path, error);
	return read_file(script, path, error);
}

static void
take_budget(const struct config *c, struct lua_budget *b)
{
	lua_budget_default(b);
	b->instructions = config_number(c, SET_lua_instructions);
	b->time_us = config_number(c, SET_lua_time) * 1000;
	b->memory = config_number(c, SET_lua_memory);
	b->closed[LUA_REGISTER] = config_number(c, SET_lua_register_closed) != 0;
	b->closed[LUA_ROUTE] = config_number(c, SET_lua_route_closed) != 0;
	b->closed[LUA_REQUEST] = config_number(c, SET_lua_request_closed) != 0;
	b->closed[LUA_BODY] = config_number(c, SET_lua_body_closed) != 0;
	b->closed[LUA_RESPONSE] = config_number(c, SET_lua_response_closed) != 0;
}

struct lua_script *
script_load(const struct config *c, struct report *report)
{
	const char *path = config_text(c, SET_lua);
	struct lua_script *script;
	struct lua_budget budget;
	struct strb error;
	int rc;

	if (!path)
		return NULL;
	take_budget(c, &budget);
	script = lua_script_new(&budget);
	strb_init(&error, LUA_ERROR_MAX + PATH_TEXT_MAX);
	rc = script_read(script, path, &error);
	if (rc == 0) {
		lua_script_seal(script);
		rc = lua_script_try(script, &error);
	}
	if (rc < 0) {
		report_error(report, "WHT_LUA: %.*s",
		    SPAN_FMT(span_take(strb_span(&error), ERROR_TEXT_MAX)));
		lua_script_unref(&script);
	}
	strb_free(&error);
	return script;
}
