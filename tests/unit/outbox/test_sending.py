"""A message goes out when the platform's rules and the buyer's night allow, or a person is told."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from syncd import clock, watch
from syncd.config import QuietHours
from syncd.connector import AuthFailed, NotPermitted, OutcomeUnknown, Rejected, Unavailable
from syncd.model import Address, Milestone, OutboxState, Party, Reason, Verdict, Window
from syncd.outbox import Sender
from syncd.outbox.compose import facts_of
from syncd.text.milestones import milestone_label

HOUR = timedelta(hours=1)


def only(world):
    (row,) = world.outbox()
    return row


class TestGoodWay:
    def test_the_buyer_is_told_the_three_facts_in_their_language(self, world, shop, late, send):
        assert send() == 1

        ((key, draft),) = shop.drafts
        assert (draft.buyer, draft.language, draft.purpose) == (late.recipient, "de", "notice")
        assert key == late.key
        for fact in ("TN1", "DHL", "Sorted in Leipzig"):
            assert fact in draft.text
        assert only(world).state is OutboxState.SENT

    @pytest.mark.parametrize(
        ("country", "language", "said"),
        [
            ("BR", "pt-BR", "Entrega prevista: até 1º de março de 2026"),
            ("PT", "pt", "Entrega prevista: até 1 de março de 2026"),
            ("TW", "zh-Hant", "最晚 2026年3月1日"),
            ("HK", "zh-Hant", "最晚 2026年3月1日"),
        ],
    )
    def test_brazil_and_taiwan_are_written_to_as_they_write(
        self, world, shop, make, send, country, language, said
    ):
        world.playbook()
        promised = Window(latest=datetime(2026, 3, 1, 12, tzinfo=UTC))
        world.bring(make.order(deliver_by=promised, ship_to=Address(country=country)))
        world.bring(make.shipment(), make.event(-4, text=""))
        world.configure(quiet_hours=QuietHours(enabled=False))
        watch.run(world.runtime)
        send()

        ((_, draft),) = shop.drafts
        assert draft.language == language
        assert said in draft.text
        assert milestone_label(Milestone.IN_TRANSIT, language) in draft.text

    def test_a_scan_whose_zone_nobody_told_is_none_of_the_future(self, world, shop, make, send):
        """Shanghai's clocks are ahead of UTC, as which such a time is read."""
        world.playbook()
        world.bring(make.order(promise=-3, ship_to=Address(country="GB")), make.shipment())
        world.bring(make.event(0.3, utc_offset_minutes=None))
        watch.run(world.runtime)
        send()

        assert "last scanned" not in shop.drafts[0][1].text

    @pytest.mark.parametrize(("state", "day"), [("CA", 7), (None, 8)])
    def test_the_promised_day_is_the_buyers_own(self, world, shop, make, send, state, day):
        """Amazon tells the end of the day where the buyer lives: 07:59:59 UTC for California.

        Of whom no state is known, New York's counts, where most of them live.
        """
        world.playbook()
        promised = Window(latest=datetime(2026, 3, 8, 7, 59, 59, tzinfo=UTC))
        there = Address(country="US", state=state)
        world.bring(make.order(deliver_by=promised, ship_to=there), make.shipment())
        world.bring(make.event(-4))
        world.configure(quiet_hours=QuietHours(enabled=False))
        watch.run(world.runtime)
        send()

        assert f"Planned delivery: by March {day}, 2026" in shop.drafts[0][1].text

    def test_of_a_parcel_to_be_fetched_the_last_day_is_the_buyers_own(
        self, world, shop, make, send
    ):
        world.playbook(when=("awaiting_pickup",))
        ends = datetime(2026, 3, 18, 6, 59, 59, tzinfo=UTC)  # the end of the 17th in California
        world.bring(
            make.order(ship_to=Address(country="US", state="CA")),
            make.shipment(),
            make.event(-3, Milestone.READY_FOR_PICKUP, pickup_by=ends),
        )
        world.configure(quiet_hours=QuietHours(enabled=False))
        watch.run(world.runtime)
        send()

        text = shop.drafts[0][1].text
        assert "Kept until: March 17, 2026\n\nAfter that it is sent back." in text

    @pytest.mark.parametrize(
        ("milestone", "reason", "promised", "fetched"),
        [
            (Milestone.READY_FOR_PICKUP, None, 13, 11),
            (Milestone.READY_FOR_PICKUP, None, 13, None),
            (Milestone.EXCEPTION, Reason.LOST, None, None),
        ],
    )
    def test_no_day_is_stated_that_is_over_or_will_not_be_kept(
        self, world, make, time, milestone, reason, promised, fetched
    ):
        world.playbook(when=("awaiting_pickup", "lost"))
        event = make.event(-3, milestone, reason=reason, pickup_by=make.at(1))
        world.bring(make.order(promise=3), make.shipment(), event)
        watch.run(world.runtime)
        time(timedelta(days=0 if fetched else 1.1))

        facts = facts_of(world.runtime, world.account(), only(world), clock.now())
        stated = [day and day.day for day in (facts.promised_by, facts.pickup_by)]
        assert stated == [promised, fetched]

    def test_it_is_sent_once(self, world, shop, late, send, time):
        for _ in range(5):
            send()
            time(timedelta(days=1))

        assert [len(receipts) for receipts in shop.arrived.values()] == [1]

    def test_a_written_text_goes_out_as_it_is(self, shop, reply, send):
        reply(text="Grüße\nEve")
        send()

        assert [draft.text for _, draft in shop.drafts] == ["Grüße\nEve"]

    def test_it_goes_on_with_the_conversation_about_the_order(self, world, shop, late, send, make):
        about = make.message(thread_id="t9", order_ids=(late.order_id,))
        world.bring(about)
        send()

        assert [draft.thread_id for _, draft in shop.drafts] == ["t9"]

    def test_in_a_conversation_by_mail_its_subject_says_what_it_is_about(
        self, world, shop, late, send, make
    ):
        asked = make.message(message_id="1@x", subject="My lamp", order_ids=(late.order_id,))
        world.bring(asked)
        send()

        ((_, draft),) = shop.drafts
        assert (draft.in_reply_to, "My lamp" in draft.subject) == ("1@x", False)

    @pytest.mark.parametrize("subject", ["My lamp", "RE: My lamp"])
    def test_an_answer_keeps_its_conversations_subject(
        self, world, shop, reply, send, make, subject
    ):
        world.bring(make.message(thread_id="t9", message_id="1@x", subject=subject))
        reply(conversation_id=world.store.look.conversations()[0]["id"])
        send()

        assert [each.subject.casefold() for _, each in shop.drafts] == ["re: my lamp"]

    def test_the_latest_event_is_told_even_if_it_came_after_the_finding(
        self, world, shop, late, send, make
    ):
        world.bring(make.event(-0.5, text="Left Köln"))
        watch.run(world.runtime)
        send()

        assert "Left Köln" in shop.drafts[0][1].text

    def test_of_scans_of_one_minute_the_one_further_on_the_way_is_the_latest(
        self, world, shop, make, send
    ):
        world.playbook(when=("promise_passed", "arrived"))
        world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
        watch.run(world.runtime)
        send()
        world.bring(
            make.event(-0.5, Milestone.DELIVERED, text="Zugestellt"),
            make.event(-0.5, Milestone.OUT_FOR_DELIVERY, text="In der Zustellung"),
        )
        watch.run(world.runtime)
        send()

        assert "ist angekommen" in shop.drafts[1][1].subject
        assert "2026: Zugestellt" in shop.drafts[1][1].text

    def test_many_rows_go_out_in_the_order_they_fell_due(self, shop, reply, send, make):
        for hour in (1, 3, 2):
            reply(f"k{hour}", not_before=make.at(-hour / 24))
        assert send() == 3

        assert [key for key, _ in shop.drafts] == ["k3", "k2", "k1"]

    def test_stopping_leaves_the_rest_for_the_next(self, world, shop, reply, send):
        for number in range(3):
            reply(f"k{number}")
        send(stopping=lambda: len(shop.drafts) == 1)

        assert len(shop.drafts) == 1
        assert len(world.outbox(states=[OutboxState.PENDING])) == 2
        assert send() == 2


class TestOverBeforeTold:
    def test_a_parcel_that_arrived_meanwhile_is_not_told(self, world, shop, late, send, make):
        world.bring(make.event(-0.1, Milestone.DELIVERED))
        watch.run(world.runtime)
        send()

        assert shop.drafts == []
        assert only(world).state is OutboxState.OBSOLETE


class TestRules:
    def test_later_is_later(self, world, shop, late, send, make, time):
        shop.verdicts.append(Verdict.later(make.at(1), "one message a day"))
        send()
        assert (only(world).state, only(world).reason) == (OutboxState.PENDING, "one message a day")
        assert only(world).not_before == make.at(1)

        time(timedelta(hours=23))
        send()
        assert shop.drafts == []
        time(HOUR)
        send()
        assert len(shop.drafts) == 1

    def test_a_later_that_is_already_over_does_not_spin(self, world, shop, late, send, make):
        shop.verdicts.append(Verdict.later(make.at(-1), "clocks differ"))

        assert send() == 1
        assert only(world).state is OutboxState.PENDING

    def test_never_needs_a_person_who_is_told_why(self, world, shop, late, send):
        shop.verdicts.append(Verdict.never("the buyer takes no messages"))
        with capture_logs() as logs:
            send()

        assert only(world).state is OutboxState.PERSON
        assert only(world).reason == "the buyer takes no messages"
        assert [entry["event"] for entry in logs] == ["needs a person"]
        assert shop.drafts == []

    @pytest.mark.parametrize("refusal", ["never", "rejected"])
    def test_mail_stands_in_where_the_config_says_so(self, world, make, send, refusal, reply):
        etsy = world.add("etsy", writes_mail_by="mail")
        mail = world.add("mail")
        if refusal == "never":
            etsy.verdicts.append(Verdict.never("no messages"))
        else:
            etsy.fail_send(Rejected("no messages"))
        reply(account="etsy")
        send()

        assert [len(etsy.arrived), len(mail.arrived)] == [0, 1]
        assert (only(world).state, only(world).account) == (OutboxState.SENT, "mail")

    @pytest.mark.parametrize(("host", "links"), [("example.org", 1), ("marketplace.amazon.de", 0)])
    def test_by_mail_too_the_shop_signs_and_a_relays_rules_hold(
        self, world, make, send, host, links
    ):
        world.remove("shop")
        shop = world.add("shop", writes_mail_by="mail", shop_name="Blue Lamp")
        mail = world.add("mail", shop_name="Support")
        mail.name = "imap"
        world.playbook()
        buyer = Party(id="b1", email=f"ann@{host}")
        world.bring(make.order(promise=-3, buyer=buyer), make.shipment(), make.event(-4))
        world.bring(make.message(thread_id="t9", order_ids=("12-00001-00001",), buyer=buyer))
        watch.run(world.runtime)
        shop.verdicts.append(Verdict.never("no messages"))
        send()

        ((_, draft),) = mail.drafts
        assert draft.text.splitlines()[-1] == "Blue Lamp"
        assert (draft.text.count("https://"), draft.thread_id) == (links, None)

    def test_mail_cannot_stand_in_without_an_address(self, world, send, reply):
        etsy = world.add("etsy", writes_mail_by="mail")
        mail = world.add("mail")
        etsy.verdicts.append(Verdict.never("no messages"))
        reply(account="etsy", recipient=Party(id="b1"))
        send()

        assert mail.drafts == []
        assert only(world).state is OutboxState.PERSON


class TestNight:
    night = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)  # half past eleven in Germany
    morning = datetime(2026, 3, 11, 7, 0, tzinfo=UTC)

    def test_a_notice_that_waited_into_the_night_waits_for_the_morning(
        self, world, shop, late, send, make, time
    ):
        time(self.night - make.at())
        send()
        assert (shop.drafts, only(world).not_before) == ([], self.morning)

        time(self.morning - self.night)
        send()
        assert len(shop.drafts) == 1

    @pytest.mark.parametrize(
        ("told", "hours"),
        [
            ({"ship_to": Address(), "site": "EBAY_US"}, 6),
            ({"ship_to": Address(country="US", state="CA")}, 3),
        ],
    )
    def test_an_orders_state_and_without_a_country_its_site_tell_the_night(
        self, world, shop, make, send, time, told, hours
    ):
        """At noon UTC it is 8 o'clock in New York, 5 in California, and 2 in Honolulu."""
        world.playbook()
        world.bring(make.order(promise=-3, **told), make.shipment(), make.event(-4))
        watch.run(world.runtime)
        assert only(world).not_before == make.at() + hours * HOUR
        world.store.outbox.decide(only(world).id, OutboxState.PENDING, actor="ann", now=clock.now())
        send()
        assert (shop.drafts, only(world).not_before) == ([], make.at() + hours * HOUR)

    def test_an_answer_goes_out_at_once(self, shop, reply, send, make, time):
        reply()
        time(self.night - make.at())
        send()

        assert len(shop.drafts) == 1

    def test_quiet_hours_can_be_switched_off(self, world, shop, late, send, make, time):
        world.configure(quiet_hours=QuietHours(enabled=False))
        time(self.night - make.at())
        send()

        assert len(shop.drafts) == 1


class TestFailures:
    def test_an_unavailable_platform_is_tried_again_later_and_later(
        self, world, shop, reply, send, time
    ):
        reply()
        waits = []
        for _ in range(9):
            shop.fail_send(Unavailable("HTTP 503"))
            before = only(world).not_before
            send()
            waits.append(only(world).not_before - before)
            time(waits[-1])

        assert waits[:3] == [timedelta(seconds=30), timedelta(minutes=1), timedelta(minutes=2)]
        assert waits[-1] == HOUR
        assert shop.arrived == {}
        send()
        assert only(world).state is OutboxState.SENT

    @pytest.mark.parametrize(
        ("asked", "waits"),
        [(600, timedelta(minutes=10)), (0, timedelta(seconds=30)), (1e12, timedelta(days=1))],
    )
    def test_a_platforms_wish_is_kept_within_reason(
        self, world, shop, reply, send, make, asked, waits
    ):
        reply()
        shop.fail_send(Unavailable("HTTP 429", retry_after=asked))
        assert send() == 1

        assert only(world).not_before == make.at() + waits

    def test_a_refusal_is_final_with_the_platforms_words(self, world, shop, late, send, time):
        shop.fail_send(Rejected("HTTP 400: text too long"))
        send()
        time(timedelta(days=9))
        send()

        assert (only(world).state, only(world).reason) == (
            OutboxState.FAILED, "HTTP 400: text too long",
        )  # fmt: skip
        assert len(shop.drafts) == 1

    @pytest.mark.parametrize("asked", [True, False])
    def test_what_the_login_does_not_cover_is_refused_and_stops_no_account(
        self, world, shop, reply, send, asked
    ):
        world.store.accounts.claim(
            world.account().id, "messages", owner="x", now=clock.now(), lease=HOUR
        )
        reply()
        error = NotPermitted("HTTP 403", "consent again with the scope chat")
        if asked:
            shop.verdicts.append(error)
        else:
            shop.fail_send(error)
        send()

        state = OutboxState.PERSON if asked else OutboxState.FAILED
        assert (only(world).state, only(world).reason) == (state, str(error))
        assert [health.suspended_reason for health in world.store.accounts.health()] == [None]

    def test_a_refused_login_keeps_the_message_and_stops_the_account(
        self, world, shop, reply, time
    ):
        world.store.accounts.claim(
            world.account().id, "messages", owner="x", now=clock.now(), lease=HOUR
        )
        reply()
        shop.fail_send(AuthFailed("HTTP 401"))
        sender = Sender(world.runtime)
        for _ in range(3):
            sender.run()
            time(HOUR)

        assert (only(world).state, len(shop.drafts)) == (OutboxState.PENDING, 1)
        assert [health.suspended_reason for health in world.store.accounts.health()] == ["HTTP 401"]
        sender.resume(world.account().id)
        sender.run()
        assert only(world).state is OutboxState.SENT

    def test_a_text_that_cannot_be_written_needs_a_person(self, world, shop, send, make):
        world.playbook()
        world.bring(make.order(promise=-3), make.shipment())
        watch.run(world.runtime)
        send()

        assert only(world).state is OutboxState.PERSON
        assert only(world).reason == "no tracking number or no tracking event is known yet"
        assert shop.drafts == []

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("Colis livr&eacute; &amp; sign&eacute;", "Colis livré & signé"),
            ("Left <script>alert(1)</script>", None),
            ("Left &lt;script&gt;alert(1)&lt;/script&gt;", None),
            ("Pay &lt;a href=&quot;https://x.example&quot;&gt; soon", "Pay <a soon"),
        ],
    )
    def test_a_carriers_entities_are_read_and_its_markup_needs_a_person(
        self, world, shop, send, make, said, told
    ):
        world.playbook()
        world.bring(make.order(promise=-3), make.shipment(), make.event(-4, text=said))
        watch.run(world.runtime)
        send()

        assert only(world).state is (OutboxState.SENT if told else OutboxState.PERSON)
        assert [draft.text.count(told or "") for _, draft in shop.drafts] == ([1] if told else [])

    def test_so_does_one_whose_template_does_not_exist(self, world, shop, send, make):
        world.playbook(template="nosuch")
        world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
        watch.run(world.runtime)
        send()

        assert only(world).state is OutboxState.PERSON
        assert "nosuch" in only(world).reason

    def test_an_account_that_left_the_config_leaves_its_messages_to_a_person(
        self, world, reply, send
    ):
        world.add("old")
        reply(account="old")
        world.remove("old")
        send()

        assert only(world).state is OutboxState.PERSON
        assert "old is not in the config" in only(world).reason

    def test_a_bug_in_one_message_does_not_stop_the_others(self, world, shop, reply, send, make):
        reply("bad", not_before=make.at(-1))
        reply("good")
        shop.verdicts.append(ZeroDivisionError("division by zero"))
        with capture_logs() as logs:
            send()

        assert list(shop.arrived) == ["good"]
        assert [entry["event"] for entry in logs] == ["bug while sending", "sent"]


class TestUnknownOutcome:
    def test_the_platform_is_asked_and_says_yes(self, world, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"), arrives=True)
        send()
        assert only(world).state is OutboxState.IN_FLIGHT

        time(timedelta(minutes=1))
        send()
        assert only(world).state is OutboxState.SENT
        assert (len(shop.drafts), shop.asked) == (1, ["reply-1"])

    def test_it_says_no_and_the_message_goes_out_once(self, world, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"))
        send()
        time(timedelta(minutes=1))
        send()

        assert only(world).state is OutboxState.SENT
        assert [len(receipts) for receipts in shop.arrived.values()] == [1]

    def test_what_does_not_arrive_is_soon_tried_less_often(self, world, shop, reply, send, time):
        reply()
        for _ in range(5):
            shop.fail_send(OutcomeUnknown("read timed out"))
        for _ in range(4):
            time(timedelta(minutes=1))
            send()

        assert len(shop.drafts) == 3
        assert only(world).not_before == clock.now() + timedelta(minutes=4)

    def test_it_is_asked_again_when_it_wishes(self, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"), arrives=True)
        shop.answers.append(Unavailable("HTTP 429", retry_after=600))
        asked = []
        for minutes in (0, 1, 9, 1):
            time(timedelta(minutes=minutes))
            send()
            asked.append(len(shop.asked))
        assert asked == [0, 1, 1, 2]

    def test_a_notice_that_did_not_arrive_says_what_is_known_when_it_goes_again(
        self, world, shop, late, send, make, time
    ):
        time(timedelta(hours=7))  # 20:00 in Berlin
        shop.fail_send(OutcomeUnknown("read timed out"))
        send()
        assert "Sorted in Leipzig" in shop.drafts[0][1].text
        time(HOUR)
        send()  # it did not arrive, and it is night there
        world.bring(make.event(0.5, text="Left Köln"))
        watch.run(world.runtime)
        time(11 * HOUR)
        send()

        assert only(world).state is OutboxState.SENT
        assert "Left Köln" in shop.drafts[-1][1].text

    def test_an_answer_that_did_not_arrive_stays_as_it_was_written(self, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"))
        send()
        time(HOUR)
        send()
        assert [draft.text for _, draft in shop.drafts] == ["It is here", "It is here"]

    def test_a_bug_in_asking_leads_to_a_person_too(self, world, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"))
        send()
        shop.answers.extend(KeyError("messages") for _ in range(40))
        for _ in range(9):
            time(HOUR)
            send()

        assert only(world).state is OutboxState.PERSON
        assert "KeyError" in only(world).reason
        assert len(shop.drafts) == 1

    def test_it_cannot_tell_and_a_person_must(self, world, shop, reply, send, time):
        reply()
        shop.fail_send(OutcomeUnknown("read timed out"), arrives=True)
        shop.cannot_tell()
        send()
        for _ in range(3):
            time(timedelta(days=1))
            send()

        assert only(world).state is OutboxState.PERSON
        assert only(world).reason.startswith("may have arrived already")
        assert len(shop.drafts) == 1

    def test_it_is_asked_for_hours_and_then_a_person_is(self, world, shop, reply, send, time):
        reply(not_before=clock.now() - timedelta(days=3))
        shop.fail_send(OutcomeUnknown("read timed out"))
        send()
        for _ in range(40):
            shop.answers.append(Unavailable("HTTP 503"))
        for _ in range(5):
            time(HOUR)
            send()
        assert only(world).state is OutboxState.IN_FLIGHT

        time(2 * HOUR)
        send()
        assert only(world).state is OutboxState.PERSON
        assert len(shop.drafts) == 1
