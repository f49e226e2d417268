/* A proxy's answer: the first byte says which kind and where it is split;
 * the verdict must be the same. */
#include <stdint.h>

#include "base/obj.h"
#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum proxy_state
talk(const struct proxy *proxy, struct span answer, size_t split, size_t *used)
{
	struct proxy_talk t;
	struct strb out;

	strb_init(&out, PROXY_OUT_MAX);
	proxy_begin(&t, proxy, "whp.example.com", 443, &out);
	*used = proxy_feed(&t, span_take(answer, split), &out);
	*used += proxy_feed(&t, span_drop(answer, split), &out);
	ENSURE(!strb_failed(&out));
	strb_free(&out);
	return t.state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const urls[] = {
	    "http://p", "http://u:p@p", "socks5://p", "socks5://u:p@p"};
	struct proxy proxy;
	struct span answer;
	size_t used, used_whole;

	if (size == 0)
		return 0;
	answer = span_of(data + 1, size - 1);
	ENSURE(!proxy_parse(urls[data[0] & 3], &proxy));
	ENSURE(talk(&proxy, answer, data[0] >> 2, &used) == talk(&proxy, answer, 0, &used_whole));
	ENSURE(used == used_whole);
	return 0;
}
