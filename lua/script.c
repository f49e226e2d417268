/* lua/script.c - the text of a script, its digest and its budget. */
#include "lua/script.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/obj.h"

#define SCRIPT_MAGIC 0x10a5c417u

struct script_file {
	char *name, *text;
	size_t len;
};

struct lua_script {
	unsigned magic;
	atomic_uint refs;
	struct lua_budget budget;
	struct script_file files[LUA_FILES_MAX];
	size_t n;
	char sha256[LUA_SHA256_CHARS + 1];
};

void
lua_budget_default(struct lua_budget *b)
{
	*b = (struct lua_budget){.instructions = 500 * 1000, .time_us = 5000, .memory = 8 << 20};
	for (int i = 0; i < LUA_PHASES; i++)
		b->closed[i] = lua_phase_info((enum lua_phase)i)->closed;
}

struct lua_script *
lua_script_new(const struct lua_budget *budget)
{
	struct lua_script *s;

	OBJ_NEW(s, SCRIPT_MAGIC);
	atomic_init(&s->refs, 1);
	s->budget = *budget;
	return s;
}

struct lua_script *
lua_script_ref(struct lua_script *s)
{
	CHECK_OBJ(s, SCRIPT_MAGIC);
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
lua_script_unref(struct lua_script **sp)
{
	struct lua_script *s = *sp;

	*sp = NULL;
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->files[i].name);
		free(s->files[i].text);
	}
	OBJ_FREE(s);
}

int
lua_script_add(struct lua_script *s, struct span name, struct span text)
{
	struct script_file *f = &s->files[s->n];

	CHECK_OBJ(s, SCRIPT_MAGIC);
	if (s->n == LUA_FILES_MAX || text.n > LUA_SCRIPT_MAX)
		return -WHT_EFULL;
	f->name = span_dup(name);
	f->text = must_alloc(text.n + 1);
	if (text.n)
		memcpy(f->text, text.p, text.n);
	f->len = text.n;
	s->n++;
	return 0;
}

void
lua_script_seal(struct lua_script *s)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	ENSURE(md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < s->n; i++)
		ENSURE(EVP_DigestUpdate(md, s->files[i].text, s->files[i].len) == 1);
	ENSURE(EVP_DigestFinal_ex(md, digest, &n) == 1 && n * 2 == LUA_SHA256_CHARS);
	EVP_MD_CTX_free(md);
	for (unsigned i = 0; i < n; i++)
		snprintf(s->sha256 + (size_t)2 * i, 3, "%02x", digest[i]);
}

const char *
lua_script_sha256(const struct lua_script *s)
{
	return s->sha256;
}

const struct lua_budget *
lua_script_budget(const struct lua_script *s)
{
	return &s->budget;
}

size_t
lua_script_files(const struct lua_script *s)
{
	return s->n;
}

struct span
lua_script_name(const struct lua_script *s, size_t i)
{
	return span_str(s->files[i].name);
}

struct span
lua_script_text(const struct lua_script *s, size_t i)
{
	return span_of(s->files[i].text, s->files[i].len);
}

static bool
same_budget(const struct lua_budget *a, const struct lua_budget *b)
{
	return a->instructions == b->instructions && a->time_us == b->time_us &&
	       a->memory == b->memory && memcmp(a->closed, b->closed, sizeof(a->closed)) == 0;
}

static bool
same_files(const struct lua_script *a, const struct lua_script *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!span_eq(lua_script_name(a, i), lua_script_name(b, i)) ||
		    !span_eq(lua_script_text(a, i), lua_script_text(b, i)))
			return false;
	}
	return true;
}

bool
lua_script_same(const struct lua_script *a, const struct lua_script *b)
{
	if (!a || !b)
		return a == b;
	return a->n == b->n && same_budget(&a->budget, &b->budget) && same_files(a, b);
}
