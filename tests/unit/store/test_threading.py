"""Which stored conversation a message joins: odd but real cases, batch after batch."""

import pytest
from sqlalchemy import Engine, event

from syncd import clock
from syncd.model import Direction, Draft, MessageKind, NewNotice, Party, Receipt

ANN, BOB = Party(email="ann@example.org", name="Ann"), Party(email="bob@example.org", name="Bob")
NUMBER = "LX123456785CN"


@pytest.fixture
def mail(make):
    """A mail; `day` makes its time and, without another, its Message-ID."""

    def made(source_id, day, subject, buyer=ANN, **fields):
        fields = {"message_id": f"{source_id}@mail.example", **fields}
        return make.message(source_id, day, subject=subject, buyer=buyer, **fields)

    return made


@pytest.fixture
def talks(store, column):
    """The conversation of each message, by its source id."""
    return lambda: column(store, "messages", "conversation_id")


@pytest.fixture
def orders_of(store, select):
    """The orders that the conversation of a message is about."""

    def found(source_id):
        sql = (
            "SELECT order_source_id FROM conversation_orders o JOIN messages m"
            f" ON m.conversation_id = o.conversation_id WHERE m.source_id = '{source_id}'"
        )
        return [row["order_source_id"] for row in select(store, sql)]

    return found


@pytest.fixture
def bring(source):
    """Bring items one by one."""

    def brought(*items):
        for item in items:
            source.bring(item)

    return brought


@pytest.fixture(params=["batches", "one batch"])
def bring_either(request, source, bring):
    """Bring items, now one by one, now all in one batch."""
    return source.bring if request.param == "one batch" else bring


@pytest.fixture
def placed(bring_either, talks):
    """Bring items: the ids of the messages in each conversation, those of one beside each other."""

    def found(*items):
        bring_either(*items)
        conversations = {}
        for message, talk in sorted(talks().items()):
            conversations.setdefault(talk, []).append(message)
        return [" ".join(messages) for messages in conversations.values()]

    return found


class TestJoinedLater:
    """A conversation that learnt of its order after it was opened is found by that order."""

    def test_by_a_number_whose_parcel_came_later(self, bring, bring_either, mail, make, talks):
        bring_either(
            mail("m1", -60, "Lamp", text=f"Where is {NUMBER}?"),
            make.shipment("p1", NUMBER, "o1"),
        )
        bring(mail("m2", 0, "My order", order_ids=("o1",)))
        assert talks()["m1"] == talks()["m2"]

    def test_by_a_parcel_of_another_account(self, bring, mail, make, talks, source_of, store):
        bring(mail("m1", -60, "Lamp", text=f"Where is {NUMBER}?"))
        source_of(store, "shop-2").bring(make.shipment("p1", NUMBER, "o1"), stream="orders")
        bring(mail("m2", 0, "My order", order_ids=("o1",)))
        assert talks()["m1"] == talks()["m2"]

    def test_only_by_its_own_customer(self, bring, mail, make, talks):
        bring(mail("m1", -60, "Lamp", text=f"Where is {NUMBER}?"))
        bring(make.shipment("p1", NUMBER, "o1"))
        bring(mail("m2", 0, "My order", BOB, order_ids=("o1",)))
        assert talks()["m1"] != talks()["m2"]

    def test_the_one_that_was_talked_in_last_goes_on(self, bring, mail, make, talks):
        bring(mail("m1", -60, "Lamp", order_ids=("o1",)))
        bring(mail("m2", -40, "Cable", text=f"Where is {NUMBER}?"))
        bring(make.shipment("p1", NUMBER, "o1"))
        bring(mail("m3", 0, "My order", order_ids=("o1",)))
        assert talks()["m1"] != talks()["m2"] == talks()["m3"]

    def test_by_what_syncd_has_written_itself(self, source, mail, talks, store):
        notice = NewNotice(
            key="k", account_id=source.id, recipient=ANN, language="en", order_id="o1",
            not_before=clock.now(),
        )  # fmt: skip
        store.outbox.queue(notice, clock.now())
        [row] = store.outbox.rows()
        receipt = Receipt(source_id="m1", accepted_at=clock.now())
        store.outbox.sent(row, receipt, Draft(text="It is late", buyer=ANN))
        told = {"direction": Direction.OUTBOUND, "kind": MessageKind.OWN}
        source.bring(mail("m1", -60, "Your parcel", **told))
        source.bring(mail("m2", 0, "My order", order_ids=("o1",)))
        assert talks()["m1"] == talks()["m2"]

    def test_no_platforms_thread_takes_the_mail(self, bring, make, mail, talks):
        bring(make.message("t1", -1, thread_id="t1", buyer=ANN, text=f"Where is {NUMBER}?"))
        bring(make.shipment("p1", NUMBER, "o1"))
        bring(mail("m2", 0, "My order", order_ids=("o1",)))
        assert talks()["t1"] != talks()["m2"]


class TestSecondAddress:
    def test_who_names_anothers_order_goes_on_in_a_conversation_of_their_own(
        self, placed, mail, orders_of
    ):
        assert placed(
            mail("m1", -3, "Lamp", order_ids=("o1",)),
            mail("m2", -2, "From my other address", BOB, order_ids=("o1",)),
            mail("m3", -1, "Any news?", BOB, order_ids=("o1",)),
        ) == ["m1", "m2 m3"]
        assert orders_of("m2") == ["o1"]


class TestSharedAddress:
    """Two people buy by one address, or one buys twice; the subject is their shop's form's."""

    def test_a_mail_about_another_order_is_another_matter(self, placed, mail, orders_of):
        assert placed(
            mail("m1", -3, "Question about an order", order_ids=("o1",)),
            mail("m2", -2, "Question about an order", order_ids=("o2",)),
            mail("m3", -1, "Question about an order", order_ids=("o1",)),
        ) == ["m1 m3", "m2"]
        assert orders_of("m2") == ["o2"]

    def test_one_that_names_no_order_goes_on_with_the_latest(self, placed, mail):
        assert placed(
            mail("m1", -3, "Question", order_ids=("o1",)),
            mail("m2", -2, "Question", order_ids=("o2",)),
            mail("m3", -1, "Question"),
        ) == ["m1", "m2 m3"]

    def test_an_order_named_in_the_second_mail_is_no_other_matter(self, placed, mail):
        assert placed(
            mail("m1", -3, "Question"),
            mail("m2", -2, "Question", order_ids=("o1",)),
        ) == ["m1 m2"]


class TestMailboxWithThreads:
    """Gmail puts all answers to one mail of the shop into one thread, whoever they are from."""

    def test_two_buyers_in_one_thread_stay_apart(self, placed, mail):
        thread = {"thread_id": "17a", "references": ("news@shop.example",)}
        assert placed(
            mail("m0", -4, "Sale", Party(), direction=Direction.OUTBOUND, thread_id="17a",
                 message_id="news@shop.example"),
            mail("m1", -3, "Re: Sale", **thread),
            mail("m2", -2, "Re: Sale", BOB, **thread),
            mail("m3", -1, "Re: Sale", **thread),
            mail("m4", 0, "Re: Sale", BOB, **thread),
        ) == ["m0", "m1 m3", "m2 m4"]  # fmt: skip

    def test_one_buyers_thread_is_one_conversation_whatever_the_subject(self, placed, mail):
        assert placed(
            mail("m1", -90, "Lamp", thread_id="17a"),
            mail("m2", -1, "Cable", thread_id="17a"),
            mail("m3", 0, "Table", thread_id="17b"),
        ) == ["m1 m2", "m3"]

    def test_another_subject_makes_a_thread_of_the_hosts_and_stays_the_answer_it_is(
        self, placed, mail
    ):
        assert placed(
            mail("m1", -90, "Lamp", thread_id="17a"),
            mail("m2", -1, "Cable", thread_id="17b", references=("m1@mail.example",)),
        ) == ["m1 m2"]

    def test_a_platforms_thread_takes_no_loose_mail(self, placed, make, mail):
        assert placed(
            make.message("t1", -1, thread_id="t1", subject="Lamp", buyer=ANN),
            mail("m1", 0, "Re: Lamp"),
        ) == ["m1", "t1"]


class TestHeaders:
    def test_a_forwarded_mail_stays_its_senders(self, placed, mail):
        assert placed(
            mail("m1", -3, "Your order", direction=Direction.OUTBOUND, message_id="a@shop.example"),
            mail("m2", -2, "Fwd: Your order", BOB, references=("a@shop.example",)),
            mail("m3", -1, "WG: Your order"),
        ) == ["m1 m3", "m2"]

    def test_references_that_lead_nowhere_are_no_other_matter(self, placed, mail):
        assert placed(
            mail("m1", -3, "Lamp"),
            mail("m2", -2, "Re: Lamp", references=("rewritten@relay.example", "x")),
        ) == ["m1 m2"]

    def test_a_reply_with_another_subject_stays_in_its_conversation(self, placed, mail):
        assert placed(
            mail("m1", -30, "Lamp"),
            mail("m2", -29, "Re: Lamp", direction=Direction.OUTBOUND,
                 references=("m1@mail.example",)),
            mail("m3", -1, "Something else", references=("m1@mail.example", "m2@mail.example")),
        ) == ["m1 m2 m3"]  # fmt: skip

    @pytest.mark.parametrize(
        "subject",
        ["Automatic reply: Lamp", "Automatische Antwort: Lamp", "Réponse automatique : Lamp",
         "自动回复: Lamp", "Auto: Re: Lamp", "[Fwd: Lamp]", "R: Lamp", "[EXTERNAL] Re: Lamp"],
    )  # fmt: skip
    def test_an_answer_without_references_is_known_by_its_subject(self, placed, mail, subject):
        assert placed(
            mail("m1", -3, "Lamp", direction=Direction.OUTBOUND),
            mail("m2", -2, subject, kind=MessageKind.AUTO_REPLY),
        ) == ["m1 m2"]

    def test_an_auto_reply_wakes_nobody(self, bring, mail, talks, store, select):
        bring(mail("m1", -3, "Lamp", direction=Direction.OUTBOUND))
        bring(mail("m2", -2, "Automatic reply: Lamp", kind=MessageKind.AUTO_REPLY))
        [talk] = select(store, "SELECT last_inbound_at FROM conversations")
        assert talk["last_inbound_at"] is None

    def test_a_message_id_that_is_used_again_tells_nobodys_mail(self, placed, mail):
        same = {"message_id": "form@shop.example"}
        assert placed(
            mail("m1", -300, "Contact form", text="Where is it?", **same),
            mail("m2", -2, "Contact form", BOB, text="Thank you", **same),
            mail("m3", -1, "Contact form", BOB, text="And mine?", **same),
        ) == ["m1", "m2 m3"]


def test_a_platforms_threads_cost_no_look_at_conversations(source, make):
    """Its messages are most of all there are."""
    said = []
    note = lambda *told: said.append(told[2])  # noqa: E731  the event's signature is its own
    messages = [make.message(f"m{n}", thread_id=f"t{n % 2}", order_ids=("o1",)) for n in range(9)]
    source.bring(*messages[:4])
    event.listen(Engine, "before_cursor_execute", note)
    source.bring(*messages[4:])
    event.remove(Engine, "before_cursor_execute", note)
    looked = [sql for sql in said if sql.lstrip().startswith("SELECT")]
    assert looked
    assert not [sql for sql in looked if "last_at" in sql or "conversation_orders" in sql]


class TestEdited:
    """A message that is edited after it was read."""

    def test_an_order_that_is_named_then_counts(self, bring, make, orders_of):
        bring(make.message("m1", thread_id="t1", text="Where is it?"))
        bring(make.message("m1", thread_id="t1", text="Where is 12-34567-89012?"))
        assert orders_of("m1") == ["12-34567-89012"]

    def test_a_number_that_is_named_then_counts_at_once(self, bring, make, orders_of):
        bring(make.shipment("p1", NUMBER, "o1"), make.message("m1", thread_id="t1"))
        bring(make.message("m1", thread_id="t1", text=f"Where is {NUMBER}?"))
        assert orders_of("m1") == ["o1"]

    def test_or_when_its_parcel_comes(self, bring_either, make, orders_of):
        bring_either(
            make.message("m1", thread_id="t1"),
            make.message("m1", thread_id="t1", text=f"Where is {NUMBER}?"),
            make.shipment("p1", NUMBER, "o1"),
        )
        assert orders_of("m1") == ["o1"]

    def test_what_it_said_before_still_counts(self, bring, make, orders_of):
        bring(make.message("m1", thread_id="t1", text="Where is 12-34567-89012?"))
        bring(make.message("m1", thread_id="t1", text="Where is 12-34567-89013?"))
        assert orders_of("m1") == ["12-34567-89012", "12-34567-89013"]

    def test_a_mail_that_names_the_order_goes_on_there(self, bring, mail, talks):
        bring(mail("m1", -40, "Lamp"), mail("m1", -40, "Lamp", text="Order 12-34567-89012"))
        bring(mail("m2", 0, "Cable", text="Order 12-34567-89012"))
        assert talks()["m1"] == talks()["m2"]
