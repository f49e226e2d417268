/* controlplane/supervisor.h - a word to whoever started us, when that is systemd (sd_notify). */
#ifndef WHT_CONTROLPLANE_SUPERVISOR_H
#define WHT_CONTROLPLANE_SUPERVISOR_H

/* "READY=1", "STOPPING=1". Does nothing without NOTIFY_SOCKET. */
void supervisor_tell(const char *state);

#endif
