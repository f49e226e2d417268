/* lua/script_read.c - a script from disk: a file, or a directory of them in
 * the order of their names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/obj.h"
#include "lua/script.h"

enum { PATH_TEXT_MAX = 8192 };

static struct span
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_str(slash ? slash + 1 : path);
}

/* All of it, or as much as shows that it is too long; -1 and errno. */
static ssize_t
read_all(int fd, char *text, size_t max)
{
	size_t n = 0;
	ssize_t got;

	while (n < max && (got = read(fd, text + n, max - n)) != 0) {
		if (got < 0 && errno != EINTR)
			return -1;
		n += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)n;
}

/* A FIFO or a device must not hold us. */
static int
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static int
read_file(struct lua_script *script, const char *path, struct strb *error)
{
	char *text = must_alloc(LUA_SCRIPT_MAX + 1);
	int fd = open_regular(path), rc = -WHT_EIO;
	ssize_t n = fd < 0 ? -1 : read_all(fd, text, LUA_SCRIPT_MAX + 1);

	if (n < 0)
		strb_printf(error, "%s: %s", path, strerror(errno));
	else if (n > LUA_SCRIPT_MAX)
		strb_printf(error, "%s: larger than 1 MiB", path);
	else if (lua_script_add(script, base_name(path), span_of(text, (size_t)n)) < 0)
		strb_printf(error, "%s: more than %d files", path, LUA_FILES_MAX);
	else
		rc = 0;
	if (fd >= 0)
		close(fd);
	free(text);
	return rc;
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
lua_script_read(struct lua_script *script, const char *path, struct strb *error)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(script, path, error);
	return read_file(script, path, error);
}
