/* cli/place.h - where a connection goes, out of what a person typed: the server's URL or the local
 * target.
 *
 * Pure text: nothing is resolved here. What cannot be meant (a path, a user name, a port of 0) is
 * refused with a sentence instead of being ignored.
 */
#ifndef WHT_CLI_PLACE_H
#define WHT_CLI_PLACE_H

#include <netinet/in.h>
#include <sys/un.h>

#include "base/span.h"

#define PLACE_HOST_MAX	 254
#define PLACE_TEXT_MAX	 (PLACE_HOST_MAX + 16)
#define PLACE_FOLDER_MAX 1024

struct place {
	char host[PLACE_HOST_MAX]; /* without brackets; "": this machine, by ::1 or by 127.0.0.1 */
	uint16_t port;
	char unix_path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "": host and port */
	char folder[PLACE_FOLDER_MAX];				     /* "": not a folder's files */
	bool tls;
	bool loopback;		   /* nobody else is on the way */
	char text[PLACE_TEXT_MAX]; /* "host", "host:port", "[::1]:port" or "unix:/path": Host, and
				      people */
};

/* https://host[:port][/], and the same with http, wss and ws. NULL, or what is wrong with it. */
const char *place_of_server(const char *url, struct place *);
/* A text that was meant as an address, for people: what stands in front of an '@' may be a
 * password. */
void place_show(const char *text, char out[PLACE_TEXT_MAX]);
/* A port, host:port, http://..., https://..., unix:/path or file:folder. NULL, or what is wrong
 * with it. */
const char *place_of_target(const char *text, struct place *);

#endif
