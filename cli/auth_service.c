#include "cli/auth_service.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/hawk.h"
#include "auth/tunnel_id.h"
#include "base/clock.h"
#include "base/obj.h"
#include "net/mailbox.h"

#define AUTH_SERVICE_MAGIC 0xa7750001u
#define OLD_SERVICE	   "https://auth.taskcluster.net"

enum {
	ANSWER_S = 30,
	URL_MAX = 2048,
	HEADER_MAX = 32 * 1024,
	SKEW_S = 30, /* more than that, and the service's clock is believed */
};

/* One answer on its way to the loop. */
struct letter {
	struct mail mail;
	int status;
	char sentence[AUTH_SENTENCE_MAX];
	size_t n;
	char body[AUTH_ANSWER_MAX];
};

struct auth_service {
	unsigned magic;
	char *client_id, *access_token;
	char *url, *ext, *proxy;
	bool asking;
	atomic_bool stopping; /* the thread shall not wait any longer */
	int64_t skew_s;	      /* what to add to our clock; the thread's while it runs */
	pthread_t thread;
	struct mailbox *box;
	void (*on_answer)(void *user, const struct auth_answer *);
	void *user;
};

static void
letter_drop(struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;

	explicit_bzero(letter->body, letter->n);
	free(letter);
}

/* ---- the thread ---- */

/* The Authorization field of a request for the URL, at the service's time. */
static bool
write_header(const struct auth_service *a, CURLU *url, struct strb *out)
{
	struct hawk hawk = {
	    span_str(a->client_id), span_str(a->access_token), span_str(a->ext ? a->ext : "")};
	char *host = NULL, *port = NULL, *path = NULL, nonce[HAWK_NONCE_MAX];
	bool written = false;

	hawk_nonce(nonce);
	if (!curl_url_get(url, CURLUPART_HOST, &host, 0) &&
	    !curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
	    !curl_url_get(url, CURLUPART_PATH, &path, 0)) {
		struct hawk_request r = {.method = SPAN("GET"),
		    .path = span_str(path),
		    .host = span_str(host),
		    .port = (uint16_t)atoi(port),
		    .ts = (uint64_t)(clock_wall_ms() / 1000 + a->skew_s),
		    .nonce = span_str(nonce)};

		strb_add(out, SPAN("Authorization: "));
		written = hawk_write(out, &hawk, &r) == 0 && !strb_failed(out);
	}
	curl_free(host);
	curl_free(port);
	curl_free(path);
	return written;
}

static size_t
on_body(char *data, size_t size, size_t n, void *user)
{
	struct letter *letter = user;

	if (size * n > sizeof(letter->body) - letter->n)
		return 0;
	memcpy(letter->body + letter->n, data, size * n);
	letter->n += size * n;
	return size * n;
}

/* Learns from Date how far the service's clock is from ours. */
static size_t
on_header(char *data, size_t size, size_t n, void *user)
{
	struct auth_service *a = user;
	struct span line = span_of(data, size * n);
	char date[64];

	if (line.n > 5 && line.n < sizeof(date) && span_ieq(span_take(line, 5), SPAN("date:"))) {
		time_t theirs;

		snprintf(date, sizeof(date), "%.*s", SPAN_FMT(span_drop(line, 5)));
		theirs = curl_getdate(date, NULL);
		if (theirs > 0)
			a->skew_s = (int64_t)theirs - clock_wall_ms() / 1000;
	}
	return size * n;
}

static int
on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct auth_service *service = user;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(&service->stopping);
}

static void
perform(struct auth_service *a, CURL *curl, struct letter *letter)
{
	struct curl_slist *headers = NULL;
	CURLU *url = curl_url();
	struct strb header;
	long status = 0;
	CURLcode code;

	strb_init(&header, HEADER_MAX);
	letter->n = 0;
	if (!url || curl_url_set(url, CURLUPART_URL, a->url, 0) || !write_header(a, url, &header)) {
		snprintf(letter->sentence, AUTH_SENTENCE_MAX, "the request cannot be made");
	} else {
		headers = curl_slist_append(NULL, strb_cstr(&header));
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		if (code != CURLE_OK)
			snprintf(
			    letter->sentence, AUTH_SENTENCE_MAX, "%s", curl_easy_strerror(code));
	}
	letter->status = (int)status;
	if (header.p)
		explicit_bzero(header.p, header.n);
	strb_free(&header);
	curl_slist_free_all(headers);
	curl_url_cleanup(url);
}

static void *
auth_main(void *arg)
{
	struct letter *letter = must_alloc(sizeof(*letter));
	CURL *curl = curl_easy_init();
	struct auth_service *a;
	int64_t skew;

	CAST_OBJ(a, arg, AUTH_SERVICE_MAGIC);
	ENSURE(curl != NULL);
	curl_easy_setopt(curl, CURLOPT_URL, a->url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)ANSWER_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "whclient/" WHT_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, letter);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	if (a->proxy)
		curl_easy_setopt(curl, CURLOPT_PROXY, a->proxy);
	skew = a->skew_s;
	perform(a, curl, letter);
	if (letter->status == 401 && llabs(a->skew_s - skew) > SKEW_S)
		perform(a, curl, letter); /* our clock was wrong: once more by theirs */
	curl_easy_cleanup(curl);
	if (!mailbox_post(a->box, &letter->mail))
		letter_drop(&letter->mail);
	return NULL;
}

/* ---- the answer ---- */

/* Copies a string member behind what storage holds already. */
static struct span
member(const json_t *object, const char *key, char storage[AUTH_ANSWER_MAX], size_t *used)
{
	const json_t *value = json_object_get(object, key);
	size_t n = json_string_length(value);
	struct span copy = {NULL, 0};

	if (!json_is_string(value) || n > AUTH_ANSWER_MAX - *used)
		return copy;
	memcpy(storage + *used, json_string_value(value), n);
	copy = span_of(storage + *used, n);
	*used += n;
	return copy;
}

bool
auth_parse(struct span body, struct auth_answer *answer, char storage[AUTH_ANSWER_MAX])
{
	json_t *object = json_loadb(body.p ? body.p : "", body.n, JSON_REJECT_DUPLICATES, NULL);
	size_t used = 0;

	*answer = (struct auth_answer){.sentence = ""};
	answer->token = member(object, "token", storage, &used);
	answer->id = member(object, "tunnelId", storage, &used);
	if (answer->id.n == 0)
		answer->id = member(object, "wstClient", storage, &used);
	answer->server = member(object, "proxyUrl", storage, &used);
	json_decref(object);
	if (answer->id.n && !tunnel_id_valid(answer->id))
		answer->token = (struct span){NULL, 0};
	return answer->token.n > 0;
}

static void
auth_on_mail(void *user, struct mail *mail)
{
	struct letter *letter = (struct letter *)mail;
	char sentence[AUTH_SENTENCE_MAX], *storage = must_alloc(AUTH_ANSWER_MAX);
	struct auth_answer answer = {.sentence = ""};
	struct auth_service *a;

	CAST_OBJ(a, user, AUTH_SERVICE_MAGIC);
	pthread_join(a->thread, NULL);
	a->asking = false;
	if (letter->sentence[0])
		snprintf(sentence, sizeof(sentence), "%s", letter->sentence);
	else if (letter->status != 200)
		snprintf(sentence, sizeof(sentence), "it answered %d%s", letter->status,
		    letter->status == 401 || letter->status == 403
			? ": it does not accept the credentials"
			: "");
	else if (auth_parse(span_of(letter->body, letter->n), &answer, storage))
		sentence[0] = '\0';
	else
		snprintf(sentence, sizeof(sentence), "its answer holds no token");
	answer.status = letter->status;
	answer.sentence = sentence;
	a->on_answer(a->user, &answer);
	explicit_bzero(storage, AUTH_ANSWER_MAX);
	free(storage);
	letter_drop(mail);
}

/* ---- life ---- */

/* {"certificate": ...} as Hawk's ext; NULL: it is no JSON object. */
static char *
make_ext(const char *certificate)
{
	json_t *object = json_loads(certificate, JSON_REJECT_DUPLICATES, NULL);
	json_t *outer = json_is_object(object) ? json_pack("{s:O}", "certificate", object) : NULL;
	char *text = outer ? json_dumps(outer, JSON_COMPACT) : NULL, *ext = NULL;
	struct strb b;

	strb_init(&b, HEADER_MAX);
	if (text) {
		hawk_base64(&b, span_str(text));
		ext = strb_failed(&b) ? NULL : span_dup(strb_span(&b));
	}
	strb_free(&b);
	free(text);
	json_decref(outer);
	json_decref(object);
	return ext;
}

static void
add_escaped(struct strb *out, const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);

	strb_printf(out, "/%s", escaped ? escaped : "");
	curl_free(escaped);
}

static char *
make_url(const struct auth_config *config)
{
	const char *base = config->root_url ? config->root_url : config->auth_url;
	struct span text = span_str(base ? base : OLD_SERVICE);
	struct strb url;
	char *made;

	while (text.n && text.p[text.n - 1] == '/')
		text.n--;
	strb_init(&url, URL_MAX);
	strb_add(&url, text);
	if (config->root_url) {
		strb_add(&url, SPAN("/api/auth/v1/websocktunnel"));
		add_escaped(&url, config->audience);
		add_escaped(&url, config->id);
	} else {
		strb_add(&url, SPAN("/v1/webhooktunnel"));
	}
	made = strb_failed(&url) ? NULL : span_dup(strb_span(&url));
	strb_free(&url);
	return made;
}

/* As curl wants it: none is "", and the proxy resolves names. */
static char *
make_proxy(const char *proxy)
{
	struct strb b;
	char *made;

	if (!proxy || strcmp(proxy, "none") == 0)
		return proxy ? span_dup(SPAN("")) : NULL;
	strb_init(&b, strlen(proxy) + 16);
	strb_printf(&b, "%s%s", strncasecmp(proxy, "socks5://", 9) ? "" : "socks5h://",
	    strncasecmp(proxy, "socks5://", 9) ? proxy : proxy + 9);
	made = span_dup(strb_span(&b));
	explicit_bzero(b.p, b.n);
	strb_free(&b);
	return made;
}

static const char *
what_is_missing(const struct auth_config *config)
{
	if (!config->client_id || !config->client_id[0])
		return "a client id is missing (TASKCLUSTER_CLIENT_ID)";
	if (!config->access_token || !config->access_token[0])
		return "an access token is missing (TASKCLUSTER_ACCESS_TOKEN)";
	if (config->root_url && (!config->audience || !config->id))
		return "with a root URL, --audience and --id are wanted, too";
	return NULL;
}

struct auth_service *
auth_service_new(struct loop *loop, const struct auth_config *config,
    void (*on_answer)(void *user, const struct auth_answer *), void *user,
    char error[AUTH_SENTENCE_MAX])
{
	const char *missing = what_is_missing(config);
	struct auth_service *a;
	char *ext = NULL;

	if (!missing && config->certificate && !(ext = make_ext(config->certificate)))
		missing = "the certificate is no JSON object";
	if (missing) {
		snprintf(error, AUTH_SENTENCE_MAX, "%s", missing);
		return NULL;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	OBJ_NEW(a, AUTH_SERVICE_MAGIC);
	a->client_id = span_dup(span_str(config->client_id));
	a->access_token = span_dup(span_str(config->access_token));
	a->ext = ext;
	a->url = make_url(config);
	ENSURE(a->url != NULL);
	a->proxy = make_proxy(config->proxy);
	a->on_answer = on_answer;
	a->user = user;
	a->box = mailbox_new(loop, auth_on_mail, a);
	return a;
}

void
auth_service_ask(struct auth_service *a)
{
	CHECK_OBJ(a, AUTH_SERVICE_MAGIC);
	if (a->asking)
		return;
	a->asking = true;
	ENSURE(pthread_create(&a->thread, NULL, auth_main, a) == 0);
}

bool
auth_service_asking(const struct auth_service *a)
{
	return a->asking;
}

void
auth_service_stop(struct auth_service *a)
{
	CHECK_OBJ(a, AUTH_SERVICE_MAGIC);
	atomic_store(&a->stopping, true);
	if (a->asking)
		pthread_join(a->thread, NULL);
	mailbox_shut(a->box, letter_drop);
}

void
auth_service_free(struct auth_service **ap)
{
	struct auth_service *a;

	TAKE_OBJ(a, ap, AUTH_SERVICE_MAGIC);
	mailbox_free(&a->box);
	free(a->client_id);
	explicit_bzero(a->access_token, strlen(a->access_token));
	free(a->access_token);
	free(a->ext);
	free(a->url);
	if (a->proxy)
		explicit_bzero(a->proxy, strlen(a->proxy));
	free(a->proxy);
	OBJ_FREE(a);
}
