/* base/obj.h - objects that know what they are, and memory of our own.
 *
 * Every object that passes through a void pointer (a libuv handle's data, a callback's user, a
 * message, a Lua userdata) carries a magic number as its first member and is checked where it
 * comes back in: a stale pointer stops at the door, with its name, and not three calls later.
 */
#ifndef WHT_BASE_OBJ_H
#define WHT_BASE_OBJ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Ends the process with one line about what is impossible; also for our own small allocations. */
_Noreturn void wht_panic(const char *file, int line, const char *what);

#define ENSURE(cond)                                                                               \
	do {                                                                                       \
		if (!(cond))                                                                       \
			wht_panic(__FILE__, __LINE__, #cond);                                      \
	} while (0)

/* Zeroed memory for our own small objects: never fails, never sized by an outsider. */
void *must_alloc(size_t size);

/* Zeroes a small object's first n bytes, a constant. Of a plain {0} gcc makes, beyond 80 bytes, an
 * instruction that takes longer to begin than to do. */
#define CLEAR_SMALL(ptr, n)                                                                        \
	do {                                                                                       \
		static const char zeroes_[n];                                                      \
		memcpy((ptr), zeroes_, (n));                                                       \
	} while (0)

#define OBJ_NEW(ptr, magic_value)                                                                  \
	do {                                                                                       \
		(ptr) = must_alloc(sizeof(*(ptr)));                                                \
		(ptr)->magic = (magic_value);                                                      \
	} while (0)

/* Clears the magic, frees, and forgets. */
#define OBJ_FREE(ptr)                                                                              \
	do {                                                                                       \
		(ptr)->magic = 0;                                                                  \
		free(ptr);                                                                         \
		(ptr) = NULL;                                                                      \
	} while (0)

#define CHECK_OBJ(ptr, magic_value) ENSURE((ptr) != NULL && (ptr)->magic == (magic_value))

/* The door: to = from, checked. */
#define CAST_OBJ(to, from, magic_value)                                                            \
	do {                                                                                       \
		(to) = (from);                                                                     \
		CHECK_OBJ(to, magic_value);                                                        \
	} while (0)

/* Takes the caller's only pointer away. */
#define TAKE_OBJ(to, from_ptr, magic_value)                                                        \
	do {                                                                                       \
		(to) = *(from_ptr);                                                                \
		*(from_ptr) = NULL;                                                                \
		CHECK_OBJ(to, magic_value);                                                        \
	} while (0)

#endif
