from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from pydantic import Field

from syncd.config import ConfigError, Settings, load
from syncd.connector import AccountConfig, Capability, Connector, Secret


class OAuth(AccountConfig):
    """Where tokens come from."""

    user: str = Field(description="Who logs in.", examples=["shop@example.org"])
    refresh: Secret = Field(description="The refresh token.")


class ShopConfig(AccountConfig):
    """Settings of a shop."""

    host: str = Field(description="The shop's host.", examples=["shop.example.org"])
    port: int = Field(default=443, ge=1, le=65_535, description="The shop's port.")
    token: Secret = Field(description="The API token.")
    oauth: OAuth | None = Field(default=None, description="Instead of the token.")
    site: str | int = Field(default="de", description="The shop's site, by name or number.")


class Shop(Connector):
    """A shop to test with."""

    name = "shop"
    Config = ShopConfig
    streams = MappingProxyType({"messages": timedelta(minutes=5), "orders": timedelta(minutes=10)})


class MailConfig(AccountConfig):
    """Settings of a mailbox."""

    smtp: bool = Field(default=True, description="Whether it has a server to send by.")


class Mail(Connector):
    """A mailbox to test with."""

    name = "mail"
    Config = MailConfig
    streams = MappingProxyType({"messages": timedelta(minutes=1)})
    capabilities = frozenset({Capability.REPLY, Capability.WRITE_MAIL})

    @classmethod
    def able(cls, config: MailConfig) -> frozenset[Capability]:
        return cls.capabilities if config.smtp else frozenset()


CONNECTORS = {"shop": Shop, "mail": Mail}
TEMPLATES = {"delay", "customs"}

Load = Callable[..., Settings]


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return tmp_path / "syncd.toml"


@pytest.fixture
def read(main: Path) -> Load:
    """Load the settings from a text, and from further texts as files of conf.d."""

    def load_texts(text: str, **more: str) -> Settings:
        main.write_text(text)
        for name, content in more.items():
            file = main.parent / "conf.d" / f"{name}.toml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(content)
        return load(main, CONNECTORS, TEMPLATES)

    return load_texts


@pytest.fixture
def wrong(read: Load, main: Path) -> Callable[..., list[str]]:
    """The problems of a config, each as its text, the folder's name left out."""

    def problems(text: str, **more: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text, **more)
        return [str(each).replace(f"{main.parent}/", "") for each in caught.value.problems]

    return problems
