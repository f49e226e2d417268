/* Counters as text that Prometheus takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/metrics.h"

static struct worker_metrics first, second;
static struct strb text;

static const char *
written(const struct process_metrics *p)
{
	const struct worker_metrics *const of[] = {&first, NULL, &second};

	strb_free(&text);
	strb_init(&text, METRICS_TEXT_MAX);
	metrics_write(&text, of, 3, p);
	assert_false(strb_failed(&text));
	return strb_cstr(&text);
}

static void
has(const char *line)
{
	if (!strstr(strb_cstr(&text), line))
		print_message("%s", strb_cstr(&text));
	assert_non_null(strstr(strb_cstr(&text), line));
}

static int
clear(void **state)
{
	(void)state;
	first = second = (struct worker_metrics){0};
	return 0;
}

static void
counters_are_summed_and_gauges_say_whose_they_are(void **state)
{
	(void)state;
	first.registrations = 3;
	second.registrations = 4;
	first.tunnels = 5;
	second.lag_us = 1500;
	first.requests[2] = 7;
	second.ended[R_LINK_LOST] = 2;
	written(&(struct process_metrics){.audit_queued = 9, .certificate_end = NAN});
	has("\nwht_registrations_total 7\n");
	has("\nwht_tunnels{worker=\"0\"} 5\nwht_tunnels{worker=\"2\"} 0\n");
	has("\nwht_loop_lag_seconds{worker=\"2\"} 0.001500\n");
	has("\nwht_requests_total{class=\"2xx\"} 7\n");
	has("\nwht_ends_total{reason=\"link_lost\"} 2\n");
	has("\nwht_audit_queued_rows 9\n");
	assert_null(strstr(strb_cstr(&text), "certificate"));
}

static void
buckets_hold_those_below_them(void **state)
{
	(void)state;
	metric_observe(&first.first_byte, 400);
	metric_observe(&first.first_byte, 600);
	metric_observe(&second.first_byte, 20 * 1000 * 1000);
	written(&(struct process_metrics){0});
	has("\nwht_time_to_first_byte_seconds_bucket{le=\"0.0005\"} 1\n");
	has("\nwht_time_to_first_byte_seconds_bucket{le=\"0.001\"} 2\n");
	has("\nwht_time_to_first_byte_seconds_bucket{le=\"10\"} 2\n");
	has("\nwht_time_to_first_byte_seconds_bucket{le=\"+Inf\"} 3\n");
	has("\nwht_time_to_first_byte_seconds_sum 20.001000\n");
	has("\nwht_time_to_first_byte_seconds_count 3\n");
}

static void
promtool_has_nothing_to_say(void **state)
{
	FILE *promtool;

	(void)state;
	if (system("command -v promtool >/dev/null 2>&1") != 0)
		skip();
	written(&(struct process_metrics){.certificate_end = 2e9});
	promtool = popen("promtool check metrics", "w");
	assert_non_null(promtool);
	fputs(strb_cstr(&text), promtool);
	assert_int_equal(pclose(promtool), 0);
}

static int
forget(void **state)
{
	(void)state;
	strb_free(&text);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(counters_are_summed_and_gauges_say_whose_they_are, clear),
	    cmocka_unit_test_setup(buckets_hold_those_below_them, clear),
	    cmocka_unit_test_setup(promtool_has_nothing_to_say, clear),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
