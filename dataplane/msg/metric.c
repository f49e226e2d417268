#include "msg/metric.h"

static const uint64_t buckets[METRIC_NBUCKETS] = METRIC_BUCKETS;

void
metric_observe(struct metric_histogram *h, uint64_t us)
{
	unsigned i = 0;

	while (i < METRIC_NBUCKETS && us > buckets[i])
		i++;
	h->count[i]++;
	h->sum_us += us;
}

static void
histogram_add(struct metric_histogram *a, const struct metric_histogram *b)
{
	for (unsigned i = 0; i <= METRIC_NBUCKETS; i++)
		a->count[i] += b->count[i];
	a->sum_us += b->sum_us;
}

void
metrics_add(struct worker_metrics *a, const struct worker_metrics *b)
{
#define COUNTER(field, name, help) a->field += b->field;
#define GAUGE(field, name, help)   a->field += b->field;
#define BY(field, n, name, label, label_of, help)                                                  \
	for (unsigned i = 0; i < (n); i++)                                                         \
		a->field[i] += b->field[i];
#define HISTOGRAM(field, name, help) histogram_add(&a->field, &b->field);
#include "msg/metric_tbl.h"
#undef COUNTER
#undef GAUGE
#undef BY
#undef HISTOGRAM
}

const char *
metric_class(unsigned i)
{
	static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

	return classes[i];
}

const char *
metric_reason(unsigned i)
{
	return reason_word((enum reason)i);
}

const char *
metric_phase(unsigned i)
{
	return lua_phase_info((enum lua_phase)i)->word;
}

unsigned
metric_class_of(int status)
{
	return status >= 100 && status < 600 ? (unsigned)status / 100 : 0;
}
