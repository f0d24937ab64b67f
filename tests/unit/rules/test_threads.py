"""The ladder from a message to its conversation, rung by rung."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from syncd.model import KnownConversation, MessageKind, Party
from syncd.rules.threads import SAME_MATTER, ThreadBook, bare_subject, own_keys

ANN, BOB = 1, 2


@pytest.fixture
def book():
    return ThreadBook({}, {})


def place(book, *messages, customer=ANN):
    return [book.place(message, customer) for message in messages]


class TestPlatformThread:
    def test_the_platforms_thread_is_the_conversation_whoever_writes(self, book, make):
        first = book.place(make.message("1", thread_id="t1"), ANN)
        assert book.place(make.message("2", 400, thread_id="t1"), BOB) == first

    def test_two_threads_of_one_customer_stay_apart(self, book, make):
        one, two = place(book, make.message("1", thread_id="t1"), make.message("2", thread_id="t2"))
        assert one != two

    def test_a_thread_id_is_stronger_than_an_order(self, book, make):
        one, two = place(
            book,
            make.message("1", thread_id="t1", order_ids=("o1",)),
            make.message("2", thread_id="t2", order_ids=("o1",)),
        )
        assert one != two


class TestAnsweredMail:
    def test_an_answer_joins_the_mail_it_answers(self, book, make):
        one, two = place(
            book,
            make.message("1", message_id="a@x", subject="Lamp"),
            make.message("2", 90, references=("a@x",), subject="Something else"),
        )
        assert one == two

    def test_the_mail_answered_last_counts_most(self, book, make):
        one, two = place(
            book,
            make.message("1", message_id="a@x", subject="Lamp"),
            make.message("2", message_id="b@x", subject="Cable"),
        )
        assert place(book, make.message("3", 1, references=("a@x", "b@x"))) == [two]
        assert one != two

    def test_a_reference_finds_its_mail_over_others_that_are_missing(self, book, make):
        one, three = place(
            book,
            make.message("1", message_id="a@x", subject="Lamp"),
            make.message("3", 60, references=("a@x", "never-seen@x"), subject="Re: Lamp"),
        )
        assert one == three

    def test_an_answer_seen_before_its_mail_is_joined_by_it(self, book, make):
        """Its own references are learnt, so the older mail finds the conversation."""
        two, one = place(
            book,
            make.message("2", 40, references=("a@x",), subject="Re: Lamp"),
            make.message("1", message_id="a@x", subject="Lamp"),
        )
        assert one == two

    def test_many_peoples_answers_to_one_newsletter_are_not_one_conversation(self, book, make):
        news = book.place(make.message("1", message_id="news@shop", subject="Sale"), None)
        replies = [
            book.place(
                make.message(str(who), 1, references=("news@shop",), subject="Re: Sale"), who
            )
            for who in (ANN, BOB, 3)
        ]
        assert len(set(replies)) == 3
        del news

    def test_nobody_reads_anothers_conversation_by_guessing_its_id(self, make):
        known = {7: KnownConversation(customer=ANN, last_at=make.at(), subject="Lamp")}
        book = ThreadBook({"m:a@x": 7}, known)

        assert book.place(make.message("2", references=("a@x",)), BOB) != 7
        assert book.place(make.message("3", references=("a@x",)), None) != 7
        assert book.place(make.message("4", references=("a@x",)), ANN) == 7


class TestOrder:
    def test_mails_about_one_order_are_one_conversation(self, book, make):
        one, two = place(
            book,
            make.message("1", order_ids=("o1",), subject="Order shipped"),
            make.message("2", 100, order_ids=("o1",), subject="Where is it"),
        )
        assert one == two

    def test_another_customer_who_names_the_order_gets_a_conversation_apart(self, book, make):
        one = book.place(make.message("1", order_ids=("o1",)), ANN)
        assert book.place(make.message("2", order_ids=("o1",)), BOB) != one

    def test_the_mail_answered_is_stronger_than_the_order(self, book, make):
        one, two = place(
            book,
            make.message("1", message_id="a@x", subject="Lamp"),
            make.message("2", 30, order_ids=("o1",), subject="Cable"),
        )
        assert one != two
        three = make.message("3", 31, references=("a@x",), order_ids=("o1",), subject="x")
        assert place(book, three) == [one]


class TestRelay:
    """Amazon's mails all have much the same subject, and name the order."""

    alias = Party(email="k7m2+5f0c@marketplace.amazon.de")

    def mails(self, make, *orders):
        return [
            make.message(str(day), day, subject="Inquiry", buyer=self.alias, order_ids=ids)
            for day, ids in enumerate(orders)
        ]

    def test_two_orders_of_one_buyer_stay_apart_under_one_subject(self, book, make):
        one, two, again = place(book, *self.mails(make, ("o1",), ("o2",), ("o1",)))
        assert one != two
        assert one == again

    def test_a_question_before_an_order_goes_on_by_its_subject(self, book, make):
        one, two = place(book, *self.mails(make, (), ()))
        assert one == two

    def test_other_mail_that_names_an_order_goes_on_by_its_subject(self, book, make):
        one, two = place(
            book,
            make.message("1", subject="Lamp"),
            make.message("2", 1, subject="Lamp", order_ids=("o1",)),
        )
        assert one == two


class TestSameMatter:
    @pytest.mark.parametrize(
        ("apart", "same"),
        [(SAME_MATTER, True), (SAME_MATTER + timedelta(seconds=1), False)],
    )
    def test_the_same_subject_goes_on_within_two_weeks(self, book, make, apart, same):
        one, two = place(
            book,
            make.message("1", subject="Broken lamp"),
            make.message("2", apart / timedelta(days=1), subject="RE: Broken Lamp"),
        )
        assert (one == two) is same

    def test_the_time_counts_from_what_was_said_last(self, book, make):
        talks = place(book, *(make.message(str(d), d, subject="Lamp") for d in (0, 10, 20, 30)))
        assert len(set(talks)) == 1

    def test_another_customer_with_the_same_subject_stays_apart(self, book, make):
        one = book.place(make.message("1", subject="Order"), ANN)
        assert book.place(make.message("2", subject="Order"), BOB) != one
        assert book.place(make.message("3", subject="Order"), None) != one

    def test_a_stored_conversation_of_the_customer_goes_on(self, make):
        known = {7: KnownConversation(customer=ANN, last_at=make.at(-3), subject="Re: Lamp")}
        assert ThreadBook({}, known).place(make.message(subject="Lamp"), ANN) == 7

    def test_a_platforms_thread_takes_no_loose_mail(self, book, make):
        thread = book.place(make.message("1", thread_id="t1", subject="Lamp"), ANN)
        assert book.place(make.message("2", subject="Lamp"), ANN) != thread


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from("ab"),
            st.sampled_from([ANN, BOB]),
            st.sampled_from([(), (), ("o1",), ("o2",), ("o2", "o1")]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_where_a_batch_ends_does_not_change_the_conversations(make, said, cut):
    """Each batch begins with what the store knows after the one before."""
    messages = [
        (make.message(str(i), day, subject=subject, order_ids=orders), who)
        for i, (day, subject, who, orders) in enumerate(sorted(said))
    ]
    whole = ThreadBook({}, {})
    in_one = [whole.place(message, who) for message, who in messages]

    first, second = messages[:cut], messages[cut:]
    book = ThreadBook({}, {})
    before = [book.place(message, who) for message, who in first]
    placed = {
        number: [m for (m, _), n in zip(first, before, strict=True) if n == number]
        for number in book.opened
    }
    facts = {
        number: KnownConversation(
            customer=new.customer,
            last_at=max(message.sent_at for message in placed[number]),
            subject=new.subject,
            ordered=any(message.order_ids for message in placed[number]),
        )
        for number, new in book.opened.items()
    }
    stored = {number: 100 - number for number in facts}
    about = [(o, stored[n]) for n, several in placed.items() for m in several for o in m.order_ids]
    again = ThreadBook({}, {stored[number]: facts[number] for number in facts}, about)
    in_two = [stored[n] for n in before] + [again.place(m, who) for m, who in second]
    assert [in_one.index(n) for n in in_one] == [in_two.index(n) for n in in_two]


@pytest.mark.parametrize(
    "subject",
    ["Lamp", "Re: Lamp", "AW: RE: lamp", "Fwd:Lamp", "Re[5]: Lamp", "回复\uff1aLamp", "  Antw :  Lamp ",
     "Odp: Lamp", "RES: Lamp", "R: I: Lamp", "ENC: Lamp", "İlt: YNT: Lamp", "ΑΠ: Lamp", "\u041d\u0410: Lamp",
     "답장: Lamp", "轉寄: 回覆: Lamp", "Re(2): Lamp", "[EXT] Re: Lamp", "Re: [EXTERNAL] RE: lamp",
     "[Fwd: Re: Lamp]", "Re: [Fwd: Lamp]", "Automatic reply: AW: Lamp", "Automatische Antwort: Lamp",
     "自动回复: Lamp", "\uff32\uff45\uff1aLamp", "Lamp\u3000"],
)  # fmt: skip
def test_reply_prefixes_do_not_count(subject):
    assert bare_subject(subject) == "lamp"


@pytest.mark.parametrize(
    "subject",
    [
        "Reason: Lamp",
        "Report",
        "Regarding Lamp",
        "Trousers: red",
        "[shop] Lamp",
        "Automatic: Lamp",
        "Item: 5",
    ],
)
def test_words_that_only_look_like_prefixes_stay(subject):
    assert bare_subject(subject) == subject.casefold()


def test_keys_are_the_strongest_first(make):
    mail = make.message(message_id="c@x", references=("a@x", "b@x"), order_ids=("o1",))

    assert own_keys(mail) == ("m:b@x", "m:a@x", "m:c@x")
    assert own_keys(replace(mail, thread_id="t1")) == ("t:t1", "m:b@x", "m:a@x", "m:c@x")
    assert own_keys(make.message(thread_id="t1", order_ids=("o1",))) == ("t:t1",)


def test_a_hostile_subject_costs_no_time():
    assert bare_subject("re: " * 20_000 + "lamp") == "lamp"
    assert bare_subject("[ext]" * 20_000 + "lamp") == "lamp"
    assert bare_subject("re" + " " * 20_000 + "lamp").endswith("lamp")
    assert bare_subject("re " * 20_000).startswith("re re")


class TestBounces:
    """A mail system writes under one subject for all."""

    @pytest.fixture
    def bounce(self, make):
        def made(source_id, day=0, **fields):
            subject = "Undelivered Mail Returned to Sender"
            fields = {"message_id": f"{source_id}@mx", "subject": subject, **fields}
            return make.message(source_id, day, kind=MessageKind.BOUNCE, **fields)

        return made

    @pytest.mark.parametrize("customer", [ANN, None], ids=["of a buyer", "of nobody"])
    def test_one_belongs_to_the_mail_that_it_returns(self, book, make, bounce, customer):
        told = book.place(make.message("1", message_id="a@x", subject="Lamp"), ANN)
        book.place(make.message("2", 1, message_id="b@x", subject="Cable"), ANN)
        assert book.place(bounce("3", 40, references=("a@x",)), customer) == told

    def test_without_that_it_belongs_to_what_was_last_said_with_its_buyer(self, book, make, bounce):
        place(book, make.message("1", message_id="a@x", subject="Lamp"))
        (last,) = place(book, make.message("2", 1, message_id="b@x", subject="Cable"))
        place(book, make.message("3", 2, message_id="c@x"), customer=BOB)
        assert place(book, bounce("4", 3), bounce("5", 4)) == [last, last]
        assert place(book, bounce("6", 40)) != [last]

    def test_those_of_several_buyers_stay_apart(self, book, bounce):
        same = {"message_id": "again@mx"}
        placed = [book.place(bounce("1", **same), who) for who in (None, None, ANN, BOB)]
        assert len(set(placed)) == 4

    def test_one_of_nobody_takes_no_answers(self, book, make, bounce):
        book.place(bounce("1", references=("a@x",)), None)
        (told,) = place(book, make.message("2", message_id="a@x", subject="Lamp"))
        assert place(book, make.message("3", 40, references=("a@x",))) == [told]
