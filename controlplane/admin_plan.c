/* Where the admin socket is, who may use it, and where metrics are shown. */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/admin.h"
#include "net/listen.h"

#define SOCKET_NAME  "admin.sock"
#define METRICS_PORT 9464

/* systemd gives several folders with colons between them; the first is ours. */
static struct span
runtime_folder(void)
{
	struct span all = span_str(getenv("RUNTIME_DIRECTORY")), first = SPAN("");

	if (all.n)
		span_cut(&all, ':', &first);
	return first;
}

static void
plan_socket(
    struct admin_place *p, const struct config *c, const char *state_dir, struct report *report)
{
	const char *path = config_text(c, SET_admin_socket);
	struct span folder = runtime_folder();
	char text[4096];

	if (folder.n == 0)
		folder = span_str(state_dir);
	if (path)
		snprintf(text, sizeof(text), "%s", path);
	else
		snprintf(text, sizeof(text), "%.*s/" SOCKET_NAME, SPAN_FMT(folder));
	if (strlen(text) >= sizeof(p->socket))
		report_error(report,
		    "WHT_ADMIN_SOCKET: \"%.200s\" is longer than the %zu bytes that a socket's "
		    "path may have",
		    text, sizeof(p->socket) - 1);
	else
		memcpy(p->socket, text, strlen(text) + 1);
}

/* By name or by number. */
static bool
find_group(const char *name, gid_t *gid)
{
	struct group *group = getgrnam(name);
	uint64_t number;

	if (group)
		*gid = group->gr_gid;
	else if (span_u64(span_str(name), UINT32_MAX - 1, &number) == 0)
		*gid = (gid_t)number;
	else
		return false;
	return true;
}

static void
plan_group(struct admin_place *p, const struct config *c, struct report *report)
{
	const char *name = config_text(c, SET_admin_group);
	const char *role = config_text(c, SET_admin_group_role);
	int parsed = role ? admin_role_parse(span_str(role)) : ROLE_OPERATE;

	p->has_group = name != NULL;
	if (name && !find_group(name, &p->group))
		report_error(report, "WHT_ADMIN_GROUP: there is no group \"%.100s\"", name);
	if (parsed < ROLE_VIEW)
		report_error(
		    report, "WHT_ADMIN_GROUP_ROLE: \"%.100s\" is not view, operate or admin", role);
	else
		p->group_role = (enum admin_role)parsed;
}

static void
plan_metrics(struct admin_place *p, const struct config *c, struct report *report)
{
	const char *text = config_text(c, SET_metrics);

	p->has_metrics = text != NULL;
	if (text && listen_parse(span_str(text), METRICS_PORT, &p->metrics, 1) != 1)
		report_error(report,
		    "WHT_METRICS: \"%.100s\" is not one address to listen on, such as "
		    "127.0.0.1:9464",
		    text);
}

void
admin_plan(
    struct admin_place *p, const struct config *c, const char *state_dir, struct report *report)
{
	*p = (struct admin_place){.group_role = ROLE_NONE};
	plan_socket(p, c, state_dir, report);
	plan_group(p, c, report);
	plan_metrics(p, c, report);
}
