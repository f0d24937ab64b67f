"""Whose parcels the connectors say that they follow."""

from syncd import plugins
from syncd.rules.recognise import carriers


def test_every_carrier_that_a_connector_names_is_in_the_courier_table():
    connectors = plugins.load().connectors.values()
    named = {each.name: each.carriers for each in connectors if each.carriers is not None}
    assert "dhl" in named
    unknown = {name: codes - set(carriers()) for name, codes in named.items()}
    assert not any(unknown.values()), unknown
