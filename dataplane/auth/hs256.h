/* auth/hs256.h - HMAC with SHA-256, made and compared. Internal to auth. */
#ifndef WHT_AUTH_HS256_H
#define WHT_AUTH_HS256_H

#include "base/err.h"
#include "base/span.h"

#define HS256_SIZE 32

/* -WHT_EINVAL when the secret is empty (an empty secret is no secret), -WHT_EMEM. */
int hs256_sign(struct span text, struct span secret, char out[HS256_SIZE]) MUST_CHECK;
/* In a time that does not depend on where the signatures differ. */
bool hs256_matches(struct span text, struct span secret, struct span signature);

#endif
