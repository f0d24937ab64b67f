"""Milestones have a name in each language of the notices."""

import tomllib
from pathlib import Path

import pytest

import syncd.text.milestones
from syncd.model import Milestone
from syncd.text.milestones import latest_event_text, milestone_label

LANGUAGES = {"de", "en", "es", "fr", "it", "ja", "pl", "pt", "pt-BR", "ru", "zh", "zh-Hant"}


def test_each_milestone_has_a_name_in_each_language():
    table = tomllib.loads(
        Path(syncd.text.milestones.__file__).with_suffix(".toml").read_text(encoding="utf-8")
    )

    assert set(table) == set(Milestone)
    assert all(set(names) == LANGUAGES for names in table.values())
    assert all(name.strip() == name != "" for names in table.values() for name in names.values())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_milestones_share_a_name(language):
    assert len({milestone_label(it, language) for it in Milestone}) == len(Milestone)


def test_the_nearest_language_stands_in():
    assert milestone_label(Milestone.READY_FOR_PICKUP, "pt") == "Pronto para levantamento"
    assert milestone_label(Milestone.READY_FOR_PICKUP, "pt-BR") == "Disponível para retirada"
    assert milestone_label(Milestone.IN_TRANSIT, "zh-HK") == "運送中"
    assert milestone_label(Milestone.DELIVERED, "ko") == "Delivered"


def test_the_carriers_words_come_before_the_milestones_name():
    assert latest_event_text(" Left\nhub ", Milestone.IN_TRANSIT, "de") == " Left\nhub "
    assert latest_event_text("", Milestone.IN_TRANSIT, "de") == "Unterwegs"
    assert latest_event_text("离港", Milestone.IN_TRANSIT, "de") == "Unterwegs (离港)"
    assert latest_event_text("https://x.example/1", Milestone.IN_TRANSIT, "de") == "Unterwegs"
