#include "controlplane/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/obj.h"

static int
fail(struct file_text *f, const char *error)
{
	f->error = error;
	return -WHT_EIO;
}

static int
read_whole(int fd, size_t max, struct file_text *f)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return fail(f, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(f, "not a regular file");
	if ((size_t)st.st_size > max)
		return fail(f, "larger than such a file can be");
	f->memory = must_alloc((size_t)st.st_size + 1);
	f->text.p = f->memory;
	while (f->text.n < (size_t)st.st_size) {
		n = read(fd, f->memory + f->text.n, (size_t)st.st_size - f->text.n);
		if (n < 0 && errno != EINTR)
			return fail(f, strerror(errno));
		if (n == 0)
			break; /* it became shorter meanwhile: what is there is judged */
		f->text.n += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int
file_read(const char *path, size_t max, struct file_text *f)
{
	int fd, r;

	*f = (struct file_text){.memory = NULL};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
	if (fd < 0)
		return fail(f, strerror(errno));
	r = read_whole(fd, max, f);
	close(fd);
	return r;
}

void
file_forget(struct file_text *f)
{
	if (f->memory)
		explicit_bzero(f->memory, f->text.n);
	free(f->memory);
	*f = (struct file_text){.memory = NULL};
}
