/* The log as its two ends see it: callers that must never wait,
 * readers that want one record a line. Time stands still, for a log that stops gives up what it
 * cannot write in a second, and a slow machine is no blocked pipe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/log_line.h"
#include "tests/unit/net/skew.h"

static const struct log_origin origin = {"whtd", "box", 42};

static void
text_of(struct strb *b, const struct log_tag *tag, const struct log_field *fields)
{
	const struct log_record r = {1795356813042, LVL_INFO, "tunnel.open", tag, fields};

	strb_init(b, LOG_LINE_MAX);
	log_line_text(b, &r);
	assert_false(strb_failed(b));
}

static void
json_of(struct strb *b, const struct log_tag *tag, const struct log_field *fields)
{
	const struct log_record r = {1795356813042, LVL_WARN, "tunnel.open", tag, fields};

	strb_init(b, LOG_LINE_MAX);
	log_line_json(b, &r, &origin);
	assert_false(strb_failed(b));
}

static void
test_a_line_for_eyes(void **state)
{
	const struct log_tag tag = {
	    .worker = 2, .kind = "viewer", .serial = 7, .tunnel = SPAN("alpha")};
	const struct log_field fields[] = {LOG_STR("peer", "10.0.0.7:51234"), LOG_STR("empty", ""),
	    LOG_STR("why", "it \"broke\" a=b"), LOG_BOOL("tls", 5), LOG_INT("n", -3),
	    {.name = NULL}};
	struct strb b;

	(void)state;
	text_of(&b, &tag, fields);
	assert_string_equal(strb_cstr(&b),
	    "2026-11-22T14:13:33.042Z info  tunnel.open worker=2 viewer=7 tunnel=alpha "
	    "peer=10.0.0.7:51234 empty=\"\" why=\"it \\\"broke\\\" a=b\" tls=true n=-3\n");
	strb_free(&b);
}

static void
test_a_line_for_machines(void **state)
{
	const struct log_tag tag = {.worker = -1, .request = SPAN("r1")};
	const struct log_field fields[] = {
	    LOG_STR("why", "\"a\\b\""), LOG_BOOL("tls", false), LOG_INT("n", 9), {.name = NULL}};
	struct strb b;

	(void)state;
	json_of(&b, &tag, fields);
	assert_string_equal(strb_cstr(&b),
	    "{\"Timestamp\":1795356813042000000,\"Type\":\"tunnel.open\",\"Logger\":\"whtd\","
	    "\"Hostname\":\"box\",\"EnvVersion\":\"2.0\",\"Severity\":4,\"Pid\":42,"
	    "\"Fields\":{\"request_id\":\"r1\",\"why\":\"\\\"a\\\\b\\\"\",\"tls\":false,\"n\":9}}"
	    "\n");
	strb_free(&b);
	json_of(&b, NULL, (const struct log_field[]){{.name = NULL}});
	assert_non_null(strstr(strb_cstr(&b), "\"Fields\":{}}\n"));
	strb_free(&b);
}

static void
assert_one_clean_line(const struct strb *b)
{
	struct span line = strb_span(b);

	assert_int_equal(span_find(line, '\n'), line.n - 1);
	for (size_t i = 0; i < line.n - 1; i++)
		assert_true((unsigned char)line.p[i] >= 0x20 && line.p[i] != 0x7F);
}

/* A20 */
static void
test_whatever_a_stranger_chose_stays_on_its_line(void **state)
{
	char all[256];
	static char huge[64 * 1024];
	struct strb b;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	memset(huge, '\x1b', sizeof(huge));
	const struct log_tag tag = {
	    .worker = 0, .tunnel = SPAN("a\r\nb"), .request = SPAN("\x1b[2J")};
	const struct log_field fields[] = {LOG_TEXT("path", span_of(all, 256)),
	    LOG_TEXT("nul", span_of("a\0b", 3)), LOG_TEXT("id", span_of(huge, sizeof(huge))),
	    LOG_TEXT("none", span_of(NULL, 0)), {.name = NULL}};

	text_of(&b, &tag, fields);
	assert_one_clean_line(&b);
	assert_non_null(strstr(strb_cstr(&b), "tunnel=a\\x0d\\x0ab"));
	assert_non_null(strstr(strb_cstr(&b), "\\x1b... none=\"\""));
	strb_free(&b);
	json_of(&b, &tag, fields);
	assert_one_clean_line(&b);
	assert_non_null(strstr(strb_cstr(&b), "\"nul\":\"a\\u0000b\""));
	strb_free(&b);
}

/* A20 */
static void
test_an_event_too_large_says_that_it_was_cut(void **state)
{
	static char wild[LOG_VALUE_MAX];
	struct log_field fields[41] = {{.name = NULL}};
	const struct log_tag tag = {.worker = 3};
	struct strb b;

	(void)state;
	memset(wild, 1, sizeof(wild));
	for (int i = 0; i < 40; i++)
		fields[i] = (struct log_field)LOG_TEXT("v", span_of(wild, sizeof(wild)));
	text_of(&b, &tag, fields);
	assert_non_null(strstr(strb_cstr(&b), " tunnel.open worker=3 cut=true\n"));
	strb_free(&b);
	json_of(&b, &tag, fields);
	assert_non_null(strstr(strb_cstr(&b), "\"Fields\":{\"worker\":3,\"cut\":true}}\n"));
	strb_free(&b);
}

static void
start_into(int fd, bool json, const char *syslog)
{
	const struct log_config config = {"whtd", json, fd, syslog, LVL_INFO};

	assert_int_equal(log_start(&config), 0);
}

static size_t
read_all(int fd, char *out, size_t max)
{
	size_t n = 0;
	ssize_t r;

	while (n < max - 1 && (r = read(fd, out + n, max - 1 - n)) > 0)
		n += (size_t)r;
	out[n] = '\0';
	return n;
}

static void
test_lines_come_out_in_order_and_below_the_level_none_does(void **state)
{
	char out[4096];
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	start_into(p[1], false, NULL);
	log_debug(NULL, "not this");
	errno = EBADF;
	log_info(NULL, "first %d", 1);
	assert_int_equal(errno, EBADF);
	log_event(LVL_ERROR, "second", NULL);
	log_set_level(LVL_DEBUG);
	log_debug(NULL, "third");
	log_stop();
	close(p[1]);
	read_all(p[0], out, sizeof(out));
	close(p[0]);
	assert_null(strstr(out, "not this"));
	assert_non_null(strstr(out, " info  message text=\"first 1\"\n"));
	assert_true(strstr(out, " error second\n") > strstr(out, "first 1"));
	assert_true(strstr(out, "text=third\n") > strstr(out, " error second\n"));
	assert_int_equal(log_dropped(), 0);
}

/* Time goes on, so that the writer gives up what nobody reads. */
static void
stop_blocked(void)
{
	time_go_on();
	log_stop();
	time_stop();
}

#define FLOOD 40000
#define STAMP 24 /* bytes of a time stamp */

/* A21: nobody reads until all has been said, so whoever waited would wait for ever. */
static void
test_a_blocked_pipe_blocks_nobody(void **state)
{
	static char out[4 << 20];
	uint64_t lost;
	size_t n = 0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	start_into(p[1], true, NULL);
	for (int i = 0; i < FLOOD; i++)
		log_event(LVL_INFO, "flood", NULL, LOG_INT("i", i));
	lost = log_dropped();
	assert_true(lost > 0 && lost < FLOOD);

	/* The reader is back, and hears how much it missed. */
	while (!strstr(out, "\"Type\":\"log.dropped\"")) {
		ssize_t more = read(p[0], out + n, sizeof(out) - 1 - n);

		assert_true(more > 0);
		n += (size_t)more;
	}
	assert_null(strstr(out, "\"i\":39999}"));
	assert_int_equal(log_dropped(), lost);
	stop_blocked();
	close(p[0]);
	close(p[1]);
}

/* A21 A18: or it would never return. */
static void
test_stopping_does_not_wait_for_a_blocked_pipe(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	start_into(p[1], false, NULL);
	for (int i = 0; i < 4000; i++)
		log_info(NULL, "%d filler to get past what a pipe holds", i);
	stop_blocked();
	assert_true(log_dropped() > 0); /* the writer gave up, it was not left behind */
	close(p[0]);
	close(p[1]);
}

/* C07: the test program does not ignore SIGPIPE; that it lives is the proof. */
static void
test_a_reader_that_left_kills_nobody(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	close(p[0]);
	start_into(p[1], false, NULL);
	for (int i = 0; i < 100; i++)
		log_info(NULL, "to nobody");
	log_stop();
	assert_true(log_dropped() >= 100);
	close(p[1]);
}

/* From four threads: so many that the queue holds all of them, however late the writer comes. */
enum { CHATS = 400 };

static void *
chatter(void *user)
{
	const struct log_tag tag = {.worker = *(int *)user};

	for (int i = 0; i < CHATS; i++)
		log_event(LVL_INFO, "chat", &tag, LOG_INT("i", i));
	return NULL;
}

static void
test_threads_never_share_a_line(void **state)
{
	static char out[1 << 20];
	int numbers[4] = {0, 1, 2, 3}, lines = 0, fd;
	FILE *f = tmpfile();
	pthread_t threads[4];
	struct span rest, line;

	(void)state;
	assert_non_null(f);
	fd = fileno(f);
	start_into(fd, false, NULL);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, chatter, &numbers[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	log_stop();
	lseek(fd, 0, SEEK_SET);
	rest = span_of(out, read_all(fd, out, sizeof(out)));
	while (span_cut(&rest, '\n', &line) && line.n) {
		assert_true(span_starts(span_drop(line, STAMP), SPAN(" info  chat worker=")));
		lines++;
	}
	assert_int_equal(lines, 4 * CHATS);
	fclose(f);
}

static int
syslog_listener(char address[32])
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {.tv_sec = 300};
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(address, 32, "127.0.0.1:%u", ntohs(in.sin_port));
	return fd;
}

static void
test_syslog_hears_every_line(void **state)
{
	char address[32], datagram[2048];
	int fd = syslog_listener(address), null = open("/dev/null", O_WRONLY);
	ssize_t n;

	(void)state;
	start_into(null, true, address);
	log_event(LVL_ERROR, "tunnel.open", NULL, LOG_STR("id", "a\nb"));
	n = recv(fd, datagram, sizeof(datagram) - 1, 0);
	assert_true(n > 0);
	datagram[n] = '\0';
	assert_true(span_starts(span_of(datagram, (size_t)n), SPAN("<27>1 20")));
	assert_non_null(strstr(datagram, " whtd "));
	assert_non_null(strstr(datagram, " - - {\"Timestamp\":"));
	assert_non_null(strstr(datagram, "\"id\":\"a\\u000ab\"}}"));
	assert_int_equal(datagram[n - 1], '}');
	log_stop();
	close(fd);
	close(null);
}

static void
test_a_syslog_address_that_means_nothing_is_refused(void **state)
{
	const char *bad[] = {"", ":514", "127.0.0.1:", "[::1", "[]:514", "127.0.0.1:notaport9",
	    "127.0.0.1:99999999", "bad host:514"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct log_config config = {"whtd", true, 1, bad[i], LVL_INFO};

		assert_int_equal(log_start(&config), -WHT_EINVAL);
	}
}

static void
test_levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_parse(SPAN("debug")), LVL_DEBUG);
	assert_int_equal(log_level_parse(SPAN("error")), LVL_ERROR);
	assert_int_equal(log_level_parse(SPAN("Error")), -1);
	assert_int_equal(log_level_parse(SPAN("")), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_levels_have_names),
	    cmocka_unit_test(test_a_line_for_eyes),
	    cmocka_unit_test(test_a_line_for_machines),
	    cmocka_unit_test(test_whatever_a_stranger_chose_stays_on_its_line),
	    cmocka_unit_test(test_an_event_too_large_says_that_it_was_cut),
	    cmocka_unit_test(test_lines_come_out_in_order_and_below_the_level_none_does),
	    cmocka_unit_test(test_a_blocked_pipe_blocks_nobody),
	    cmocka_unit_test(test_stopping_does_not_wait_for_a_blocked_pipe),
	    cmocka_unit_test(test_a_reader_that_left_kills_nobody),
	    cmocka_unit_test(test_threads_never_share_a_line),
	    cmocka_unit_test(test_syslog_hears_every_line),
	    cmocka_unit_test(test_a_syslog_address_that_means_nothing_is_refused),
	};

	skip_wall_s = 300; /* so late is a writer left behind: the wall clock's affair */
	time_stop();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
