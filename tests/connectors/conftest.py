"""An account at a carrier's fake; a test module says which by a fixture `carrier`."""

import pytest

from syncd import clock
from syncd.connector import Context
from syncd.model import ParcelRef


class World:
    """A fake, one account that asks it, and the parcels that are due."""

    def __init__(self, fake, connector):
        self.fake = fake
        self.connector = connector
        self.parcels = connector.context.parcels()

    def due(self, *numbers):
        self.parcels += [ParcelRef(tracking_number=number) for number in numbers]

    def poll(self):
        return list(self.connector.poll("tracking", {}))

    def items(self):
        return [item for batch in self.poll() for item in batch.items]

    def looked(self):
        return [number for batch in self.poll() for number in batch.looked]

    def calls(self, path=""):
        return [request for request in self.fake.requests if path in request.path]


@pytest.fixture
def carrier():
    """The connector's class and that of its fake."""
    raise NotImplementedError("say in the test module which carrier it is about")


@pytest.fixture
def fake(carrier, monkeypatch):
    _, fake_class = carrier
    for name, value in fake_class.secrets.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setattr(clock, "sleep", lambda _: None)  # the client waits before it reads again
    with fake_class() as fake:
        yield fake


@pytest.fixture
def make(carrier, fake):
    """Make a `World`: the parcels that are due, and settings beside those that let it in."""
    connector_class, _ = carrier
    made = []

    def make(*parcels, **config):
        refs = [p if isinstance(p, ParcelRef) else ParcelRef(tracking_number=p) for p in parcels]
        settings = connector_class.Config.model_validate({**fake.config, **config})
        context = Context(account="parcels", now=clock.now, parcels=lambda: refs)
        made.append(World(fake, connector_class(settings, context)))
        return made[-1]

    yield make
    for world in made:
        world.connector.close()


@pytest.fixture
def world(make):
    return make()
