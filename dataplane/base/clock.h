/* base/clock.h - the two clocks, never confused: deadlines use the first,
 * tokens and logs the second; and what a thread computed, whatever else the machine did. */
#ifndef WHT_BASE_CLOCK_H
#define WHT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Milliseconds that only grow, from an arbitrary start (CLOCK_MONOTONIC). */
uint64_t clock_mono_ms(void);
/* The same, and it also counts while the machine sleeps (CLOCK_BOOTTIME). */
uint64_t clock_boot_ms(void);
/* As clock_mono_ms, in nanoseconds. */
uint64_t clock_mono_ns(void);
/* Nanoseconds that the calling thread has computed. A system call, unlike the others. */
uint64_t clock_thread_ns(void);
/* Milliseconds since 1970-01-01T00:00:00Z, as the machine believes. */
int64_t clock_wall_ms(void);

#define CLOCK_TEXT_MAX 32
/* 2026-11-22T14:13:33.042Z; answers out. */
const char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);
/* The same, its length told. */
struct span clock_span(int64_t wall_ms, char out[CLOCK_TEXT_MAX]);

#endif
