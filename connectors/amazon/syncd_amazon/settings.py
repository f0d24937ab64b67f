"""The settings of an Amazon seller account."""

from importlib.util import find_spec
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from syncd.connector import AccountConfig, Secret
from syncd.connector.addresses import BaseUrl
from syncd_amazon.marketplaces import Marketplace, marketplace

Region = Literal["na", "eu", "fe"]


class QueueSettings(BaseModel):
    """The SQS queue that Amazon's ORDER_CHANGE notifications go to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: BaseUrl = Field(
        description="Its URL; the queue is this account's alone",
        examples=["https://sqs.eu-west-1.amazonaws.com/123456789012/orders"],
    )
    region: str = Field(description="Its AWS region", examples=["eu-west-1"])
    access_key_id: str | None = Field(
        None, description="Of an AWS user who may receive and delete; else AWS's usual places"
    )
    secret_access_key: Secret | None = Field(None, description="That user's secret")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("give access_key_id and secret_access_key, or neither")
        if find_spec("botocore") is None:
            raise ValueError("a queue needs the extra: pip install 'syncd-amazon[sqs]'")
        return self


class AmazonConfig(AccountConfig):
    """Settings of one Amazon seller account in one region."""

    seller_id: str = Field(
        description="the seller's Merchant Token (Seller Central, Account Info)",
        pattern=r"^[A-Z0-9]{8,20}$",
        examples=["A3TH9S8BH6GOGM"],
    )
    marketplaces: tuple[str, ...] = Field(
        description="the stores to read, by country or by marketplace id, all of one region",
        min_length=1,
        max_length=50,
        examples=[["DE", "FR"]],
    )
    region: Region | None = Field(
        default=None,
        description="na, eu or fe; only for the id of a store that syncd does not know",
    )
    client_id: str = Field(description="LWA client identifier of the application", min_length=1)
    client_secret: Secret = Field(description="LWA client secret of the application")
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token of a self-authorised application; not needed after "
        "`syncd connect`",
    )
    application_id: str | None = Field(
        default=None,
        description="the application's id, for `syncd connect`",
        examples=["amzn1.sp.solution.01234567-89ab-cdef-0123-456789abcdef"],
    )
    redirect_uri: str | None = Field(
        default=None,
        description="an OAuth Redirect URI of the application, for `syncd connect`",
        examples=["https://lamp.example/amazon"],
    )
    draft_application: bool = Field(
        default=False, description="the application is a draft: consents need version=beta"
    )
    fulfilled_by: tuple[Literal["MERCHANT", "AMAZON"], ...] = Field(
        default=("MERCHANT", "AMAZON"), min_length=1, description="whose orders to read"
    )
    returns: bool = Field(
        default=False,
        description="read returns: only for sellers in Amazon's External Fulfillment, whose role "
        "the application has to have",
    )
    returns_days: int = Field(
        default=60, ge=1, le=365, description="how many days a return is looked at for changes"
    )
    history_days: int = Field(
        default=30, ge=1, le=730, description="how many days back the first poll reads"
    )
    queue: QueueSettings | None = Field(
        default=None, description="queue of ORDER_CHANGE notifications, which wake the orders"
    )
    sandbox: bool = Field(
        default=False, description="use Amazon's static sandbox, which has made-up answers only"
    )
    base_url: BaseUrl | None = Field(
        default=None, description="another host of everything, for tests; overrides `sandbox`"
    )

    @model_validator(mode="after")
    def _one_region(self) -> Self:
        regions = {each.region for each in self.stores}
        if len(regions) > 1:
            raise ValueError(
                f"marketplaces are of the regions {', '.join(sorted(regions))}: make an account "
                "for each region"
            )
        return self

    @property
    def stores(self) -> tuple[Marketplace, ...]:
        """The stores that `marketplaces` names; raises ValueError for one that is not known."""
        return tuple(marketplace(each, self.region) for each in self.marketplaces)
