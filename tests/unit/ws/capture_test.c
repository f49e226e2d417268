/* Frames that real peers sent (vectors/README.md): framed again here and fed to a wire, each alone
 * at every split, and each connection as one stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static const char *const files[] = {
    VECTORS "/whclient-v0-http.jsonl",
    VECTORS "/wst-client-v1-http.jsonl",
    VECTORS "/wst-client-v1-websocket.jsonl",
    VECTORS "/wst-client-v106-websocket.jsonl",
};
enum { FILES = sizeof(files) / sizeof(files[0]) };

#define MESSAGE_MAX (8 << 20)

/* The frame in a line and its transcript; false for heads and for payloads that were cut short. */
static bool
read_frame(const json_t *line, struct strb *frame, struct strb *want)
{
	const char *hex = json_string_value(json_object_get(line, "payload"));
	int opcode = (int)json_integer_value(json_object_get(line, "opcode"));
	bool masked = json_integer_value(json_object_get(line, "masked"));
	struct strb payload;

	if (!hex || json_object_get(line, "truncated"))
		return false;
	strb_init(&payload, MESSAGE_MAX);
	for (; *hex; hex += 2)
		strb_char(&payload, (char)strtol((char[3]){hex[0], hex[1], 0}, NULL, 16));
	assert_int_equal(strb_span(&payload).n, json_integer_value(json_object_get(line, "len")));
	play_frame(frame, FIN | opcode, masked, strb_span(&payload));
	strb_add(want, opcode == WS_PING ? SPAN("<") : opcode == WS_PONG ? SPAN("(") : SPAN(""));
	play_hex(want, strb_span(&payload));
	strb_add(want, opcode == WS_PING ? SPAN(">") : opcode == WS_PONG ? SPAN(")") : SPAN("|"));
	strb_free(&payload);
	return true;
}

typedef void line_f(const json_t *line, void *user);

static void
each_line(const char *path, line_f *f, void *user)
{
	FILE *in = fopen(path, "r");
	json_t *line;

	assert_non_null(in);
	while ((line = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
		f(line, user);
		json_decref(line);
	}
	fclose(in);
}

static bool
from_client(const json_t *line)
{
	return span_eq(span_str(json_string_value(json_object_get(line, "dir"))), SPAN("C->S"));
}

static void
replay_alone(const json_t *line, void *user)
{
	enum ws_role role = from_client(line) ? WS_SERVER : WS_CLIENT;
	struct strb frame, want;
	int *count = user;

	strb_init(&frame, MESSAGE_MAX);
	strb_init(&want, PLAY_MAX);
	if (read_frame(line, &frame, &want)) {
		play_expect(role, MESSAGE_MAX, strb_span(&frame), strb_cstr(&want));
		++*count;
	}
	strb_free(&frame);
	strb_free(&want);
}

/* W08 */
static void
test_each_captured_frame_at_every_split(void **state)
{
	int count = 0;

	(void)state;
	for (int i = 0; i < FILES; i++)
		each_line(files[i], replay_alone, &count);
	assert_true(count > 100);
}

struct connection {
	struct strb sent[2], want[2]; /* by role of the receiver */
};

static void
connection_replay(struct connection *c)
{
	for (int role = WS_SERVER; role <= WS_CLIENT; role++) {
		play_expect((enum ws_role)role, MESSAGE_MAX, strb_span(&c->sent[role]),
		    strb_cstr(&c->want[role]));
		strb_reset(&c->sent[role]);
		strb_reset(&c->want[role]);
	}
}

static void
replay_together(const json_t *line, void *user)
{
	int role = from_client(line) ? WS_SERVER : WS_CLIENT;
	struct connection *c = user;

	if (json_object_get(line, "head") && role == WS_SERVER)
		connection_replay(c);
	read_frame(line, &c->sent[role], &c->want[role]);
}

static void
test_each_captured_connection_as_one_stream(void **state)
{
	struct connection c;

	(void)state;
	for (int role = 0; role < 2; role++) {
		strb_init(&c.sent[role], PLAY_MAX);
		strb_init(&c.want[role], PLAY_MAX);
	}
	for (int i = 0; i < FILES; i++) {
		each_line(files[i], replay_together, &c);
		connection_replay(&c);
	}
	for (int role = 0; role < 2; role++) {
		strb_free(&c.sent[role]);
		strb_free(&c.want[role]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_captured_frame_at_every_split),
	    cmocka_unit_test(test_each_captured_connection_as_one_stream),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
