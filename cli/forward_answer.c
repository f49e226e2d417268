/* Answers that no local server gives: pages that say what is wrong, the files of a folder, and what
 * the program says that holds the tunnel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/forward_priv.h"
#include "cli/page.h"
#include "http/write.h"

enum { FILE_PATH_MAX = 4096, FILE_PIECE = 16 * 1024 };

static const struct {
	const char *ending, *type;
} file_types[] = {
#define TYPE(ending, type) {ending, type},
#include "cli/file_type_tbl.h"
#undef TYPE
};

/* ---- pages ---- */

void
forward_refuse(struct forward *f, int status, const char *error, enum reason why)
{
	char nothing[PLACE_TEXT_MAX + 32] = "";
	struct strb page, extra, body;

	strb_init(&page, PAGE_MAX);
	strb_init(&extra, PAGE_MAX);
	strb_init(&body, PAGE_MAX);
	if (why != R_NONE) {
		page_write(&page, f->now.route->place.text, why, error);
	} else {
		if (status == 401)
			strb_add(&extra, SPAN("WWW-Authenticate: Basic realm=\"webhooktunnel\", "
					      "charset=\"UTF-8\"\r\n"));
		strb_printf(&body, "%d: %s\n", status, error);
		http_write_reply(&page, status, strb_span(&extra), strb_span(&body), true,
		    strcmp(f->now.method, "HEAD") == 0);
	}
	/* Nothing was written before it, and any queue holds it; short only when the stream is
	 * over. */
	if (wsmux_stream_write(f->stream, strb_span(&page)) < page.n)
		log_debug(NULL, "nobody waits for that answer any more");
	f->now.status = status;
	if (why == R_TARGET_REFUSED)
		snprintf(
		    nothing, sizeof(nothing), "nothing listens on %s", f->now.route->place.text);
	forward_tell(f, nothing[0] ? nothing : error);
	strb_free(&page);
	strb_free(&extra);
	strb_free(&body);
	forward_drain(f);
}

/* ---- sending ---- */

static void
pump_file(struct forward *f)
{
	char piece[FILE_PIECE];

	while (f->file >= 0 && f->file_left && wsmux_stream_room(f->stream)) {
		size_t room = wsmux_stream_room(f->stream);
		size_t want = room < sizeof(piece) ? room : sizeof(piece);
		ssize_t n = read(f->file, piece, want < f->file_left ? want : f->file_left);

		if (n <= 0 ||
		    wsmux_stream_write(f->stream, span_of(piece, (size_t)n)) < (size_t)n) {
			forward_break(f, "the file became shorter while it was read");
			return;
		}
		f->file_left -= (uint64_t)n;
		f->now.bytes += (uint64_t)n;
	}
	if (f->file >= 0 && f->file_left == 0) {
		close(f->file);
		f->file = -1;
	}
}

void
forward_pump(struct forward *f)
{
	if (f->reply.n == 0)
		return;
	f->reply_at += wsmux_stream_write(f->stream, span_drop(strb_span(&f->reply), f->reply_at));
	if (f->reply_at == f->reply.n)
		pump_file(f);
	(void)wsmux_stream_full(f->stream); /* so that on_room follows */
	forward_stirred(f);
	forward_flush(f);
	if (f->reply_at < f->reply.n || f->file >= 0 || f->now.told)
		return;
	strb_reset(&f->reply);
	f->reply_at = 0;
	f->now.answered = true;
	forward_tell(f, "");
	forward_next(f);
}

/* ---- files ---- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The path below the folder, decoded; false: it cannot be one. What leads out of the folder is for
 * the kernel to refuse. */
static bool
file_path(struct span target, char out[FILE_PATH_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < target.n && target.p[i] != '?'; i++) {
		char c = target.p[i];

		if (c == '%') {
			int high = i + 1 < target.n ? hex_value(target.p[i + 1]) : -1;
			int low = i + 2 < target.n ? hex_value(target.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || n + 16 > FILE_PATH_MAX)
			return false;
		if (n || c != '/')
			out[n++] = c;
	}
	out[n] = '\0';
	if (n == 0 || out[n - 1] == '/')
		strcpy(out + n, "index.html");
	return true;
}

/* Below the folder, whatever links and dots say; -1. */
static int
file_open(const char *folder, const char *path, struct stat *st)
{
	struct open_how how = {
	    .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH};
	int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	if (dir < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	close(dir);
	if (fd >= 0 && (fstat(fd, st) < 0 || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static const char *
file_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(file_types) / sizeof(file_types[0]); i++) {
		if (strcasecmp(dot + 1, file_types[i].ending) == 0)
			return file_types[i].type;
	}
	return "application/octet-stream";
}

static void
reply_with(struct forward *f, int status, struct span extra, const char *text)
{
	strb_reset(&f->reply);
	http_write_reply(
	    &f->reply, status, extra, span_str(text), false, strcmp(f->now.method, "HEAD") == 0);
	f->now.status = status;
	forward_pump(f);
}

/* A folder is asked for without its slash: relative links would go astray. */
static void
reply_moved(struct forward *f)
{
	struct strb extra;
	const char *slash = strrchr(f->now.path, '/');

	strb_init(&extra, FILE_PATH_MAX);
	strb_printf(&extra, "Location: .%s/\r\n", slash && !strpbrk(slash, "?\r\n") ? slash : "");
	reply_with(f, 301, strb_span(&extra), "301: this is a folder\n");
	strb_free(&extra);
}

static void
reply_file(struct forward *f, int fd, const char *path, uint64_t size)
{
	struct strb *b = &f->reply;

	strb_reset(b);
	http_write_status_line(b, 200);
	http_write_field(b, SPAN("Content-Type"), span_str(file_type(path)));
	http_write_framing(b, HTTP_BY_LENGTH, size);
	http_write_field(b, SPAN("Cache-Control"), SPAN("no-cache"));
	http_write_end(b);
	f->now.status = 200;
	if (strcmp(f->now.method, "HEAD") == 0 || size == 0) {
		close(fd);
	} else {
		f->file = fd;
		f->file_left = size;
	}
	forward_pump(f);
}

/* The part of the target that names the file: behind the route's path if that is to be stripped. */
static struct span
file_target(const struct forward *f)
{
	struct span target = span_str(f->now.path);

	return f->owner->rules->strip ? span_drop(target, f->now.route->path_len) : target;
}

void
forward_answer_file(struct forward *f)
{
	char path[FILE_PATH_MAX];
	struct stat st;
	int fd;

	if (strcmp(f->now.method, "GET") != 0 && strcmp(f->now.method, "HEAD") != 0) {
		reply_with(f, 405, SPAN("Allow: GET, HEAD\r\n"), "405: files can only be read\n");
		return;
	}
	fd =
	    file_path(file_target(f), path) ? file_open(f->now.route->place.folder, path, &st) : -1;
	if (fd < 0) {
		reply_with(f, 404, SPAN(""), "404: there is no such file\n");
	} else if (S_ISDIR(st.st_mode)) {
		close(fd);
		reply_moved(f);
	} else {
		reply_file(f, fd, path, (uint64_t)st.st_size);
	}
}

/* ---- the program ---- */

static int
status_of(struct span reply)
{
	uint64_t status;

	return reply.n > 12 && span_u64(span_of(reply.p + 9, 3), 999, &status) == 0 ? (int)status
										    : 0;
}

void
forward_answer_program(struct forward *f)
{
	struct program_request request = {.method = f->now.method,
	    .path = f->now.path,
	    .head = strb_span(&f->out),
	    .body = strb_span(&f->body),
	    .reply = &f->reply};

	strb_reset(&f->reply);
	if (strb_failed(&f->body)) {
		strb_reset(&f->body);
		reply_with(f, 413, SPAN(""), "413: the body is too large\n");
		return;
	}
	f->owner->ops->on_request(f->owner->user, &request);
	strb_reset(&f->body);
	if (strb_failed(&f->reply) || f->reply.n == 0) {
		reply_with(f, 500, SPAN(""), "500: the program gave no answer\n");
		return;
	}
	f->now.status = status_of(strb_span(&f->reply));
	f->now.bytes = f->reply.n;
	forward_pump(f);
}
