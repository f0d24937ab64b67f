"""Settings of an eBay account."""

from pydantic import Field

from syncd.connector import AccountConfig, Secret
from syncd.connector.addresses import BaseUrl


class EbayConfig(AccountConfig):
    """Settings of one eBay seller account."""

    username: str = Field(description="the seller's eBay user name", min_length=1)
    user_id: str | None = Field(
        default=None,
        description="the seller's immutable user id, where eBay shows it in place of the name",
    )
    client_id: str = Field(description="App ID of the keyset at developer.ebay.com", min_length=1)
    client_secret: Secret = Field(description="Cert ID of the keyset")
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token from the seller's consent; not needed after `syncd connect`",
    )
    ru_name: str | None = Field(
        default=None,
        description="RuName of the keyset, which stands for the page a consent ends at; for "
        "`syncd connect`",
        examples=["Lamp_Shop-LampShop-syncd-abcdefg"],
    )
    sandbox: bool = Field(default=False, description="use eBay's sandbox instead of the real site")
    base_url: BaseUrl | None = Field(
        default=None, description="another host of the API, for tests; overrides `sandbox`"
    )
    history_days: int = Field(
        default=90, ge=1, le=729, description="how many days back the first poll reads"
    )
    payment_disputes: bool = Field(
        default=True,
        description="also read payment disputes, for which the consent needs a scope of its own",
    )
    marketplace: str = Field(
        default="EBAY_US",
        description="the site that calls of the Post-Order API name, which wants one",
        pattern="^EBAY_[A-Z_]{2,20}$",
    )
    push_url: str | None = Field(
        default=None,
        description="address of this account's pushes as it is registered at eBay, for its challenge",
        examples=["https://syncd.example.com/push/ebay-de"],
    )
    push_token: Secret | None = Field(
        default=None, description="verification token registered at eBay with that address"
    )
    platform_messages: bool = Field(
        default=False, description="also read what eBay itself writes to the seller"
    )
