/* The story of a stream of responses must not depend on how it was cut,
 * nor on where it was held. */
#include "tests/unit/http/fuzz_story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_story(HTTP_RESPONSE, data, size);
	return 0;
}
