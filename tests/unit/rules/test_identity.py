"""Whoever shares an identity is one customer, in whatever order that comes to light."""

from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Party
from syncd.rules.identity import CustomerBook, identity_keys, is_relay

keys = st.sampled_from([f"email:{letter}@x" for letter in "abcdefgh"])
sightings = st.lists(st.lists(keys, min_size=1, max_size=3, unique=True).map(tuple), max_size=12)


def resolve(sets, known=()):
    """The groups of keys that end up with one customer."""
    book = CustomerBook(dict(known))
    for several in sets:
        book.resolve(several, Party())
    final = dict(known) | book.learnt
    groups = {}
    for key, customer in final.items():
        groups.setdefault(book.merged.get(customer, customer), set()).add(key)
    return {frozenset(group) for group in groups.values()}


def connected(sets):
    groups = []
    for several in map(set, sets):
        touching = [group for group in groups if group & several]
        groups = [group for group in groups if group not in touching]
        groups.append(several.union(*touching))
    return {frozenset(group) for group in groups}


@given(sightings)
def test_customers_are_the_connected_identities(sets):
    assert resolve(sets) == connected(sets)


@given(sightings.flatmap(lambda sets: st.tuples(st.just(sets), st.permutations(sets))))
def test_the_order_of_sightings_does_not_matter(pair):
    assert resolve(pair[0]) == resolve(pair[1])


@given(sightings, st.dictionaries(keys, st.integers(1, 4)))
def test_each_merged_customer_points_straight_to_one_that_is_left(sets, known):
    book = CustomerBook(known)
    found = [book.resolve(several, Party()) for several in sets]

    assert not set(book.merged) & set(book.merged.values())
    left = {book.merged.get(customer, customer) for customer in found}
    assert left.isdisjoint(book.merged)
    assert all(book.learnt[key] not in book.merged for key in book.learnt)


def test_the_oldest_stored_customer_is_kept():
    book = CustomerBook({"email:a@x": 9, "email:b@x": 4})

    assert book.resolve(("email:c@x", "email:a@x", "email:b@x"), Party()) == 4
    assert book.merged == {9: 4}


def test_a_stored_customer_is_kept_before_a_new_one():
    book = CustomerBook({"email:b@x": 4})
    book.resolve(("email:a@x",), Party())

    assert book.resolve(("email:a@x", "email:b@x"), Party()) == 4
    assert book.merged == {-1: 4}


def test_somebody_without_any_identity_is_nobodys_customer():
    assert CustomerBook({}).resolve((), Party(name="Ann")) is None


def test_ids_belong_to_their_platform_and_addresses_to_the_person():
    ann = Party(id="7", email=" Ann@Example.ORG ", phone="+44 (0)20 7946-0000")

    assert identity_keys("ebay", ann) == (
        "id:ebay:7", "email:ann@example.org", "phone:4402079460000",
    )  # fmt: skip


def test_what_many_people_share_is_no_identity():
    nobody = Party(name="Ann", phone="ext. 12345", email="undisclosed-recipients")

    assert identity_keys("ebay", nobody) == ()


def test_the_tag_that_amazon_puts_into_an_alias_makes_no_other_customer():
    ordered = Party(email="k7m2x9q4w1ab3@marketplace.amazon.de")
    wrote = Party(email="K7m2x9q4w1ab3+5f0c-12@marketplace.amazon.de")
    wrote_again = Party(email="k7m2x9q4w1ab3+99ab-34@marketplace.amazon.de")

    assert identity_keys("amazon", ordered) == ("email:k7m2x9q4w1ab3@marketplace.amazon.de",)
    assert identity_keys("imap", wrote) == identity_keys("amazon", ordered)
    assert identity_keys("imap", wrote_again) == identity_keys("amazon", ordered)


def test_the_same_alias_at_another_store_is_another_buyer():
    there, here = (Party(email=f"k7m2@marketplace.amazon.{land}") for land in ("co.uk", "com"))

    assert identity_keys("imap", there) != identity_keys("imap", here)


def test_tags_of_other_mailboxes_are_kept():
    for address in ("ann+shop@example.org", "ann+shop@marketplace.amazon.de.example.org"):
        assert identity_keys("imap", Party(email=address)) == (f"email:{address}",)


def test_only_a_marketplaces_alias_is_a_relay():
    assert is_relay("k7m2x9q4w1ab3+5f0c@marketplace.amazon.com.br")
    assert not is_relay("ann@example.org")
    assert not is_relay(None)


def test_other_ids_and_a_conversation_of_ones_own_are_identities_of_the_platform():
    ann = Party(id="ann-2001", other_ids=("a7F3",), thread_id="800001")
    assert identity_keys("ebay", ann) == (
        "id:ebay:ann-2001",
        "id:ebay:a7F3",
        "thread:ebay:800001",
    )


def test_whoever_speaks_in_a_conversation_of_somebodys_own_is_they():
    book = CustomerBook({"id:ebay:ann-2001": 7, "thread:ebay:800001": 7})
    party = Party(id="a7F3", thread_id="800001")
    assert book.resolve(identity_keys("ebay", party), party) == 7
    assert book.learnt == {"id:ebay:a7F3": 7}
