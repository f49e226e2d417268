#include <pthread.h>

#include "net/mailbox.h"
#include "world.h"

struct letter {
	struct mail mail;
	int from, number;
};

enum { POSTERS = 2, LETTERS = 20000 };

static struct mailbox *box;
static int heard[POSTERS], dropped;
static int shut_at; /* the handler shuts the box at this letter */

static void
drop(struct mail *mail)
{
	dropped++;
	free(mail);
}

static void
on_mail(void *user, struct mail *mail)
{
	struct letter *l = (struct letter *)mail;

	assert_ptr_equal(user, &heard);
	assert_int_equal(l->number, heard[l->from]); /* in the order of posting */
	heard[l->from]++;
	if (shut_at && heard[l->from] == shut_at)
		mailbox_shut(box, drop);
	free(l);
}

static struct mail *
letter_new(int from, int number)
{
	struct letter *l = must_alloc(sizeof(*l));

	l->from = from;
	l->number = number;
	return &l->mail;
}

static int
setup(void **state)
{
	world_setup(state);
	heard[0] = heard[1] = dropped = shut_at = 0;
	box = mailbox_new(loop, on_mail, &heard);
	return 0;
}

static int
teardown(void **state)
{
	loop_run_down(loop);
	mailbox_free(&box);
	return world_teardown(state);
}

static void *
post_all(void *from)
{
	for (int i = 0; i < LETTERS; i++)
		if (!mailbox_post(box, letter_new((int)(intptr_t)from, i)))
			abort();
	return NULL;
}

static void
test_two_threads_post_and_nothing_is_lost_or_out_of_order(void **state)
{
	pthread_t posters[POSTERS];

	(void)state;
	for (intptr_t i = 0; i < POSTERS; i++)
		pthread_create(&posters[i], NULL, post_all, (void *)i);
	until(heard[0] == LETTERS && heard[1] == LETTERS);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(posters[i], NULL);
	mailbox_shut(box, drop);
	assert_int_equal(dropped, 0);
}

static void
test_shut_box_drops_what_is_in_it_and_refuses_more(void **state)
{
	struct mail *late = letter_new(0, 9);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(mailbox_post(box, letter_new(0, i)));
	mailbox_shut(box, drop);
	assert_int_equal(dropped, 5);
	assert_false(mailbox_post(box, late));
	free(late); /* still ours */
	loop_run_down(loop);
	assert_int_equal(heard[0], 0);
}

/* The letters behind are already out of the box when the handler shuts it. */
static void
test_handler_shuts_the_box_and_hears_no_more(void **state)
{
	(void)state;
	shut_at = 3;
	for (int i = 0; i < 10; i++)
		assert_true(mailbox_post(box, letter_new(0, i)));
	until(dropped == 7);
	loop_run_down(loop);
	assert_int_equal(heard[0], 3);
}

struct refused {
	int posted, refused;
};

static void *
post_until_refused(void *user)
{
	struct refused *r = user;

	while (!r->refused) {
		struct mail *m = letter_new(0, r->posted);

		if (mailbox_post(box, m)) {
			r->posted++;
		} else {
			free(m);
			r->refused = 1;
		}
	}
	return NULL;
}

/* Every letter is heard or dropped, whenever the box is shut. */
static void
test_box_is_shut_while_somebody_posts(void **state)
{
	struct refused r = {0};
	pthread_t poster;

	(void)state;
	pthread_create(&poster, NULL, post_until_refused, &r);
	until(heard[0] > 100);
	mailbox_shut(box, drop);
	pthread_join(poster, NULL);
	assert_int_equal(heard[0] + dropped, r.posted);
}

#define mailbox_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    mailbox_test(test_two_threads_post_and_nothing_is_lost_or_out_of_order),
	    mailbox_test(test_shut_box_drops_what_is_in_it_and_refuses_more),
	    mailbox_test(test_handler_shuts_the_box_and_hears_no_more),
	    mailbox_test(test_box_is_shut_while_somebody_posts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
