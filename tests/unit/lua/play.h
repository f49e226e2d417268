/* A script in a VM, a request to ask it about, and what came of it. */
#ifndef WHT_TESTS_LUA_PLAY_H
#define WHT_TESTS_LUA_PLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/clock.h"
#include "lua/vm.h"

struct play {
	struct lua_shared *shared;
	struct lua_vm *vm;
	struct lua_message m;
	struct lua_record r;
	struct lua_verdict v;
};

static const struct http_field play_fields[] = {
    {{"Host", 4}, {"a.example", 9}, HF_HOST},
    {{"User-Agent", 10}, {"curl/8", 6}, HF_USER_AGENT},
    {{"Accept", 6}, {"text/html", 9}, HF_OTHER},
    {{"accept", 6}, {"*/*", 3}, HF_OTHER},
    {{"Cookie", 6}, {"a=1; tunnel=beta", 16}, HF_COOKIE},
    {{"Authorization", 13}, {"Bearer x", 8}, HF_AUTHORIZATION},
};

static const struct http_head play_head = {
    .method = {"GET", 3},
    .target = {"/alpha/x?k=v%20w", 16},
    .status = 200,
    .minor = 1,
    .fields = play_fields,
    .nfields = 6,
};

static inline struct lua_script *
play_script(const char *text, const struct lua_budget *budget)
{
	struct lua_budget usual;
	struct lua_script *s;

	lua_budget_default(&usual);
	usual.time_us = 600 * 1000 * 1000; /* sanitizers are slow; who tests time says so */
	s = lua_script_new(budget ? budget : &usual);
	assert_int_equal(lua_script_add(s, SPAN("t.lua"), span_str(text)), 0);
	lua_script_seal(s);
	return s;
}

static inline void
play_begin(struct play *p, const char *text, const struct lua_budget *budget)
{
	struct lua_script *s = play_script(text, budget);

	p->shared = lua_shared_new();
	p->vm = lua_vm_new(s, p->shared);
	lua_script_unref(&s);
	lua_message_init(&p->m, &play_head, LUA_EDIT_MAX);
	p->m.host = SPAN("a.example");
	p->m.peer = SPAN("192.0.2.7");
	p->m.request_id = SPAN("req-1");
	p->m.id = SPAN("alpha");
	lua_record_init(&p->r);
}

static inline void
play_end(struct play *p)
{
	lua_vm_free(&p->vm);
	lua_message_free(&p->m);
	lua_record_free(&p->r);
	lua_shared_free(&p->shared);
}

/* The verdict on the request, or the event. */
static inline enum lua_verdict_kind
play_ask(struct play *p, enum lua_phase phase)
{
	bool message = phase != LUA_OPEN && phase != LUA_CLOSE && phase != LUA_LOG;

	lua_ask(p->vm, phase, SPAN("alpha"), message ? &p->m : NULL, message ? NULL : &p->r, &p->v);
	return p->v.kind;
}

static inline const char *
play_error(const struct play *p)
{
	return lua_vm_error(p->vm);
}

#define assert_says(text, part)                                                                    \
	do {                                                                                       \
		if (!strstr((text), (part)))                                                       \
			fail_msg("\"%s\" does not say \"%s\"", (text), (part));                    \
	} while (0)

/* The script runs once, as on_request, and asserts by itself. */
static inline void
play_holds(const char *body)
{
	struct play p;
	struct strb text;

	strb_init(&text, 1 << 16);
	strb_printf(&text, "function on_request(req) %s end", body);
	play_begin(&p, strb_cstr(&text), NULL);
	if (play_ask(&p, LUA_REQUEST) != VERDICT_NONE)
		fail_msg("%s: %s", body, play_error(&p));
	strb_free(&text);
	play_end(&p);
}

/* It fails, its error says so, and the VM answers the next question all the same. */
static inline void
play_fails(const char *body, const char *says, const struct lua_budget *budget)
{
	struct play p;
	struct strb text;

	strb_init(&text, 1 << 16);
	strb_printf(&text,
	    "local calls = 0\nfunction on_request(req) calls = calls + 1\n%s\nend\n"
	    "function on_route(req) return { id = 'fine' } end",
	    body);
	play_begin(&p, strb_cstr(&text), budget);
	if (play_ask(&p, LUA_REQUEST) != VERDICT_FAILED)
		fail_msg("it did not fail: %s", body);
	assert_true(p.v.failed);
	assert_says(play_error(&p), says);
	if (play_ask(&p, LUA_ROUTE) != VERDICT_NAME)
		fail_msg("behind %s: %s", body, play_error(&p));
	strb_free(&text);
	play_end(&p);
}

#endif
