/* A script out of a small grammar: each byte picks a statement, a call or a value,
 * so that most inputs are programs that reach the API with arguments that nobody would write.
 * An input that begins with an odd byte is taken as the text of a script instead. Whatever it is,
 * it is asked in every phase. */
#include "base/obj.h"
#include "lua/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	const uint8_t *data;
	size_t n;
	unsigned depth;
};

static const char *const values[] = {"nil", "true", "0", "1", "-1", "1e308", "0/0",
    "math.mininteger", "'a'", "''", "'\\0\\255\\r\\n'", "('x'):rep(300)", "{}", "{1, 2, 'c'}",
    "{a = {}}", "x", "y", "z", "m", "m.headers", "m.path", "wht.null", "print",
    "function(...) return ... end", "function() error(x) end", "function() coroutine.yield(y) end",
    "_G", "wht.kv", "string", "kept", "'10.0.0.0/8'", "'[1,{\"a\":null}]'", "'a=1; b=2'",
    "'%20%zz%'", "'*a*b*'", "coroutine.create(error)", "setmetatable({}, {__index = m})",
    "setmetatable({}, {__call = pcall, __close = pcall})"};

static const char *const calls[] = {
#define API(lib, name, usage, help) usage,
#include "lua/api_tbl.h"
#undef API
#define STD(lib, name, how) #lib "." #name "(",
#include "lua/std_tbl.h"
#undef STD
};

static const char *const fields[] = {"path", "query", "status", "headers", "id", "host", "x",
    "request", "bytes", "body", "['a b']", "[1]", "[{}]", "['Content-Length']", "['X-A']", "tls"};

static const char *const verdicts[] = {"nil", "false", "'line'", "{deny = 403, reason = x}",
    "{status = 200, headers = x, body = y}", "{read_body = true}", "{id = x, path = y}",
    "{id = 'a', label = x}", "{}", "x", "{deny = x}", "{status = 200, headers = {a = x}}"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static unsigned
pick(struct reader *r, size_t of)
{
	if (r->n == 0)
		return 0;
	r->n--;
	return *r->data++ % (unsigned)of;
}

static void
add_value(struct reader *r, struct strb *out)
{
	strb_add(out, span_str(values[pick(r, COUNT(values))]));
}

/* "wht.kv.get(key)", "_G.pcall(" -> "pcall(a, b, c)" */
static void
add_call(struct reader *r, struct strb *out)
{
	struct span name = span_str(calls[pick(r, COUNT(calls))]);
	unsigned args = pick(r, 5);

	name = span_take(name, (size_t)span_find(name, '('));
	strb_add(out, name);
	strb_char(out, '(');
	for (unsigned i = 0; i < args; i++) {
		if (i)
			strb_char(out, ',');
		if (pick(r, 6) == 5 && r->depth < 4) {
			r->depth++;
			add_call(r, out);
			r->depth--;
		} else {
			add_value(r, out);
		}
	}
	strb_char(out, ')');
}

static void
add_field(struct reader *r, struct strb *out, const char *of)
{
	const char *field = fields[pick(r, COUNT(fields))];

	strb_printf(out, "%s%s%s", of, field[0] == '[' ? "" : ".", field);
}

static void
add_statement(struct reader *r, struct strb *out)
{
	static const char *const names[] = {"x", "y", "z", "kept"};
	const char *name = names[pick(r, COUNT(names))];

	switch (pick(r, 9)) {
	case 0:
		strb_printf(out, "%s = ", name);
		add_value(r, out);
		break;
	case 1:
	case 2:
		strb_printf(out, "%s = ", name);
		add_call(r, out);
		break;
	case 3:
		strb_add(out, SPAN("pcall(function() "));
		add_call(r, out);
		strb_add(out, SPAN(" end)"));
		break;
	case 4:
		add_field(r, out, pick(r, 2) ? "m" : "m.headers");
		strb_add(out, SPAN(" = "));
		add_value(r, out);
		break;
	case 5:
		strb_printf(out, "%s = ", name);
		add_field(r, out, pick(r, 2) ? "m" : "m.headers");
		break;
	case 6:
		strb_add(out, SPAN("for k, v in pairs("));
		add_value(r, out);
		strb_printf(out, ") do %s = v end", name);
		break;
	case 7:
		strb_add(out, SPAN("local c <close> = "));
		add_value(r, out);
		break;
	default:
		strb_add(out, SPAN("pcall(function() while true do "));
		add_call(r, out);
		strb_add(out, SPAN(" end end)"));
	}
	strb_char(out, '\n');
}

static void
write_script(struct reader *r, struct strb *out)
{
	strb_add(out, SPAN("_G._G = _G\nlocal function each(m)\n"));
	for (int i = 0; r->n && i < 20; i++) {
		strb_add(out, SPAN("do "));
		add_statement(r, out);
		strb_add(out, SPAN("end\n"));
	}
	strb_printf(out, "return %s end\n", verdicts[pick(r, COUNT(verdicts))]);
	for (int i = 0; i < LUA_PHASES; i++)
		strb_printf(out, "%s = each\n", lua_phase_info((enum lua_phase)i)->function);
}

static void
ask(struct lua_vm *vm, enum lua_phase phase)
{
	static const struct http_field head_fields[] = {{{"Host", 4}, {"a", 1}, HF_HOST},
	    {{"X-A", 3}, {"1", 1}, HF_OTHER}, {{"x-a", 3}, {"2", 1}, HF_OTHER},
	    {{"Cookie", 6}, {"a=1; b=2", 8}, HF_OTHER}};
	const struct http_head head = {.method = SPAN("GET"),
	    .target = SPAN("/a/b?c=d"),
	    .status = 200,
	    .fields = head_fields,
	    .nfields = 4};
	struct lua_verdict v;
	struct lua_message m;
	struct lua_record r;

	lua_message_init(&m, &head, LUA_EDIT_MAX);
	lua_record_init(&r);
	lua_record_add(&r, (const struct log_field[]){
			       LOG_STR("request", "GET /"), LOG_INT("bytes", 5), {.name = NULL}});
	if (phase == LUA_LOG || phase == LUA_OPEN || phase == LUA_CLOSE)
		lua_ask(vm, phase, SPAN("alpha"), NULL, &r, &v);
	else
		lua_ask(vm, phase, SPAN("alpha"), &m, NULL, &v);
	ENSURE(!v.failed || lua_vm_error(vm)[0]);
	for (size_t i = 0; i < m.now.nfields; i++)
		ENSURE(!memchr(m.now.fields[i].value.p, '\n', m.now.fields[i].value.n));
	for (size_t i = 0; i < v.nfields; i++)
		ENSURE(!memchr(v.fields[i].value.p, '\n', v.fields[i].value.n));
	lua_message_free(&m);
	lua_record_free(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {.data = data, .n = size};
	struct lua_shared *shared;
	struct lua_script *script;
	struct lua_budget budget;
	struct lua_vm *vm;
	struct strb text;

	if (size < 2 || size > 4096)
		return 0;
	log_set_level((enum log_level)(LVL_ERROR + 1));
	lua_budget_default(&budget);
	budget.instructions = 4000;
	budget.memory = 1 << 20;
	budget.time_us = 20000;
	strb_init(&text, 1 << 20);
	if (data[0] & 1)
		strb_add(&text, span_of(data + 1, size - 1));
	else
		write_script(&r, &text);
	script = lua_script_new(&budget);
	ENSURE(lua_script_add(script, SPAN("f.lua"), strb_span(&text)) == 0);
	lua_script_seal(script);
	strb_reset(&text);
	(void)!lua_script_check(script, &text);
	shared = lua_shared_new();
	vm = lua_vm_new(script, shared);
	for (int i = 0; i < 2 * LUA_PHASES; i++)
		ask(vm, (enum lua_phase)(i % LUA_PHASES));
	lua_vm_free(&vm);
	lua_shared_free(&shared);
	lua_script_unref(&script);
	strb_free(&text);
	return 0;
}
