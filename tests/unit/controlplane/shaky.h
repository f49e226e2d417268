/* tests/unit/controlplane/shaky.h - a disk that fails when told to:
 * a VFS of SQLite around the usual one. */
#ifndef WHT_TEST_SHAKY_H
#define WHT_TEST_SHAKY_H

#include <sqlite3.h>
#include <string.h>

/* What writing or syncing answers, as long as it is not SQLITE_OK; only for names that end so. */
static struct {
	int write, sync;
	const char *suffix;
	unsigned failed;
} shaky;

struct shaky_file {
	sqlite3_file base;
	sqlite3_file *real;
	const char *name;
};

static sqlite3_vfs *shaky_real;
static sqlite3_vfs shaky_vfs;

#define REAL(f) (((struct shaky_file *)(f))->real)

static int
shaky_answer(sqlite3_file *f, int code)
{
	const char *name = ((struct shaky_file *)f)->name, *suffix = shaky.suffix;

	if (code == SQLITE_OK || !name || (suffix && !strstr(name, suffix)))
		return SQLITE_OK;
	shaky.failed++;
	return code;
}

/* clang-format off */
static int sh_close(sqlite3_file *f) { int r = REAL(f)->pMethods->xClose(REAL(f)); sqlite3_free(REAL(f)); return r; }
static int sh_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return REAL(f)->pMethods->xRead(REAL(f), p, n, at); }
static int sh_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int r = shaky_answer(f, shaky.write);

	return r ? r : REAL(f)->pMethods->xWrite(REAL(f), p, n, at);
}
static int sh_truncate(sqlite3_file *f, sqlite3_int64 n) { return REAL(f)->pMethods->xTruncate(REAL(f), n); }
static int sh_sync(sqlite3_file *f, int flags)
{
	int r = shaky_answer(f, shaky.sync);

	return r ? r : REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int sh_size(sqlite3_file *f, sqlite3_int64 *n) { return REAL(f)->pMethods->xFileSize(REAL(f), n); }
static int sh_lock(sqlite3_file *f, int how) { return REAL(f)->pMethods->xLock(REAL(f), how); }
static int sh_unlock(sqlite3_file *f, int how) { return REAL(f)->pMethods->xUnlock(REAL(f), how); }
static int sh_reserved(sqlite3_file *f, int *out) { return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out); }
static int sh_control(sqlite3_file *f, int op, void *arg) { return REAL(f)->pMethods->xFileControl(REAL(f), op, arg); }
static int sh_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int sh_traits(sqlite3_file *f) { return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static int sh_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) { return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out); }
static int sh_shm_lock(sqlite3_file *f, int at, int n, int flags) { return REAL(f)->pMethods->xShmLock(REAL(f), at, n, flags); }
static void sh_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int sh_unmap(sqlite3_file *f, int gone) { return REAL(f)->pMethods->xShmUnmap(REAL(f), gone); }

static const sqlite3_io_methods shaky_methods = {2, sh_close, sh_read, sh_write, sh_truncate, sh_sync,
	sh_size, sh_lock, sh_unlock, sh_reserved, sh_control, sh_sector, sh_traits, sh_map, sh_shm_lock,
	sh_barrier, sh_unmap, NULL, NULL};
/* clang-format on */

static int
shaky_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct shaky_file *file = (struct shaky_file *)f;
	int r;

	(void)vfs;
	file->name = name;
	file->real = sqlite3_malloc(shaky_real->szOsFile);
	memset(file->real, 0, (size_t)shaky_real->szOsFile);
	r = shaky_real->xOpen(shaky_real, name, file->real, flags, out);
	file->base.pMethods = r == SQLITE_OK ? &shaky_methods : NULL;
	if (r != SQLITE_OK)
		sqlite3_free(file->real);
	return r;
}

/* From now on every connection of the process uses it. */
static inline void
shaky_begin(void)
{
	memset(&shaky, 0, sizeof(shaky));
	if (shaky_real)
		return;
	shaky_real = sqlite3_vfs_find(NULL);
	shaky_vfs = *shaky_real;
	shaky_vfs.zName = "shaky";
	shaky_vfs.szOsFile = (int)sizeof(struct shaky_file);
	shaky_vfs.xOpen = shaky_open;
	sqlite3_vfs_register(&shaky_vfs, 1);
}

#undef REAL

#endif
