/* Server URLs and targets: what is taken can be said, and what is said is
 * taken again as the same. */
#include <stdlib.h>

#include "base/obj.h"
#include "cli/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text)
{
	struct place place, again;

	if (place_of_target(text, &place))
		return;
	ENSURE((place.unix_path[0] != '\0') == (place.port == 0));
	if (strstr(text, "://"))
		return; /* its text leaves the scheme's port out */
	ENSURE(place_of_target(place.text, &again) == NULL);
	ENSURE(strcmp(place.text, again.text) == 0 && place.port == again.port);
	ENSURE(place.loopback == again.loopback && !again.tls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = must_alloc(size + 1);
	struct place place;

	if (size)
		memcpy(text, data, size);
	check(text);
	if (place_of_server(text, &place) == NULL)
		ENSURE(place.port && place.text[0]);
	free(text);
	return 0;
}
