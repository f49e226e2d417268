/* cli/ctl_top_tbl.h - what the live screen can be sorted by: read by its keys, its help and its
 * foot.
 *
 * TOP_SORT(NAME, key, "by", more)
 *   more    compares two rows a and b: true when a comes first
 */
/* clang-format off */
TOP_SORT(REQUESTS, 'r', "requests/s", a->requests_s > b->requests_s)
TOP_SORT(BYTES,    'b', "bytes/s",    a->in_s + a->out_s > b->in_s + b->out_s)
TOP_SORT(STREAMS,  's', "streams",    a->streams > b->streams)
TOP_SORT(STALLED,  't', "stalled",    a->stalled > b->stalled)
TOP_SORT(ID,       'i', "id",         strcmp(a->id, b->id) < 0)
/* clang-format on */
