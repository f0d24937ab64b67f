"""Order ids are found in what people write, and little else is."""

from pathlib import Path

import pytest

from syncd.text.order_ids import find

MAILS = Path(__file__).parents[4] / "shared" / "data" / "email"
AMAZON = "028-1234567-1234567"
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"Where is my order {AMAZON}?", (AMAZON,)),
        (f"Bestellung({AMAZON})!", (AMAZON,)),
        (f"订单{AMAZON}什么时候到", (AMAZON,)),
        (f"注文番号{AMAZON.translate(FULL_WIDTH)}です", (AMAZON,)),
        (f"https://www.amazon.de/orders?orderID={AMAZON}&ref=x", (AMAZON,)),
        ("028\u20131234567\u20131234567 and 028\u20111234567\u20111234567", (AMAZON,)),
        ("my e-book D01-1234567-1234567", ("D01-1234567-1234567",)),
        ("eBay 12-12345-12345.", ("12-12345-12345",)),
        ("item 123456789012-1234567890123", ("123456789012-1234567890123",)),
        ("customer order 2577453162650-108725127025138", ("2577453162650-108725127025138",)),
        ("Shopee: 20012328KKGVR0", ("20012328KKGVR0",)),
        (f"{AMAZON}, 12-12345-12345, {AMAZON}", (AMAZON, "12-12345-12345")),
    ],
)
def test_shapes_that_only_order_ids_have_count_anywhere(text, ids):
    assert find(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        f"x{AMAZON}",
        f"1-{AMAZON}",
        f"{AMAZON}-2",
        f"{AMAZON}0",
        "028-1234567-123456",
        "tel. 12-12345-123456",
        "2026-11-21-12345",
        "20013328KKGVR0",  # no thirteenth month
        "20012328123456",  # a Shopee id has a letter
        "20012328kkgvr0",
        "IBAN DE02120300000000202051",
        "",
    ],
)
def test_what_only_looks_alike_does_not(text):
    assert find(text) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "my order {}",
        "Bestellnummer: {}",
        "commande n° {}",
        "pedido {}",
        "ordine n. {}",
        "encomenda {}",
        "zamówienie nr {}",
        "заказ № {}",
        "注文番号{}",
        "订单号 {}",
        "訂單{}",
        "주문 {}",
        "sipariş no {}",
        "objednávka {}",
        "rendelésem {}",
        "beställning {}",
        "παραγγελία {}",
        "đơn hàng {}",
        "{} was my ORDER",
    ],
)
@pytest.mark.parametrize(
    "number",
    ["1042823870", "2577453162650", "108725127025138", "8123456789012345", "576684019603311365"],
)
def test_bare_digits_count_next_to_a_word_for_order(sentence, number):
    assert find(sentence.format(number)) == (number,)


@pytest.mark.parametrize(
    "text",
    [
        "call me at 1042823870",
        "my order, which I placed three long weeks ago, phone 1042823870",
        "in order to call 1042823870",
        "order 104282387",
        "order 12345678901",
        "order 1234567890123456789012",
    ],
)
def test_bare_digits_do_not_count_alone_or_with_another_length(text):
    assert find(text) == ()


def test_a_report_full_of_ids_is_cut_off():
    report = " ".join(f"028-1234567-{number:07}" for number in range(500))

    assert len(find(report)) == 100


@pytest.mark.parametrize(
    "text",
    [
        "1" * 1_000_000,
        "12-12345-" * 110_000,
        "order 1234567890 x" * 55_000,
        "20012301 " * 110_000,
        "20012301AAAAAAA" * 66_000,
        "D01-" * 250_000,
        "a1b2c3d4-" * 110_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_megabyte_of_malice_takes_no_time(cpu_seconds, text):
    assert cpu_seconds(lambda: find(text)) < 1


def test_it_is_fast_enough_to_run_on_every_mail(cpu_seconds):
    thirty_words = (
        "hello I bought a nice lamp from your shop two weeks ago and it has still not " * 2
    )
    best = min(cpu_seconds(lambda: _find_often(thirty_words)) for _ in range(20))

    # About 2 us where the machine is quiet; ten times that means the prefilter is lost.
    assert best / 1000 < 20e-6


def _find_often(text):
    for _ in range(1000):
        find(text)


@pytest.mark.skipif(
    not MAILS.is_dir(), reason="the collection of real mails is not on this machine"
)
def test_real_mails_that_are_about_no_order_name_hardly_any():
    mails = [path for path in MAILS.rglob("*") if path.suffix in {".eml", ".box", ".txt"}]
    named = [path for path in mails if find(path.read_text("utf-8", "replace"))]

    assert len(mails) > 500
    assert len(named) / len(mails) < 0.01
