#include "ws/handshake.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/obj.h"
#include "http/write.h"

enum { NONCE_SIZE = 16, KEY_LEN = WS_KEY_MAX - 1 };

#define WS_GUID SPAN("258EAFA5-E914-47DA-95CA-C5AB0DC85B11") /* RFC 6455, 1.3 */

/* Some Upgrade field lists websocket. */
static bool
upgrades_to_websocket(const struct http_head *head)
{
	if (head->minor < 1 || !http_connection_has(head, SPAN("upgrade")))
		return false;
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http_field *f = &head->fields[i];

		if (f->id == HF_UPGRADE && span_list_has(f->value, SPAN("websocket")))
			return true;
	}
	return false;
}

static bool
version_is_ours(const struct http_head *head)
{
	return http_head_count(head, HF_SEC_WEBSOCKET_VERSION) == 1 &&
	       span_eq(http_head_value(head, HF_SEC_WEBSOCKET_VERSION), SPAN(WS_VERSION));
}

/* The base64 of 16 bytes is 22 letters and two pads. */
static bool
key_is_well_formed(struct span key)
{
	unsigned char nonce[NONCE_SIZE + 2];

	return key.n == KEY_LEN && span_find(key, '=') == KEY_LEN - 2 &&
	       key.p[KEY_LEN - 1] == '=' &&
	       EVP_DecodeBlock(nonce, (const unsigned char *)key.p, KEY_LEN) == sizeof(nonce);
}

static bool
has_body(const struct http_head *head)
{
	return head->framing == HTTP_CHUNKED ||
	       (head->framing == HTTP_BY_LENGTH && head->length > 0);
}

enum reason
ws_handshake_check(const struct http_head *head)
{
	if (!upgrades_to_websocket(head))
		return R_NO_UPGRADE;
	if (!span_eq(head->method, SPAN("GET")))
		return R_BAD_METHOD;
	if (!version_is_ours(head))
		return R_BAD_WS_VERSION;
	if (http_head_count(head, HF_SEC_WEBSOCKET_KEY) != 1 ||
	    !key_is_well_formed(http_head_value(head, HF_SEC_WEBSOCKET_KEY)) || has_body(head))
		return R_BAD_HANDSHAKE;
	return R_NONE;
}

void
ws_handshake_accept(struct span key, char out[WS_ACCEPT_MAX])
{
	unsigned char text[KEY_LEN + 36], digest[SHA_DIGEST_LENGTH];

	ENSURE(key.n == KEY_LEN && WS_GUID.n == sizeof(text) - KEY_LEN);
	memcpy(text, key.p, key.n);
	memcpy(text + key.n, WS_GUID.p, WS_GUID.n);
	ENSURE(SHA1(text, sizeof(text), digest) != NULL);
	ENSURE(EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest)) == WS_ACCEPT_MAX - 1);
}

void
ws_handshake_write_101(struct strb *out, struct span key)
{
	char accept[WS_ACCEPT_MAX];

	ws_handshake_accept(key, accept);
	http_write_status_line(out, 101);
	http_write_field(out, SPAN("Upgrade"), SPAN("websocket"));
	http_write_field(out, SPAN("Connection"), SPAN("Upgrade"));
	http_write_field(out, SPAN("Sec-WebSocket-Accept"), span_str(accept));
}

void
ws_handshake_key(char out[WS_KEY_MAX])
{
	unsigned char nonce[NONCE_SIZE];

	ENSURE(RAND_bytes(nonce, sizeof(nonce)) == 1);
	ENSURE(EVP_EncodeBlock((unsigned char *)out, nonce, sizeof(nonce)) == KEY_LEN);
}

void
ws_handshake_write_request(struct strb *out, const char *key)
{
	http_write_field(out, SPAN("Upgrade"), SPAN("websocket"));
	http_write_field(out, SPAN("Connection"), SPAN("Upgrade"));
	http_write_field(out, SPAN("Sec-WebSocket-Version"), SPAN(WS_VERSION));
	http_write_field(out, SPAN("Sec-WebSocket-Key"), span_str(key));
}

/* A server may choose only among what it was offered, and we offer none. */
static bool
chooses_what_was_not_offered(const struct http_head *head)
{
	for (size_t i = 0; i < head->nfields; i++) {
		struct span name = head->fields[i].name;

		if (span_ieq(name, SPAN("Sec-WebSocket-Extensions")) ||
		    span_ieq(name, SPAN("Sec-WebSocket-Protocol")))
			return true;
	}
	return false;
}

bool
ws_handshake_accepted(const struct http_head *head, const char *key)
{
	char accept[WS_ACCEPT_MAX];

	ws_handshake_accept(span_str(key), accept);
	return head->status == 101 && upgrades_to_websocket(head) &&
	       http_head_count(head, HF_SEC_WEBSOCKET_ACCEPT) == 1 &&
	       span_eq(http_head_value(head, HF_SEC_WEBSOCKET_ACCEPT), span_str(accept)) &&
	       !chooses_what_was_not_offered(head);
}
