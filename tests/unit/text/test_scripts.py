"""Who can read a carrier's words."""

import pytest

from syncd.text.scripts import readable


@pytest.mark.parametrize(
    ("text", "readers", "others"),
    [
        ("Arrived at 深圳", "de en ru zh", ""),
        ("Arrived at Köln", "de en ja ru zh ko ar", ""),
        ("Zustellung durch DHL, 21.11.", "pl ru zh", ""),
        ("已到达分拣中心", "zh zh-Hant ja", "de ru ko ar"),
        ("離港 (HKG)", "zh-Hant ja", "fr"),
        ("配達が完了しました", "ja", "en ru"),
        ("Прибыло в место вручения", "ru uk bg", "en zh"),
        ("تم التسليم", "ar fa", "en"),
        ("배달완료", "ko", "en ja"),
        ("Παραδόθηκε", "el", "de"),
        ("00:15 / 7", "de zh", ""),
        ("", "de", ""),
    ],
)
def test_readers_know_their_own_script_and_latin(text, readers, others):
    assert {
        language: readable(text, language) for language in (readers + " " + others).split()
    } == (dict.fromkeys(readers.split(), True) | dict.fromkeys(others.split(), False))
