#include "controlplane/pem.h"

#include <stdlib.h>

#include "base/obj.h"
#include "controlplane/file.h"

#define PEM_FILE_MAX (1024 * 1024)

bool
pem_wanted(const struct config *c)
{
	return config_given(c, SET_tls_key) || config_given(c, SET_tls_certificate) ||
	       config_given(c, SET_tls_key_file) || config_given(c, SET_tls_certificate_file);
}

/* The digit's value, or -1. */
static int
digit64(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

ptrdiff_t
pem_base64(struct span in, char *out)
{
	uint32_t bits = 0;
	unsigned seen = 0, padding = 0;
	ptrdiff_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		int digit = digit64(in.p[i]);

		if (in.p[i] == '\n' || in.p[i] == '\r' || in.p[i] == ' ')
			continue;
		padding += in.p[i] == '=';
		if (in.p[i] != '=' && (digit < 0 || padding))
			return -WHT_EINVAL;
		bits = bits << 6 | (digit < 0 ? 0 : (uint32_t)digit);
		if (++seen % 4)
			continue;
		for (int shift = 16; shift >= 0; shift -= 8)
			out[n++] = (char)(bits >> shift & 0xFF);
	}
	return seen % 4 || padding > 2 ? -WHT_EINVAL : n - (ptrdiff_t)padding;
}

static int
from_text(const struct config *c, enum setting s, struct file_text *out, struct report *report)
{
	struct span text = span_str(config_text(c, s));
	ptrdiff_t n;

	*out = (struct file_text){.memory = must_alloc(text.n + 1)};
	n = pem_base64(text, out->memory);
	out->text = span_of(out->memory, n < 0 ? 0 : (size_t)n);
	if (n > 0)
		return 0;
	report_error(report, "%s is not %s", setting_info(s)->name, value_expected(VALUE_PEM64));
	return -WHT_EINVAL;
}

static int
from_file(const struct config *c, enum setting s, struct file_text *out, struct report *report)
{
	const char *path = config_text(c, s);

	if (file_read(path, PEM_FILE_MAX, out) == 0)
		return 0;
	report_error(report, "%s: %s: %s", setting_info(s)->name, path, out->error);
	return -WHT_EIO;
}

/* One half of the pair, from the one place of two that has it. */
static int
pem_half(const struct config *c, enum setting text, enum setting file, struct file_text *out,
    struct report *report)
{
	const char *name = setting_info(text)->name;

	if (config_given(c, text) && config_given(c, file)) {
		report_error(report, "%s and %s_FILE are both set; one is enough", name, name);
		return -WHT_EINVAL;
	}
	if (config_given(c, text))
		return from_text(c, text, out, report);
	if (config_given(c, file))
		return from_file(c, file, out, report);
	report_error(
	    report, "%s (or %s_FILE) is missing: TLS needs a key and a certificate", name, name);
	return -WHT_EINVAL;
}

struct tls_context *
pem_tls(const struct config *c, struct report *report)
{
	struct file_text key = {.memory = NULL}, certificate = {.memory = NULL};
	struct tls_context *tls = NULL;
	char error[TLS_ERROR_MAX] = "";
	int k, h;

	if (!pem_wanted(c))
		return NULL;
	k = pem_half(c, SET_tls_key, SET_tls_key_file, &key, report);
	h = pem_half(c, SET_tls_certificate, SET_tls_certificate_file, &certificate, report);
	if (k == 0 && h == 0) {
		tls = tls_server_new(certificate.text, key.text, error);
		if (!tls)
			report_error(report, "the TLS certificate cannot be used: %s", error);
	}
	file_forget(&key);
	file_forget(&certificate);
	return tls;
}
