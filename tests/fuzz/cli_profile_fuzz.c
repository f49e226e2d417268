/* A profile's text: any bytes are read or refused, and what was read can
 * be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/obj.h"
#include "cli/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s = {0};
	char error[PROFILE_ERROR_MAX] = "";

	if (profile_parse(span_of(data, size), "web", &s, error) < 0)
		ENSURE(error[0]);
	settings_free(&s);
	return 0;
}
