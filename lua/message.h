/* lua/message.h - a request or a response as a script sees it, and edits it.
 *
 * The caller fills it in over a parsed head and owns it; the script gets a handle that is good for
 * the one call. What the script changes stands in now, made of bytes in the arena: the head itself
 * is never touched. When the script fails, now is as it was before.
 */
#ifndef WHT_LUA_MESSAGE_H
#define WHT_LUA_MESSAGE_H

#include "base/arena.h"
#include "http/head.h"

#define LUA_EDIT_MAX	 (64 * 1024) /* bytes that the edits of one message may take in all */
#define LUA_ANSWER_MAX	 (1024 * 1024)
#define LUA_FIELD_VALUE	 (8 * 1024)
#define LUA_LABEL_MAX	 64   /* characters */
#define LUA_MESSAGE_ROOM 2048 /* bytes of edits that need no memory of their own */

struct lua_edit {
	struct span path, query; /* query: without its '?' */
	int status;
	const struct http_field *fields;
	size_t nfields;
	bool path_edited, status_edited, fields_edited;
};

struct lua_message {
	struct lua_edit now;
	size_t room;	   /* private: entries of now.fields, when they are ours */
	size_t fields_max; /* no more than so many fields */
	bool secret;	   /* Authorization is not shown: a registration's token */
	struct span method, host, peer, request_id, id, body, iss, sub, jti;
	bool tls;
	bool (*id_valid)(struct span id); /* NULL: every id is */
	struct arena arena;		  /* begins in room, so a message stays where it is */
	char first_room[LUA_MESSAGE_ROOM];
};

/* Everything that a head says; the rest is the caller's. max: bytes for edits and for
 * what the script answers. */
void lua_message_init(struct lua_message *, const struct http_head *, size_t max);
void lua_message_free(struct lua_message *);
/* At path?query, in halves as a script sees them; no path is "/". */
void lua_message_aim(struct lua_message *, struct span target);
/* The halves as they are now, put together again; the path alone where the edits have no more room.
 * Valid as long as the message. */
struct span lua_message_target(struct lua_message *);

/* The name of a field that a script may set: a token, and none of the service's own, which are
 * framing, hop-by-hop and forwarding. */
struct lua_name {
	struct span text;
	enum http_field_id id;
};
/* NULL, or a sentence that says why it may not. */
const char *lua_name_read(struct span text, struct lua_name *out);
/* Sets, adds or (value NULL with add false) removes a field. NULL, or a sentence that says why not:
 * a value holds no control characters. */
const char *lua_message_set(
    struct lua_message *, const struct lua_name *, const struct span *value, bool add);
/* Both tests for a field of an answer. */
const char *lua_field_fault(struct span name, struct span value);

#endif
