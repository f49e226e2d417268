/* controlplane/service.h - whtd from its start to its end.
 *
 *   STARTING --edge runs--> SERVING --SIGTERM, drain--> DRAINING --every worker is empty--> STOPPED
 *                              |                           |
 *                              |             another signal, or the drain limit
 *                              |                           v
 *                              +---SIGINT, SIGQUIT---> HURRYING --every worker is empty--> STOPPED
 *
 * The thread that calls it is the control plane: it owns the configuration, the signals and the
 * letter box of the workers. SIGTERM, or the operator's drain, lets requests finish; SIGHUP,
 * while SERVING, reads the configuration again, and whatever is wrong with it leaves everything as
 * it was. A worker that does not come back at all is not waited for: the process ends.
 */
#ifndef WHT_CONTROLPLANE_SERVICE_H
#define WHT_CONTROLPLANE_SERVICE_H

#include <stdbool.h>

#define EXIT_CONFIG 2 /* the configuration has to change first: no use in trying again */

/* Both answer an exit status: 0, EXIT_FAILURE or EXIT_CONFIG. What is wrong is on stderr. */
int service_run(bool dev);
/* Everything but binding and serving. */
int service_check(bool dev);

#endif
