/* tests/unit/net/skew.h - time is the test's: clock_gettime and nanosleep are ours, libuv's and the
 * loop's calls of them too. A machine that slept for a day, or whose wall clock was set back, costs
 * no waiting; and where the monotonic clock stands still, a slow machine is as good as a fast one:
 * "not before its time" and "at its time" are exact.
 *
 * While it stands, a loop must not be left to wait (UV_RUN_ONCE, loop_run): its timers would never
 * be due. */
#ifndef WHT_TEST_NET_SKEW_H
#define WHT_TEST_NET_SKEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SKEW_NS_OF_S 1000000000ll

static _Atomic int64_t skip_mono_s, skip_wall_s;
static _Atomic int64_t skew_ns; /* of the monotonic clock; of one that stands: all it shows */
static atomic_bool skew_stands;

static inline int64_t
skew_real_ns(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return ts.tv_sec * SKEW_NS_OF_S + ts.tv_nsec;
}

static inline int64_t
skew_mono_ns(clockid_t id)
{
	return skew_stands ? skew_ns : skew_real_ns(id) + skew_ns;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ns;

	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		ns = skew_real_ns(id) + skip_wall_s * SKEW_NS_OF_S;
		break;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		ns = skew_mono_ns(id) + skip_mono_s * SKEW_NS_OF_S;
		break;
	default:
		return (int)syscall(SYS_clock_gettime, id, ts);
	}
	*ts = (struct timespec){.tv_sec = ns / SKEW_NS_OF_S, .tv_nsec = ns % SKEW_NS_OF_S};
	return 0;
}

/* Time stands still from here on ... */
static inline void
time_stop(void)
{
	skew_ns = skew_mono_ns(CLOCK_MONOTONIC);
	skew_stands = true;
}

/* ... but for this. */
static inline void
time_pass(uint64_t ms)
{
	skew_ns += (int64_t)ms * 1000000;
}

/* It goes on from where it stood. */
static inline void
time_go_on(void)
{
	if (skew_stands)
		skew_ns -= skew_real_ns(CLOCK_MONOTONIC);
	skew_stands = false;
}

/* Who sleeps while time stands has slept at once. */
int
nanosleep(const struct timespec *for_, struct timespec *left)
{
	if (!skew_stands)
		return (int)syscall(SYS_nanosleep, for_, left);
	skew_ns += for_->tv_sec * SKEW_NS_OF_S + for_->tv_nsec;
	return 0;
}

#endif
