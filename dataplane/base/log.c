/* base/log.c - the queue between those who have something to say and the thread that says it.
 *
 * The hard thing is to stay useful while nobody reads our output: the writer alone ever waits for a
 * descriptor, it waits in poll() so that log_stop can call it off, and a pipe that polls writable
 * takes PIPE_BUF bytes without blocking, so it never writes more at once. And to cost those who
 * speak nothing: a line for each request must not be a wake-up for each request. So a writer that
 * has just written rests, and finds many lines when it looks again.
 */
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log_line.h"
#include "base/log_syslog.h"
#include "base/obj.h"

#define QUEUE_MAX    (1024 * 1024) /* bytes of lines that wait */
#define SENTENCE_MAX 2048
#define STOP_MS	     1000	     /* what log_stop gives the writer */
#define LOOK_UP_MS   50		     /* how soon a writer that waits notices log_stop */
#define REPORT_MS    1000	     /* between two lines about dropped lines */
#define REST_MS	     10		     /* of a writer behind what it wrote ... */
#define REST_BYTES   (QUEUE_MAX / 4) /* ... unless so much has come meanwhile */

struct line {
	STAILQ_ENTRY(line) entry;
	enum log_level level;
	struct strb text;
};

STAILQ_HEAD(line_list, line);

/* The queue and what is under lock with it. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct line_list lines;
	size_t bytes; /* in lines, and in those that are being written */
	bool running, stopping;
	bool asleep; /* the writer, until the next line */
} queue = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .lines = STAILQ_HEAD_INITIALIZER(queue.lines),
};

/* Set by log_start before the writer exists; the writer's alone from then on. */
static struct {
	pthread_t thread;
	int fd, syslog; /* -1: none */
	uint64_t reported, reported_ms;
} writer;

static struct log_origin origin = {.logger = "", .host = ""};
static char hostname[256];
static atomic_int threshold = LVL_INFO;
static atomic_bool as_json;
static atomic_uint_fast64_t dropped;
static atomic_uint_fast64_t stop_by_ms; /* 0: nobody stops */

static size_t
line_weight(const struct line *line)
{
	return sizeof(*line) + line->text.cap;
}

static void
line_free(struct line *line)
{
	strb_free(&line->text);
	free(line);
}

/* NULL when there is no memory for it: a line of the log is not worth the process. */
static struct line *
line_new(enum log_level level, const char *type, const struct log_tag *tag,
    const struct log_field *fields)
{
	const struct log_record record = {clock_wall_ms(), level, type, tag, fields};
	struct line *line = malloc(sizeof(*line));

	if (!line)
		return NULL;
	line->level = level;
	strb_init(&line->text, LOG_LINE_MAX);
	if (atomic_load(&as_json))
		log_line_json(&line->text, &record, &origin);
	else
		log_line_text(&line->text, &record);
	if (!strb_failed(&line->text))
		return line;
	line_free(line);
	return NULL;
}

/* One line, whatever it holds: controls as \xNN, anything else as it came. */
static struct line *
line_raw(enum log_level level, struct span text)
{
	struct line *line = malloc(sizeof(*line));

	if (!line)
		return NULL;
	line->level = level;
	strb_init(&line->text, LOG_LINE_MAX);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == 0x7F)
			strb_printf(&line->text, "\\x%02X", c);
		else
			strb_char(&line->text, (char)c);
	}
	strb_char(&line->text, '\n');
	if (!strb_failed(&line->text))
		return line;
	line_free(line);
	return NULL;
}

static void
queue_open(void)
{
	pthread_mutex_lock(&queue.lock);
	ENSURE(!queue.running);
	queue.running = true;
	queue.stopping = false;
	pthread_mutex_unlock(&queue.lock);
}

/* False when there was no writer to close it for. From here on nothing is put in any more. */
static bool
queue_close(void)
{
	bool running;

	pthread_mutex_lock(&queue.lock);
	running = queue.running;
	queue.running = false;
	queue.stopping = true;
	pthread_cond_signal(&queue.wake);
	pthread_mutex_unlock(&queue.lock);
	return running;
}

/* False when there is no writer: the line stays the caller's. Otherwise queued, or dropped. */
static bool
queue_put(struct line *line)
{
	bool running, room, wake = false;

	pthread_mutex_lock(&queue.lock);
	running = queue.running;
	room = running && queue.bytes + line_weight(line) <= QUEUE_MAX;
	if (room) {
		queue.bytes += line_weight(line);
		STAILQ_INSERT_TAIL(&queue.lines, line, entry);
		wake = queue.asleep || queue.bytes > REST_BYTES;
		queue.asleep = false;
	}
	pthread_mutex_unlock(&queue.lock);
	if (wake)
		pthread_cond_signal(&queue.wake);
	if (running && !room) {
		atomic_fetch_add(&dropped, 1);
		line_free(line);
	}
	return running;
}

/* Every line that waits; false when log_stop was called and there is none left. */
static bool
queue_take(struct line_list *lines)
{
	pthread_mutex_lock(&queue.lock);
	while (STAILQ_EMPTY(&queue.lines) && !queue.stopping) {
		queue.asleep = true;
		pthread_cond_wait(&queue.wake, &queue.lock);
	}
	queue.asleep = false;
	STAILQ_CONCAT(lines, &queue.lines);
	pthread_mutex_unlock(&queue.lock);
	return !STAILQ_EMPTY(lines);
}

static void
queue_rest(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += REST_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&queue.lock);
	while (!queue.stopping && queue.bytes <= REST_BYTES &&
	       pthread_cond_clockwait(&queue.wake, &queue.lock, CLOCK_MONOTONIC, &until) == 0)
		;
	pthread_mutex_unlock(&queue.lock);
}

static void
queue_done(struct line *line)
{
	pthread_mutex_lock(&queue.lock);
	queue.bytes -= line_weight(line);
	pthread_mutex_unlock(&queue.lock);
	line_free(line);
}

static bool
must_give_up(void)
{
	uint64_t by = atomic_load(&stop_by_ms);

	return by && clock_mono_ms() >= by;
}

/* False when the bytes cannot be handed on: the reader is gone, or time is up. */
static bool
put_bytes(int fd, struct span s)
{
	while (s.n) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		ssize_t n;

		if (must_give_up())
			return false;
		if (poll(&p, 1, LOOK_UP_MS) <= 0)
			continue;
		n = write(fd, s.p, s.n < PIPE_BUF ? s.n : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n > 0)
			s = span_drop(s, (size_t)n);
	}
	return true;
}

static void
put_line(const struct line *line)
{
	struct span text = strb_span(&line->text);
	bool heard = put_bytes(writer.fd, text);

	if (writer.syslog >= 0)
		heard &= log_syslog_send(writer.syslog, &origin, line->level, text);
	if (!heard)
		atomic_fetch_add(&dropped, 1);
}

/* As many lines from the front as go out in one piece; at least one. */
static void
put_some_lines(struct line_list *lines)
{
	char text[PIPE_BUF];
	size_t n = 0, count = 0;
	struct line *line = STAILQ_FIRST(lines);

	if (writer.syslog >= 0 || line->text.n > sizeof(text)) {
		STAILQ_REMOVE_HEAD(lines, entry);
		put_line(line);
		queue_done(line);
		return;
	}
	for (; line && line->text.n <= sizeof(text) - n; line = STAILQ_FIRST(lines)) {
		memcpy(text + n, line->text.p, line->text.n);
		n += line->text.n;
		count++;
		STAILQ_REMOVE_HEAD(lines, entry);
		queue_done(line);
	}
	if (!put_bytes(writer.fd, span_of(text, n)))
		atomic_fetch_add(&dropped, count);
}

/* Past the queue: it may be full again. */
static void
report_drops(bool last)
{
	uint64_t count = atomic_load(&dropped), now = clock_mono_ms();
	const struct log_field fields[] = {
	    LOG_INT("count", count - writer.reported), {.name = NULL}};
	struct line *line;

	if (count == writer.reported || (!last && now - writer.reported_ms < REPORT_MS))
		return;
	writer.reported = count;
	writer.reported_ms = now;
	line = line_new(LVL_WARN, "log.dropped", NULL, fields);
	if (!line)
		return;
	put_line(line);
	line_free(line);
}

static void *
writer_main(void *unused)
{
	struct line_list lines = STAILQ_HEAD_INITIALIZER(lines);

	while (queue_take(&lines)) {
		while (!STAILQ_EMPTY(&lines))
			put_some_lines(&lines);
		report_drops(false);
		queue_rest();
	}
	report_drops(true);
	return unused;
}

/* The process's signals are for its main thread; a SIGPIPE of ours stays pending, for nobody. */
static void
writer_start(void)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ENSURE(pthread_create(&writer.thread, NULL, writer_main, NULL) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int
log_start(const struct log_config *config)
{
	int syslog = config->syslog ? log_syslog_open(config->syslog) : -1;

	if (config->syslog && syslog < 0)
		return -WHT_EINVAL;
	gethostname(hostname, sizeof(hostname) - 1);
	origin = (struct log_origin){config->logger, hostname, (long)getpid()};
	writer.fd = config->fd;
	writer.syslog = syslog;
	writer.reported = writer.reported_ms = 0;
	atomic_store(&dropped, 0);
	atomic_store(&stop_by_ms, 0);
	atomic_store(&as_json, config->json);
	log_set_level(config->level);
	queue_open();
	writer_start();
	return 0;
}

/* The writer gives up by itself; one that hangs in the kernel all the same is left behind. */
static bool
writer_join(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2 * STOP_MS / 1000;
	return pthread_timedjoin_np(writer.thread, NULL, &until) == 0;
}

void
log_stop(void)
{
	atomic_store(&stop_by_ms, clock_mono_ms() + STOP_MS);
	if (!queue_close() || !writer_join())
		return;
	atomic_store(&as_json, false);
	if (writer.syslog >= 0)
		close(writer.syslog);
}

/* Before log_start and after log_stop. */
static void
say_at_once(struct line *line)
{
	ssize_t n = write(STDERR_FILENO, line->text.p, line->text.n);

	(void)n; /* nobody is left to be told */
	line_free(line);
}

static void
put_or_drop(struct line *line)
{
	if (!line)
		atomic_fetch_add(&dropped, 1);
	else if (!queue_put(line))
		say_at_once(line);
}

void
log_emit(enum log_level level, const char *type, const struct log_tag *tag,
    const struct log_field *fields)
{
	int saved = errno;

	if (log_enabled(level))
		put_or_drop(line_new(level, type, tag, fields));
	errno = saved;
}

void
log_raw(enum log_level level, struct span text)
{
	int saved = errno;

	if (log_enabled(level))
		put_or_drop(line_raw(level, text));
	errno = saved;
}

void
log_sentence(enum log_level level, const struct log_tag *tag, const char *fmt, ...)
{
	int saved = errno;
	char text[SENTENCE_MAX];
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	errno = saved;
	log_event(level, "message", tag, LOG_STR("text", text));
}

void
log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

bool
log_enabled(enum log_level level)
{
	return (int)level >= atomic_load(&threshold);
}

uint64_t
log_dropped(void)
{
	return atomic_load(&dropped);
}
