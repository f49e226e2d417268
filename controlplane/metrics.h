/* controlplane/metrics.h - counters as Prometheus reads them (text format 0.0.4).
 *
 * What is a value now is shown for each worker; what is counted, and histograms, are summed up.
 */
#ifndef WHT_CONTROLPLANE_METRICS_H
#define WHT_CONTROLPLANE_METRICS_H

#include "base/strb.h"
#include "msg/metric.h"

#define METRICS_TYPE	 "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TEXT_MAX (1024 * 1024)

struct process_metrics {
#define METRIC(kind, field, name, help) double field;
#include "controlplane/metric_tbl.h"
#undef METRIC
};

/* of: by worker; NULL where one did not tell. */
void metrics_write(struct strb *out, const struct worker_metrics *const *of, unsigned workers,
    const struct process_metrics *);

#endif
