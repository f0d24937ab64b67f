"""Settings of an AliExpress account."""

from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Secret


class AliExpressConfig(AccountConfig):
    """Settings of one AliExpress shop."""

    app_key: str = Field(description="App Key of the app in the App Console", min_length=1)
    app_secret: Secret = Field(description="App Secret of the app")
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token from the seller's consent; not needed after `syncd connect`",
    )
    callback_url: str | None = Field(
        default=None,
        description="callback address that the app has in the App Console, for `syncd connect`; "
        "without it the one on this machine is named",
        examples=["https://shop.example.com/aliexpress"],
    )
    returns: bool = Field(
        default=True,
        description="read disputes; false where the app lacks the permission Refund&return",
    )
    reviews: bool = Field(
        default=True,
        description="read reviews; false where the app lacks the permission for evaluations",
    )
    services: dict[str, str] = Field(
        default={},
        description="AliExpress's logistics service by the carrier that syncd or your shop names, "
        "for telling of parcels that left",
        examples=[{"china-post": "CPAM", "yanwen": "YANWEN_AM"}],
    )
    history_days: int = Field(
        default=90, ge=1, le=180, description="how many days back the first poll reads"
    )
    base_url: HttpUrl | None = Field(
        default=None, description="another host of the API and its login, for tests"
    )
