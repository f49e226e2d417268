/* msg/metric.h - the counters of one worker as a value (msg/metric_tbl.h). */
#ifndef WHT_MSG_METRIC_H
#define WHT_MSG_METRIC_H

#include <stdint.h>

#include "base/reason.h"
#include "lua/phase.h"

/* Upper bounds in microseconds; one more bucket holds the rest. */
#define METRIC_BUCKETS                                                                             \
	{                                                                                          \
		500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 10000000      \
	}
#define METRIC_NBUCKETS 11

struct metric_histogram {
	uint64_t count[METRIC_NBUCKETS + 1]; /* not cumulative */
	uint64_t sum_us;
};

struct worker_metrics {
#define COUNTER(field, name, help)		  uint64_t field;
#define GAUGE(field, name, help)		  uint64_t field;
#define BY(field, n, name, label, label_of, help) uint64_t field[n];
#define HISTOGRAM(field, name, help)		  struct metric_histogram field;
#include "msg/metric_tbl.h"
#undef COUNTER
#undef GAUGE
#undef BY
#undef HISTOGRAM
};

void metric_observe(struct metric_histogram *, uint64_t us);
/* Adds b to a, field by field. */
void metrics_add(struct worker_metrics *a, const struct worker_metrics *b);
/* Label values: "none", "1xx" ... "5xx"; the reason's word; the phase's. */
const char *metric_class(unsigned i);
const char *metric_reason(unsigned i);
const char *metric_phase(unsigned i);
/* The index for a status; 0 for none. */
unsigned metric_class_of(int status);

#endif
