#include <unistd.h>

#include "msg/policy.h"

#define PROCESS_MEMORY_MAX (512ull * 1024 * 1024)

/* 512 MiB or a quarter of the RAM, whichever is less. */
static uint64_t
memory_of_this_machine(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	uint64_t quarter;

	if (pages <= 0 || size <= 0)
		return PROCESS_MEMORY_MAX;
	quarter = (uint64_t)pages / 4 * (uint64_t)size;
	return quarter < PROCESS_MEMORY_MAX ? quarter : PROCESS_MEMORY_MAX;
}

void
limits_settle(struct limits *limits)
{
	if (limits->process_memory == 0)
		limits->process_memory = memory_of_this_machine();
}

void
limits_default(struct limits *limits)
{
	*limits = (struct limits){
#define LIMIT(field, name, unit, value, help) .field = (value),
#include "msg/limit_tbl.h"
#undef LIMIT
	};
	limits_settle(limits);
}
