/* lua/api_tbl.h - what a script may call, beside what is left of Lua's own library (lua/std_tbl.h).
 *
 * API(lib, name, "usage", "help"): wht.name, or wht.kv.name. Read by the sandbox,
 * by `whtctl lua check` and by docs/lua.md, which a test holds to this table.
 */
/* clang-format off */
API(wht, log,         "wht.log([level,] text)",          "writes a line to the log, 100 a call at most; level is debug, info (unless said), warn or error")
API(wht, time,        "wht.time()",                      "seconds since 1970, with a fraction")
API(wht, date,        "wht.date(format [, time])",       "the time in UTC: %Y %m %d %H %M %S, %f milliseconds, %a day, %b month")
API(wht, sha256,      "wht.sha256(text)",                "the digest in hexadecimal")
API(wht, hmac_sha256, "wht.hmac_sha256(key, text)",      "the signature in hexadecimal")
API(wht, equal,       "wht.equal(a, b)",                 "are they the same text? Takes the same time whatever they hold: for signatures")
API(wht, base64,      "wht.base64(text)",                "in base64")
API(wht, unbase64,    "wht.unbase64(text)",              "back; nil when it is not base64")
API(wht, unhex,       "wht.unhex(text)",                 "the bytes that hexadecimal stands for, as wht.base64 may want them; nil when it is none")
API(wht, json,        "wht.json(value)",                 "a table, text, number, boolean, event or wht.null as JSON")
API(wht, unjson,      "wht.unjson(text)",                "back; nil and what is wrong. null is wht.null")
API(wht, split,       "wht.split(text, separator [, most])", "a list of the parts between separators, most parts at most")
API(wht, replace,     "wht.replace(text, what, with)",   "every occurrence; how many is the second result")
API(wht, trim,        "wht.trim(text)",                  "without blanks at either end")
API(wht, starts,      "wht.starts(text, what)",          "does it begin with that?")
API(wht, ends,        "wht.ends(text, what)",            "does it end with that?")
API(wht, glob,        "wht.glob(text, pattern)",         "does it match? * stands for any characters, ? for one")
API(wht, decode,      "wht.decode(text)",                "with %20 and the like as what they stand for")
API(wht, query,       "wht.query(query, name)",          "the decoded value of a query parameter, or nil")
API(wht, cookie,      "wht.cookie(req, name)",           "the value of a cookie, or nil")
API(wht, in_network,  "wht.in_network(address, networks)", "is the address in one of them? \"10.0.0.0/8, 2001:db8::/32\"")
API(wht, add_header,  "wht.add_header(headers, name, value)", "one more field of that name")
API(wht, tunnels,     "wht.tunnels(id)",                 "is that tunnel up now, on any worker?")
API(wht, count,       "wht.count(name [, by])",          "adds to the counter wht_lua_name of /metrics")
API(wht, gauge,       "wht.gauge(name, value)",          "sets the gauge wht_lua_name of /metrics")
API(kv,  get,         "wht.kv.get(key)",                 "the value, or nil")
API(kv,  set,         "wht.kv.set(key, value [, seconds])", "text, number or boolean; for so long, or until it is pushed out")
API(kv,  delete,      "wht.kv.delete(key)",              "forgets it")
API(kv,  increment,   "wht.kv.increment(key [, by [, seconds]])", "adds in one step and returns the sum; the first one sets how long it lives")
/* clang-format on */
