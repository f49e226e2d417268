/* cli/ctl_sheet.h - rows of text as aligned columns that fit a terminal.
 *
 * Hard about it: ids are up to 128 characters, a terminal may have 80. Wide columns that allow it
 * are cut, the widest first, so that short cells stay whole; when much would be lost, the columns
 * of the highest rank go first, and come back in a wider terminal. Without a width nothing is cut
 * and nothing goes.
 *
 * What is put into a cell comes from strangers, by way of the service: it is escaped here
 * (strb_visible), so that no caller can forget, and a cell is one line of printable ASCII always.
 */
#ifndef WHT_CLI_CTL_SHEET_H
#define WHT_CLI_CTL_SHEET_H

#include "base/arena.h"
#include "base/strb.h"

#define SHEET_COLUMNS_MAX 16

struct sheet_column {
	const char *header;
	bool right;    /* numbers stand flush right */
	bool cut;      /* may be cut with an ellipsis */
	unsigned rank; /* 0: always shown; else the highest goes first when there is no room */
};

struct sheet_row;

struct sheet {
	struct sheet_column columns[SHEET_COLUMNS_MAX]; /* private */
	size_t ncolumns, nrows;
	size_t
	    kept[SHEET_COLUMNS_MAX]; /* widths of earlier printing: columns stay where they are */
	struct arena arena;
	struct sheet_row *first, **last;
};

struct sheet_look {
	unsigned width; /* of the terminal; 0: no terminal, whole cells */
	bool header;
	bool utf8; /* an ellipsis is one character */
	bool bold; /* the header, by an escape sequence */
};

/* At most max bytes of cells in all. */
void sheet_init(struct sheet *, const struct sheet_column *, size_t ncolumns, size_t max);
void sheet_free(struct sheet *);
/* Forgets the rows, not the widths. */
void sheet_empty(struct sheet *);
/* One row from ncolumns texts of any bytes; false when the maximum is reached. */
bool sheet_add(struct sheet *, const struct span *cells);
/* Lines, each with its newline and without spaces at its end. */
void sheet_print(struct sheet *, const struct sheet_look *, struct strb *out);

/* Escaped text in at most width columns, cut with an ellipsis. Answers the columns taken. */
size_t sheet_fit(struct strb *out, struct span text, size_t width, bool utf8);

#endif
