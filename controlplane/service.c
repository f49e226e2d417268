#include "controlplane/service.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/obj.h"
#include "controlplane/addresses.h"
#include "controlplane/admin.h"
#include "controlplane/dev.h"
#include "controlplane/pem.h"
#include "controlplane/publish.h"
#include "controlplane/recorder.h"
#include "controlplane/supervisor.h"
#include "edge/edge.h"
#include "msg/msg.h"
#include "net/addr.h"

#define DRAIN_GRACE_MS 2000 /* the workers mind the drain limit themselves; then we do */
#define HURRY_MS       5000 /* for a worker that has nothing left to wait for */

enum state { STARTING, SERVING, DRAINING, HURRYING, STOPPED };

struct service {
	enum state state;
	bool dev;
	struct config *config;
	struct policy *policy; /* the one in force */
	struct addresses addresses;
	struct recorder_plan plan;
	struct recorder *recorder;
	struct admin_place admin_place;
	struct admin *admin;
	struct loop *loop;
	struct mailbox *mailbox;
	struct edge *edge;
	unsigned workers; /* whose threads have not said that they end */
	int64_t started_ms;
	struct timer deadline;
};

static const char *
state_word(enum state state)
{
	static const char *const words[] = {
	    "starting", "serving", "draining", "hurrying", "stopped"};

	return words[state];
}

static void
set_state(struct service *s, enum state to)
{
	ENSURE(to > s->state);
	s->state = to;
	log_event(LVL_DEBUG, "server.state", NULL, LOG_STR("state", state_word(to)));
}

/* ---- configuration ---- */

static void
say_to_person(void *user, enum log_level level, const char *sentence)
{
	(void)user;
	fprintf(stderr, "whtd: %s%s\n", level == LVL_WARN ? "warning: " : "", sentence);
}

static void
say_to_log(void *user, enum log_level level, const char *sentence)
{
	(void)user;
	log_event(level, "server.config", NULL, LOG_STR("text", sentence));
}

static void
plan_addresses(struct service *s, struct report *report)
{
	uint16_t standard = pem_wanted(s->config) ? 443 : 80;

	if (s->dev)
		addresses_plan(&s->addresses, s->config, DEV_PORT, DEV_LISTEN, report);
	else
		addresses_plan(&s->addresses, s->config, standard, "*", report);
}

static int
configure(struct service *s)
{
	struct report report = {.say = say_to_person};

	s->config = config_load(environ, &report);
	plan_addresses(s, &report);
	recorder_plan(&s->plan, s->config, &report);
	admin_plan(&s->admin_place, s->config, s->plan.dir, &report);
	if (s->dev)
		dev_suggest(s->config, s->addresses.port);
	s->policy = publish_policy(s->config, &report);
	return report.errors ? -WHT_EINVAL : 0;
}

static void
forget_configuration(struct service *s)
{
	addresses_release(&s->addresses);
	policy_unref(&s->policy);
	config_free(&s->config);
}

static int
start_log(const struct service *s)
{
	const char *env = config_text(s->config, SET_env);
	const struct log_config config = {
	    .logger = "whtd",
	    .json = !s->dev && env && strcmp(env, "production") == 0,
	    .fd = s->dev ? STDERR_FILENO : STDOUT_FILENO,
	    .syslog = config_text(s->config, SET_syslog_addr),
	    .level = (enum log_level)config_number(s->config, SET_log_level),
	};
	int r = log_start(&config);

	if (r < 0)
		fprintf(stderr, "whtd: SYSLOG_ADDR: \"%s\" is not a host, or a host and a port\n",
		    config.syslog);
	return r;
}

/* ---- reload ---- */

static void
adopt(struct service *s, struct config **config, struct policy **policy)
{
	config_free(&s->config);
	s->config = *config;
	*config = NULL;
	policy_unref(&s->policy);
	s->policy = *policy;
	*policy = NULL;
	log_set_level((enum log_level)config_number(s->config, SET_log_level));
	edge_publish(s->edge, s->policy);
}

static void
reload(struct service *s, struct report *report)
{
	struct config *config = config_load(environ, report);
	struct policy *policy;

	if (s->dev)
		dev_suggest(config, s->addresses.port);
	policy = publish_policy(config, report);
	if (policy && !policy->tls != !s->policy->tls)
		report_error(report, "TLS is not switched on or off by a reload");
	if (report->errors) {
		log_event(
		    LVL_ERROR, "server.reload_failed", NULL, LOG_INT("errors", report->errors));
	} else {
		config_warn_restart(s->config, config, report);
		adopt(s, &config, &policy);
		log_event(LVL_INFO, "server.reload", NULL);
	}
	recorder_reloaded(s->recorder, report->errors,
	    s->policy->script ? lua_script_sha256(s->policy->script) : NULL);
	policy_unref(&policy);
	config_free(&config);
}

/* ---- the end ---- */

static void
drain(struct service *s)
{
	set_state(s, DRAINING);
	supervisor_tell("STOPPING=1");
	log_event(LVL_INFO, "server.drain", NULL);
	timer_start(&s->deadline, s->policy->limits.drain_timeout + DRAIN_GRACE_MS);
	edge_drain(s->edge, false);
}

static void
hurry(struct service *s)
{
	set_state(s, HURRYING);
	timer_start(&s->deadline, HURRY_MS);
	edge_drain(s->edge, true);
}

static void
stop(struct service *s)
{
	set_state(s, STOPPED);
	timer_stop(&s->deadline);
	recorder_hang_up(s->recorder);
	edge_free(&s->edge);
	loop_stop(s->loop);
}

static void
on_deadline(void *user)
{
	struct service *s = user;

	if (s->state == DRAINING) {
		hurry(s);
		return;
	}
	log_error(NULL, "%u workers do not end; the process does", s->workers);
	log_stop();
	_exit(EXIT_FAILURE);
}

static void
on_stop_signal(void *user, int signum)
{
	struct service *s = user;

	if (s->state == SERVING)
		drain(s);
	else if (s->state == DRAINING)
		hurry(s);
	if (signum != SIGTERM && s->state == DRAINING)
		hurry(s); /* a person at a keyboard waits for nobody's request */
}

static void
on_reload_signal(void *user, int signum)
{
	struct service *s = user;
	struct report report = {.say = say_to_log};

	(void)signum;
	if (s->state == SERVING)
		reload(s, &report);
}

static void
on_drained(struct service *s, const struct msg_drained *letter)
{
	ENSURE(s->workers > 0);
	admin_on_drained(s->admin, letter->worker);
	if (--s->workers == 0)
		stop(s);
}

static void
post(void *user, unsigned worker, struct mail *letter)
{
	struct service *s = user;

	edge_post(s->edge, worker, letter);
}

static const struct recorder_ops recorder_ops = {.post = post};

/* The letter stays the caller's. */
static void
on_note(struct service *s, const struct mail *mail)
{
	switch (mail->type) {
	case MSG_DRAINED:
		on_drained(s, (const struct msg_drained *)mail);
		break;
	case MSG_ADMIT:
		recorder_on_admit(s->recorder, (const struct msg_admit *)mail);
		break;
	case MSG_TUNNEL_END:
		recorder_on_tunnel_end(s->recorder, (const struct msg_tunnel_end *)mail);
		break;
	case MSG_HOOK_FAILED:
		recorder_on_hook_failed(s->recorder, (struct msg_hook_failed *)mail);
		break;
	case MSG_REFUSALS:
		recorder_on_refusals(s->recorder, (const struct msg_refusals *)mail);
		break;
	default:
		wht_panic(__FILE__, __LINE__, msg_name(mail->type));
	}
}

static void
on_mail(void *user, struct mail *mail)
{
	struct service *s = user;

	if (mail->type == MSG_TOLD) {
		admin_on_told(s->admin, (struct msg_told *)mail);
	} else if (mail->type == MSG_KICKED) {
		admin_on_kicked(s->admin, (struct msg_kicked *)mail);
	} else {
		on_note(s, mail);
		msg_free(mail);
	}
}

/* ---- what the operator's door needs of us ---- */

static void
tell_facts(void *user, struct admin_facts *facts)
{
	const struct service *s = user;

	*facts = (struct admin_facts){
	    .state = state_word(s->state),
	    .draining = s->state > SERVING,
	    .started_ms = s->started_ms,
	    .config = s->config,
	    .policy = s->policy,
	    .lua = s->edge ? edge_lua(s->edge) : NULL,
	};
}

static void
reload_for_operator(void *user, struct report *report)
{
	reload(user, report);
}

static void
drain_for_operator(void *user)
{
	drain(user);
}

static const struct admin_ops admin_ops = {
    .facts = tell_facts, .post = post, .reload = reload_for_operator, .drain = drain_for_operator};

/* ---- the beginning ---- */

static unsigned
cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* Every connection is a descriptor, and the usual soft limit is for programs that select(). */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Signals are taken before the first worker runs: one that comes early waits for the loop. */
static void
open_loop(struct service *s)
{
	static const int stops[] = {SIGTERM, SIGINT, SIGQUIT};

	s->loop = loop_new();
	s->mailbox = mailbox_new(s->loop, on_mail, s);
	timer_init(&s->deadline, s->loop, on_deadline, s);
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		ENSURE(loop_on_signal(s->loop, stops[i], on_stop_signal, s) == 0);
	ENSURE(loop_on_signal(s->loop, SIGHUP, on_reload_signal, s) == 0);
}

static void
close_loop(struct service *s)
{
	mailbox_shut(s->mailbox, msg_free);
	loop_run_down(s->loop);
	if (s->admin)
		admin_free(&s->admin);
	mailbox_free(&s->mailbox);
	loop_free(&s->loop);
}

static void
announce(const struct service *s, const struct edge_config *edge)
{
	char text[ADDR_TEXT_MAX];

	log_event(LVL_INFO, "server.start", NULL, LOG_STR("version", WHT_VERSION),
	    LOG_INT("workers", edge->workers), LOG_BOOL("tls", s->policy->tls != NULL));
	for (int i = 0; i < edge->nlisten; i++)
		log_event(LVL_INFO, "server.listening", NULL,
		    LOG_STR("address", addr_text((const struct sockaddr *)&edge->listen[i], text)));
	supervisor_tell("READY=1");
	if (s->dev)
		dev_greet(s->policy, s->addresses.port);
}

static unsigned
workers_wanted(const struct service *s)
{
	unsigned workers = (unsigned)config_number(s->config, SET_workers);

	return workers ? workers : cpus();
}

static int
refuse_start(const char *error)
{
	log_event(LVL_ERROR, "server.start_failed", NULL, LOG_STR("text", error));
	fprintf(stderr, "whtd: %s\n", error);
	return -WHT_EIO;
}

static int
start_edge(struct service *s)
{
	struct edge_config edge = {.workers = workers_wanted(s),
	    .nlisten = s->addresses.n,
	    .policy = s->policy,
	    .control = s->mailbox};
	char error[EDGE_ERROR_MAX];

	memcpy(edge.listen, s->addresses.of, sizeof(edge.listen));
	s->edge = edge_start(&edge, error);
	addresses_release(&s->addresses);
	if (!s->edge)
		return refuse_start(error);
	s->workers = edge.workers;
	set_state(s, SERVING);
	recorder_serve(s->recorder, edge.workers, s->policy->tls != NULL, &recorder_ops, s);
	announce(s, &edge);
	return 0;
}

static int
open_recorder(struct service *s)
{
	char error[LEDGER_ERROR_MAX];

	s->recorder = recorder_open(s->loop, &s->plan, error);
	return s->recorder ? 0 : refuse_start(error);
}

/* Its socket is the place where a second service of the same name is found out,
 * so it opens before anybody is served. */
static int
open_admin(struct service *s)
{
	char error[ADMIN_ERROR_MAX];

	s->admin = admin_open(s->loop, &s->admin_place, workers_wanted(s),
	    recorder_ledger(s->recorder), &admin_ops, s, error);
	return s->admin ? 0 : refuse_start(error);
}

static int
serve(struct service *s)
{
	int status = EXIT_FAILURE;

	s->started_ms = clock_wall_ms();
	raise_descriptor_limit();
	open_loop(s);
	if (open_recorder(s) == 0 && open_admin(s) == 0 && start_edge(s) == 0) {
		loop_run(s->loop);
		log_event(LVL_INFO, "server.stop", NULL);
		status = EXIT_SUCCESS;
	}
	if (s->admin)
		admin_shut(s->admin);
	if (s->recorder)
		recorder_close(&s->recorder);
	close_loop(s);
	return status;
}

int
service_run(bool dev)
{
	struct service s = {.dev = dev};
	int status = EXIT_CONFIG;

	if (configure(&s) == 0 && start_log(&s) == 0) {
		status = serve(&s);
		log_stop();
	}
	forget_configuration(&s);
	return status;
}

int
service_check(bool dev)
{
	struct service s = {.dev = dev};
	int r = configure(&s);

	if (r == 0)
		puts("the configuration is good");
	forget_configuration(&s);
	return r == 0 ? EXIT_SUCCESS : EXIT_CONFIG;
}
