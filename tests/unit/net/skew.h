/* tests/unit/net/skew.h - time is the test's: clock_gettime is ours, libuv's and the loop's calls
 * of it too. A machine that slept for a day, or whose wall clock was set back, costs no waiting. */
#ifndef WHT_TEST_NET_SKEW_H
#define WHT_TEST_NET_SKEW_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t skip_mono_s, skip_wall_s;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int status = (int)syscall(SYS_clock_gettime, id, ts);

	ts->tv_sec +=
	    id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ? skip_wall_s : skip_mono_s;
	return status;
}

#endif
