#include "controlplane/metrics.h"

#include <inttypes.h>
#include <math.h>

static const uint64_t buckets[METRIC_NBUCKETS] = METRIC_BUCKETS;

static void
write_about(struct strb *out, const char *name, const char *kind, const char *help)
{
	strb_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* A field that is called in seconds counts microseconds: no worker adds up fractions. */
static void
write_gauge(struct strb *out, const char *name, unsigned worker, uint64_t value)
{
	struct span suffix = SPAN("_seconds"), text = span_str(name);
	bool seconds = text.n > suffix.n && span_eq(span_drop(text, text.n - suffix.n), suffix);

	strb_printf(out, "%s{worker=\"%u\"} ", name, worker);
	if (seconds)
		strb_printf(out, "%.6f\n", (double)value / 1e6);
	else
		strb_printf(out, "%" PRIu64 "\n", value);
}

/* Prometheus' buckets hold what is in those below them, too. */
static void
write_histogram(struct strb *out, const char *name, const struct metric_histogram *h)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < METRIC_NBUCKETS; i++) {
		count += h->count[i];
		strb_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
		    (double)buckets[i] / 1e6, count);
	}
	count += h->count[METRIC_NBUCKETS];
	strb_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, count);
	strb_printf(out, "%s_sum %.6f\n", name, (double)h->sum_us / 1e6);
	strb_printf(out, "%s_count %" PRIu64 "\n", name, count);
}

static void
write_by(struct strb *out, const char *name, const char *label, unsigned n,
    const char *(*label_of)(unsigned), const uint64_t *values)
{
	for (unsigned i = 0; i < n; i++) {
		const char *value = label_of(i);

		if (value && value[0])
			strb_printf(
			    out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, values[i]);
	}
}

static void
write_process(struct strb *out, const char *name, const char *kind, const char *help, double value)
{
	if (isnan(value))
		return;
	write_about(out, name, kind, help);
	strb_printf(out, "%s %.15g\n", name, value);
}

void
metrics_write(struct strb *out, const struct worker_metrics *const *of, unsigned workers,
    const struct process_metrics *p)
{
	struct worker_metrics sum = {0};

	for (unsigned w = 0; w < workers; w++) {
		if (of[w])
			metrics_add(&sum, of[w]);
	}
	write_about(out, "wht_build_info", "gauge", "always 1; its version is the label");
	strb_printf(out, "wht_build_info{version=\"%s\"} 1\n", WHT_VERSION);
#define METRIC(kind, field, name, help) write_process(out, name, #kind, help, p->field);
#include "controlplane/metric_tbl.h"
#undef METRIC
#define COUNTER(field, name, help)                                                                 \
	write_about(out, name, "counter", help);                                                   \
	strb_printf(out, "%s %" PRIu64 "\n", name, sum.field);
#define GAUGE(field, name, help)                                                                   \
	write_about(out, name, "gauge", help);                                                     \
	for (unsigned w = 0; w < workers; w++) {                                                   \
		if (of[w])                                                                         \
			write_gauge(out, name, w, of[w]->field);                                   \
	}
#define BY(field, n, name, label, label_of, help)                                                  \
	write_about(out, name, "counter", help);                                                   \
	write_by(out, name, label, n, label_of, sum.field);
#define HISTOGRAM(field, name, help)                                                               \
	write_about(out, name, "histogram", help);                                                 \
	write_histogram(out, name, &sum.field);
#include "msg/metric_tbl.h"
#undef COUNTER
#undef GAUGE
#undef BY
#undef HISTOGRAM
}
