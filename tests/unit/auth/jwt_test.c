#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "auth/base64url.h"
#include "auth/hs256.h"
#include "auth/jwt.h"

#define NOW  2000000000.0
#define HEAD "{'alg':'HS256','typ':'JWT'}"
#define GOOD "{'tid':'alpha','nbf':1999990000,'exp':2000003600}"

static struct jwt_rules rules; /* secrets and audience of the server, reset before each test */

static int
setup(void **state)
{
	(void)state;
	rules = (struct jwt_rules){.secrets = {SPAN("secretA"), SPAN("secretB")}};
	return 0;
}

/* JSON is written with ' for " here. */
static void
add_segment(struct strb *token, struct span json)
{
	struct strb text;

	strb_init(&text, 1 << 20);
	for (size_t i = 0; i < json.n; i++)
		strb_char(&text, json.p[i] == '\'' ? '"' : json.p[i]);
	base64url_add(token, strb_span(&text));
	strb_free(&text);
}

static void
add_signature(struct strb *token, struct span secret)
{
	char mac[HS256_SIZE];

	assert_int_equal(hs256_sign(strb_span(token), secret, mac), 0);
	strb_char(token, '.');
	base64url_add(token, span_of(mac, HS256_SIZE));
}

static void
token_make(struct strb *token, struct span head, struct span claims, struct span secret)
{
	strb_init(token, 1 << 20);
	add_segment(token, head);
	strb_char(token, '.');
	add_segment(token, claims);
	add_signature(token, secret);
}

static enum jwt_fault
check_text(struct span token)
{
	struct jwt_claims out;

	return jwt_check(token, SPAN("alpha"), &rules, NOW, &out);
}

static enum jwt_fault
check(struct span head, struct span claims, struct span secret)
{
	struct strb token;
	enum jwt_fault fault;

	token_make(&token, head, claims, secret);
	fault = check_text(strb_span(&token));
	strb_free(&token);
	return fault;
}

#define CHECK_HEAD(head)     check(SPAN(head), SPAN(GOOD), SPAN("secretA"))
#define CHECK_CLAIMS(claims) check(SPAN(HEAD), SPAN(claims), SPAN("secretA"))

/* J01 J02 */
static void
test_both_secrets_count_and_no_other(void **state)
{
	(void)state;
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretA")), JWT_OK);
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretB")), JWT_OK);
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretC")), JWT_SIGNATURE);
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretA ")), JWT_SIGNATURE);
	rules.secrets[1] = SPAN("");
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretA")), JWT_OK);
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretB")), JWT_SIGNATURE);
	rules.secrets[0] = (struct span){NULL, 0};
	assert_int_equal(check(SPAN(HEAD), SPAN(GOOD), SPAN("secretA")), JWT_SIGNATURE);
}

/* J02 J12: every bit of every character, the unused ones of the last included */
static void
test_one_bit_anywhere_spoils_it(void **state)
{
	struct strb token;

	(void)state;
	token_make(&token, SPAN(HEAD), SPAN(GOOD), SPAN("secretA"));
	for (size_t i = 0; i < token.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			token.p[i] ^= (char)(1 << bit);
			assert_int_not_equal(check_text(strb_span(&token)), JWT_OK);
			token.p[i] ^= (char)(1 << bit);
		}
		assert_int_not_equal(check_text(span_take(strb_span(&token), i)), JWT_OK);
	}
	assert_int_equal(check_text(strb_span(&token)), JWT_OK);
	strb_free(&token);
}

/* J03 J04 J05 J06 */
static void
test_only_hs256_is_an_algorithm(void **state)
{
	(void)state;
	assert_int_equal(CHECK_HEAD("{'alg':'none'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'None'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'nOnE'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':''}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'hs256'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'HS384'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'HS512'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'RS256'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'ES256'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'PS256'}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256 '}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':256}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':null}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':['HS256']}"), JWT_ALGORITHM);
}

/* J03 J04: tokens of other algorithms as they really look */
static void
test_other_signatures_are_no_signatures(void **state)
{
	struct strb token;

	(void)state;
	strb_init(&token, 1000);
	add_segment(&token, SPAN("{'alg':'none'}"));
	strb_char(&token, '.');
	add_segment(&token, SPAN(GOOD));
	strb_char(&token, '.');
	assert_int_equal(check_text(strb_span(&token)), JWT_SHAPE);
	for (int i = 0; i < 64; i++) {
		add_segment(&token, SPAN("\xff\x01\x02"));
		assert_int_equal(check_text(strb_span(&token)), JWT_SIGNATURE);
	}
	strb_free(&token);
}

/* J07 J08 */
static void
test_head_extensions(void **state)
{
	(void)state;
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','kid':'../../etc/passwd'}"), JWT_OK);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','jku':'http://x/','x5u':'file:///'}"), JWT_OK);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','jwk':{'kty':'oct','k':'AA'}}"), JWT_OK);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','crit':['x']}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','crit':[]}"), JWT_ALGORITHM);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256','crit':null}"), JWT_ALGORITHM);
}

/* J09 J10 J11 */
static void
test_three_canonical_segments(void **state)
{
	static const char *const texts[] = {
	    "",
	    ".",
	    "..",
	    "...",
	    "a",
	    "a.b",
	    "YQ.YQ.",
	    ".YQ.YQ",
	    "YQ..YQ",
	    "YQ.YQ.YQ.YQ",
	    "YQ.YQ.YQ.YQ.YQ",
	    "a.a.a",
	    "YQ.YQ.A",
	    "YQ.YQ.YQ=",
	    "YQ.YQ.Y+",
	    "YQ.YQ.Y/",
	    "YQ.YQ. YQ",
	};
	struct strb token;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(check_text(span_str(texts[i])), JWT_SHAPE);
	assert_int_equal(check_text(SPAN("YQ.YQ.YQ")), JWT_SIGNATURE);
	token_make(&token, SPAN(HEAD), SPAN(GOOD), SPAN("secretA"));
	strb_char(&token, '.');
	assert_int_equal(check_text(strb_span(&token)), JWT_SHAPE);
	token.p[token.n - 1] = '=';
	assert_int_equal(check_text(strb_span(&token)), JWT_SHAPE);
	token.p[token.n - 1] = '\0';
	assert_int_equal(check_text(strb_span(&token)), JWT_SHAPE);
	strb_free(&token);
}

/* J11 J12: segments that are signed but not canonical */
static void
test_signed_segments_are_canonical_too(void **state)
{
	static const char *const heads[] = {
	    "eyJhbGciOiJIUzI1NiJ9",
	    "eyJhbGciOiJIUzI1NiIgfQ",
	    "eyJhbGciOiJIUzI1NiIgfR",
	    "eyJhbGciOiJIUzI1NiJ9A",
	    "eyJhbGciOiJIUzI1NiIgfQ==",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct strb token;

		strb_init(&token, 1000);
		strb_printf(&token, "%s.", heads[i]);
		add_segment(&token, SPAN(GOOD));
		add_signature(&token, SPAN("secretA"));
		assert_int_equal(check_text(strb_span(&token)), i < 2 ? JWT_OK : JWT_SHAPE);
		strb_free(&token);
	}
}

/* J13 J14 J15 */
static void
test_segments_are_single_objects(void **state)
{
	(void)state;
	assert_int_equal(CHECK_HEAD("[]"), JWT_SHAPE);
	assert_int_equal(CHECK_HEAD("'HS256'"), JWT_SHAPE);
	assert_int_equal(CHECK_HEAD("{'alg':'HS256'}x"), JWT_SHAPE);
	assert_int_equal(CHECK_HEAD("{'alg':'none','alg':'HS256'}"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("garbage"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("[" GOOD "]"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("'x'"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("5"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("null"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS(GOOD GOOD), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS(GOOD "x"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS(GOOD "\0"), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS("\xef\xbb\xbf" GOOD), JWT_SHAPE);
	assert_int_equal(CHECK_CLAIMS(" " GOOD "\n"), JWT_OK);
	assert_int_equal(
	    CHECK_CLAIMS("{'tid':'beta','tid':'alpha','nbf':1,'exp':2000000001}"), JWT_SHAPE);
	assert_int_equal(
	    CHECK_CLAIMS("{'tid':'alpha','tid':'beta','nbf':1,'exp':2000000001}"), JWT_SHAPE);
	assert_int_equal(
	    CHECK_CLAIMS("{'tid':'a','\\u0074id':'alpha','nbf':1,'exp':2000000001}"), JWT_SHAPE);
}

#define TIMES(nbf, exp) CHECK_CLAIMS("{'tid':'alpha','nbf':" nbf ",'exp':" exp "}")

/* J16 J17 J20 */
static void
test_times_are_there_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(CHECK_CLAIMS("{'tid':'alpha','nbf':1999990000}"), JWT_CLAIMS);
	assert_int_equal(CHECK_CLAIMS("{'tid':'alpha','exp':2000003600}"), JWT_CLAIMS);
	assert_int_equal(CHECK_CLAIMS("{'tid':'alpha'}"), JWT_CLAIMS);
#define BAD_TYPE(value)                                                                            \
	assert_int_equal(TIMES(value, "2000003600"), JWT_CLAIMS);                                  \
	assert_int_equal(TIMES("1999990000", value), JWT_CLAIMS)
	BAD_TYPE("'2000000000'");
	BAD_TYPE("true");
	BAD_TYPE("null");
	BAD_TYPE("{}");
	BAD_TYPE("[2000000000]");
	BAD_TYPE("0");
	BAD_TYPE("0.0");
	BAD_TYPE("-0");
#undef BAD_TYPE
}

/* J18 J19 J22 */
static void
test_times_are_judged_to_the_second(void **state)
{
	(void)state;
	assert_int_equal(TIMES("1999990000", "2000003600.5"), JWT_OK);
	assert_int_equal(TIMES("1.99999e9", "2.0000036e9"), JWT_OK);
	assert_int_equal(TIMES("1999990000", "20000036E2"), JWT_OK);
	assert_int_equal(TIMES("1999990000", "1999999998"), JWT_EXPIRED);
	assert_int_equal(TIMES("1999990000", "2000000000"), JWT_EXPIRED);
	assert_int_equal(TIMES("1999990000", "2000000005"), JWT_OK);
	assert_int_equal(TIMES("2000000060", "2000003600"), JWT_NOT_YET);
	assert_int_equal(TIMES("2000000000", "2000003600"), JWT_OK);
	assert_int_equal(TIMES("2000003600", "2000000005"), JWT_NOT_YET);
	assert_int_equal(TIMES("1999990000", "2002668410"), JWT_TOO_LONG_LIVED); /* 31 d + 10 s */
	assert_int_equal(TIMES("1999990000", "2002668400"), JWT_TOO_LONG_LIVED); /* 31 d */
	assert_int_equal(TIMES("1999990000", "2002668399"), JWT_OK);
	assert_int_equal(TIMES("1999990000", "2002582000"), JWT_OK);		 /* 30 d */
	assert_int_equal(TIMES("1999990000", "2034550000"), JWT_TOO_LONG_LIVED); /* 400 d */
	assert_int_equal(TIMES("1", "2000003600"), JWT_TOO_LONG_LIVED);
}

/* J21 */
static void
test_absurd_numbers_are_refused(void **state)
{
	static const char *const numbers[] = {
	    "1e18",
	    "1e300",
	    "9223372036854775807",
	    "9223372036854775808",
	    "18446744073709551616",
	    "-1",
	    "-1e300",
	    "1e400",
	    "1e999999999",
	    "1e-999999999",
	    "1E+000000009",
	    "Infinity",
	    "NaN",
	    "0x7fffffff",
	    "2000003600.00000000000000000000000000000000000001",
	    "20000036000000000000000000000000000000000000000000",
	    "02000003600",
	    "+2000003600",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct strb claims;

		strb_init(&claims, 1000);
		strb_printf(&claims, "{'tid':'alpha','nbf':1999990000,'exp':%s}", numbers[i]);
		assert_int_not_equal(
		    check(SPAN(HEAD), strb_span(&claims), SPAN("secretA")), JWT_OK);
		strb_reset(&claims);
		strb_printf(&claims, "{'tid':'alpha','nbf':%s,'exp':2000003600}", numbers[i]);
		assert_int_not_equal(
		    check(SPAN(HEAD), strb_span(&claims), SPAN("secretA")), JWT_OK);
		strb_free(&claims);
	}
}

/* J23 */
static void
test_iat_is_nobodys_business(void **state)
{
	(void)state;
#define IAT(value) CHECK_CLAIMS("{'tid':'alpha','nbf':1999990000,'exp':2000003600,'iat':" value "}")
	assert_int_equal(IAT("2100000000"), JWT_OK);
	assert_int_equal(IAT("'soon'"), JWT_OK);
	assert_int_equal(IAT("null"), JWT_OK);
#undef IAT
}

/* J24 J25 */
static void
test_tid_is_the_id_byte_for_byte(void **state)
{
	struct jwt_claims out;
	struct strb token;

	(void)state;
#define TID(value) CHECK_CLAIMS("{'nbf':1999990000,'exp':2000003600,'tid':" value "}")
	assert_int_equal(TID("'alpha'"), JWT_OK);
	assert_int_equal(TID("'\\u0061lpha'"), JWT_OK);
	assert_int_equal(TID("'alph'"), JWT_ID);
	assert_int_equal(TID("'alphaa'"), JWT_ID);
	assert_int_equal(TID("'Alpha'"), JWT_ID);
	assert_int_equal(TID("''"), JWT_ID);
	assert_int_equal(TID("'alpha\\n'"), JWT_ID);
	assert_int_equal(TID("'alpha\\u0000'"), JWT_SHAPE);
	assert_int_equal(TID("5"), JWT_CLAIMS);
	assert_int_equal(TID("null"), JWT_CLAIMS);
	assert_int_equal(TID("['alpha']"), JWT_CLAIMS);
	assert_int_equal(CHECK_CLAIMS("{'nbf':1999990000,'exp':2000003600}"), JWT_CLAIMS);
#undef TID
	token_make(&token, SPAN(HEAD), SPAN("{'nbf':1999990000,'exp':2000003600,'tid':'a b'}"),
	    SPAN("secretA"));
	assert_int_equal(jwt_check(strb_span(&token), SPAN("a%20b"), &rules, NOW, &out), JWT_ID);
	strb_free(&token);
}

/* J26 J27 J28 J29 J30 */
static void
test_audience_counts_when_the_server_has_one(void **state)
{
	static const struct {
		const char *aud;
		enum jwt_fault fault;
	} rows[] = {
	    {"'aud':'here'", JWT_OK},
	    {"'aud':'there'", JWT_AUDIENCE},
	    {"'aud':'her'", JWT_AUDIENCE},
	    {"'aud':'here2'", JWT_AUDIENCE},
	    {"'aud':''", JWT_AUDIENCE},
	    {"'x':1", JWT_AUDIENCE},
	    {"'aud':['there','here']", JWT_OK},
	    {"'aud':['there']", JWT_AUDIENCE},
	    {"'aud':[]", JWT_AUDIENCE},
	    {"'aud':5", JWT_AUDIENCE},
	    {"'aud':{'here':'here'}", JWT_AUDIENCE},
	    {"'aud':true", JWT_AUDIENCE},
	    {"'aud':[1,2]", JWT_AUDIENCE},
	    {"'aud':['here',1]", JWT_AUDIENCE},
	    {"'aud':[['here']]", JWT_AUDIENCE},
	    {"'aud':null", JWT_AUDIENCE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strb claims;

		strb_init(&claims, 1000);
		strb_printf(
		    &claims, "{'tid':'alpha','nbf':1999990000,'exp':2000003600,%s}", rows[i].aud);
		rules.audience = SPAN("here");
		assert_int_equal(
		    check(SPAN(HEAD), strb_span(&claims), SPAN("secretA")), rows[i].fault);
		rules.audience = SPAN("");
		assert_int_equal(check(SPAN(HEAD), strb_span(&claims), SPAN("secretA")), JWT_OK);
		strb_free(&claims);
	}
}

/* J10 J31 */
static void
test_bearer_is_spelled_one_way(void **state)
{
	static const struct span bad[] = {
	    SPAN(""),
	    SPAN("Bearer"),
	    SPAN("Bearer "),
	    SPAN("bearer x"),
	    SPAN("BEARER x"),
	    SPAN("Bearer  x"),
	    SPAN("Bearer\tx"),
	    SPAN("Bearer x "),
	    SPAN("Bearer x y"),
	    SPAN("Basic x"),
	    SPAN("Bearer x="),
	    SPAN("Bearer x+"),
	    SPAN("Bearer x/y"),
	    SPAN("Bearer x\0y"),
	    SPAN("Bearer x\xc3\xa9"),
	    SPAN(" Bearer x"),
	    SPAN("Bearerx"),
	    SPAN("Bearer x,y"),
	    {NULL, 0},
	};
	struct span token;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(jwt_bearer(bad[i], &token), -WHT_EINVAL);
	assert_int_equal(jwt_bearer(SPAN("Bearer aZ0-_.x"), &token), 0);
	assert_true(span_eq(token, SPAN("aZ0-_.x")));
}

/* J33: whoever looked at a byte of the long ones would not come back. */
static void
test_long_tokens_are_not_looked_at(void **state)
{
	enum { LONG = 900000 };
	char *nowhere =
	    mmap(NULL, LONG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct strb junk;

	(void)state;
	strb_init(&junk, 1 << 20);
	for (int i = 0; i < 8192; i++)
		strb_char(&junk, i == 3000 || i == 6000 ? '.' : 'A');
	assert_int_equal(check_text(strb_span(&junk)), JWT_SIGNATURE);
	strb_free(&junk);
	assert_ptr_not_equal(nowhere, MAP_FAILED);
	assert_int_equal(check_text(span_of(nowhere, LONG)), JWT_SHAPE);
	assert_int_equal(check_text(span_of(nowhere, JWT_TOKEN_MAX + 1)), JWT_SHAPE);
	munmap(nowhere, LONG);
}

/* J34 */
static void
test_odd_text_is_refused(void **state)
{
	(void)state;
#define ODD(text) CHECK_CLAIMS("{'tid':'alpha','nbf':1999990000,'exp':2000003600,'x':'" text "'}")
	assert_int_equal(ODD("plain"), JWT_OK);
	assert_int_equal(ODD("\\ud83d\\ude00 \xc3\xa9"), JWT_OK);
	assert_int_equal(ODD("\\ud800"), JWT_SHAPE);
	assert_int_equal(ODD("\xc0\xaf"), JWT_SHAPE);
	assert_int_equal(ODD("\xff"), JWT_SHAPE);
	assert_int_equal(ODD("\x01"), JWT_SHAPE);
	assert_int_equal(ODD("a\0b"), JWT_SHAPE);
#undef ODD
}

static size_t json_allocations;

static void *
counting_malloc(size_t n)
{
	json_allocations++;
	return malloc(n);
}

/* J35: the parser does not see what is too deep, be it by one or by thousands. */
static void
test_deep_nesting_is_refused_at_once(void **state)
{
	static const int depths[] = {31, 32, 1000, 4000};
	size_t allocations[4];

	(void)state;
	json_set_alloc_funcs(counting_malloc, free);
	for (int i = 0; i < 4; i++) {
		struct strb claims;

		strb_init(&claims, 1 << 20);
		strb_add(&claims, SPAN("{'tid':'alpha','nbf':1999990000,'exp':2000003600,'x':"));
		for (int d = 0; d < depths[i]; d++)
			strb_char(&claims, '[');
		strb_add(&claims, SPAN("'[[[\\\\\\']]['"));
		for (int d = 0; d < depths[i]; d++)
			strb_char(&claims, ']');
		strb_char(&claims, '}');
		json_allocations = 0;
		assert_int_equal(check(SPAN(HEAD), strb_span(&claims), SPAN("secretA")),
		    depths[i] < 32 ? JWT_OK : JWT_SHAPE);
		allocations[i] = json_allocations;
		strb_free(&claims);
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(allocations[1] < allocations[0]);
	assert_int_equal(allocations[1], allocations[2]);
	assert_int_equal(allocations[1], allocations[3]);
}

static void
test_names_are_kept_and_cut(void **state)
{
	struct jwt_claims out = {.iss = "old"};
	struct strb token, claims;

	(void)state;
	strb_init(&claims, 1000);
	strb_add(&claims, SPAN("{'tid':'alpha','nbf':1999990000,'exp':2000003600.5,"
			       "'iss':'me','sub':7,'jti':'"));
	for (int i = 0; i < JWT_CLAIM_MAX - 1; i++)
		strb_char(&claims, 'x');
	strb_add(&claims, SPAN("\xc3\xa9'}"));
	token_make(&token, SPAN(HEAD), strb_span(&claims), SPAN("secretA"));
	assert_int_equal(jwt_check(strb_span(&token), SPAN("beta"), &rules, NOW, &out), JWT_ID);
	assert_string_equal(out.iss, "old");
	assert_int_equal(jwt_check(strb_span(&token), SPAN("alpha"), &rules, NOW, &out), JWT_OK);
	assert_string_equal(out.iss, "me");
	assert_string_equal(out.sub, "");
	assert_int_equal(strlen(out.jti), JWT_CLAIM_MAX - 1);
	assert_true(out.nbf == 1999990000.0 && out.exp == 2000003600.5);
	strb_free(&token);
	strb_free(&claims);
}

static void
test_a_client_may_peek(void **state)
{
	struct jwt_claims out = {0};
	struct strb token;
	char tid[4];

	(void)state;
	token_make(&token, SPAN("{'alg':'RS256'}"), SPAN(GOOD), SPAN("theirs"));
	assert_int_equal(jwt_peek(strb_span(&token), &out, tid, sizeof(tid)), JWT_OK);
	assert_string_equal(tid, "alp");
	assert_true(out.exp == 2000003600.0);
	assert_int_equal(jwt_peek(SPAN("YQ.YQ.YQ"), &out, tid, sizeof(tid)), JWT_SHAPE);
	assert_int_equal(jwt_peek(SPAN("a"), &out, tid, sizeof(tid)), JWT_SHAPE);
	strb_free(&token);
	token_make(&token, SPAN(HEAD), SPAN("{'tid':'alpha'}"), SPAN("theirs"));
	assert_int_equal(jwt_peek(strb_span(&token), &out, tid, sizeof(tid)), JWT_CLAIMS);
	strb_free(&token);
}

static void
test_what_we_mint_we_take(void **state)
{
	static const int64_t lifetimes[] = {1, 3600, JWT_LIFETIME_MAX_S};
	struct jwt_claims out;
	char *token;

	(void)state;
	rules.audience = SPAN("a \"quoted\" place");
	for (int i = 0; i < 3; i++) {
		token = jwt_mint(
		    SPAN("alpha"), SPAN("secretB"), rules.audience, (int64_t)NOW, lifetimes[i]);
		assert_non_null(token);
		assert_int_equal(check_text(span_str(token)), JWT_OK);
		assert_int_equal(jwt_check(span_str(token), SPAN("alpha"), &rules,
				     NOW + (double)lifetimes[i], &out),
		    JWT_EXPIRED);
		assert_int_equal(
		    jwt_check(span_str(token), SPAN("alpha"), &rules, NOW - JWT_GRACE_S - 1, &out),
		    JWT_NOT_YET);
		free(token);
	}
	token = jwt_mint(SPAN("alpha"), SPAN("secretA"), SPAN(""), (int64_t)NOW, 60);
	assert_int_equal(check_text(span_str(token)), JWT_AUDIENCE);
	free(token);
	assert_null(jwt_mint(SPAN("alpha"), SPAN("s"), SPAN(""), (int64_t)NOW, 0));
	assert_null(jwt_mint(SPAN("alpha"), SPAN("s"), SPAN(""), (int64_t)NOW, INT64_MAX));
	assert_null(
	    jwt_mint(SPAN("alpha"), SPAN("s"), SPAN(""), (int64_t)NOW, JWT_LIFETIME_MAX_S + 1));
	assert_null(jwt_mint(SPAN("alpha"), SPAN(""), SPAN(""), (int64_t)NOW, 60));
}

/* The token and the id that a captured client sent. */
static int
check_captured(const char *head)
{
	const char *bearer = strstr(head, "Authorization: "), *id = strcasestr(head, "tunnel-id: ");
	struct jwt_claims out, peeked;
	struct span token;
	char tid[129];

	if (!bearer || !id)
		return 0;
	bearer += strlen("Authorization: ");
	id += strlen("tunnel-id: ");
	assert_int_equal(jwt_bearer(span_of(bearer, strcspn(bearer, "\r")), &token), 0);
	assert_int_equal(jwt_peek(token, &peeked, tid, sizeof(tid)), JWT_OK);
	assert_true(span_eq(span_str(tid), span_of(id, strcspn(id, "\r"))));
	assert_int_equal(jwt_check(token, span_str(tid), &rules, peeked.nbf, &out), JWT_OK);
	assert_int_equal(jwt_check(token, span_str(tid), &rules, peeked.exp, &out), JWT_EXPIRED);
	return 1;
}

/* J01 */
static void
test_captured_tokens_hold(void **state)
{
	static const char *const files[] = {
	    VECTORS "/whclient-v0-http.jsonl",
	    VECTORS "/wst-client-v1-http.jsonl",
	    VECTORS "/wst-client-v1-websocket.jsonl",
	    VECTORS "/wst-client-v106-websocket.jsonl",
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		FILE *in = fopen(files[i], "r");
		json_t *line;
		int tokens = 0;

		assert_non_null(in);
		while ((line = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
			const char *head = json_string_value(json_object_get(line, "head"));

			if (head)
				tokens += check_captured(head);
			json_decref(line);
		}
		fclose(in);
		assert_true(tokens > 0);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_both_secrets_count_and_no_other),
	    TEST(test_one_bit_anywhere_spoils_it),
	    TEST(test_only_hs256_is_an_algorithm),
	    TEST(test_other_signatures_are_no_signatures),
	    TEST(test_head_extensions),
	    TEST(test_three_canonical_segments),
	    TEST(test_signed_segments_are_canonical_too),
	    TEST(test_segments_are_single_objects),
	    TEST(test_times_are_there_and_numbers),
	    TEST(test_times_are_judged_to_the_second),
	    TEST(test_absurd_numbers_are_refused),
	    TEST(test_iat_is_nobodys_business),
	    TEST(test_tid_is_the_id_byte_for_byte),
	    TEST(test_audience_counts_when_the_server_has_one),
	    TEST(test_bearer_is_spelled_one_way),
	    TEST(test_long_tokens_are_not_looked_at),
	    TEST(test_odd_text_is_refused),
	    TEST(test_deep_nesting_is_refused_at_once),
	    TEST(test_names_are_kept_and_cut),
	    TEST(test_a_client_may_peek),
	    TEST(test_what_we_mint_we_take),
	    TEST(test_captured_tokens_hold),
	};

	return cmocka_run_group_tests_name("jwt", tests, NULL, NULL);
}
