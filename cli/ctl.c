#include "cli/ctl.h"

#include <stdio.h>

enum ctl_leave
ctl_flush(struct ctl *c)
{
	struct span text = strb_span(&c->out);
	bool whole = !strb_failed(&c->out);

	if (text.n > 0 && (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)) {
		ctl_complain("the output could not be written");
		return CTL_LEAVE_FAILED;
	}
	strb_reset(&c->out);
	if (whole)
		return CTL_LEAVE_OK;
	ctl_complain("there is more than fits into memory");
	return CTL_LEAVE_FAILED;
}

void
ctl_complain(const char *sentences)
{
	fprintf(stderr, "whtctl: %s\n", sentences);
}

enum ctl_leave
ctl_ask(struct ctl *c, struct answer *answer)
{
	enum ctl_leave leave;

	answer_init(answer);
	leave = api_ask(c->api, c->line.command, c->line.values, answer);
	if (leave != CTL_LEAVE_OK)
		ctl_complain(strb_cstr(&answer->why));
	return leave;
}
