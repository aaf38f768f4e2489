"""What the operator says of a service: its Apprise URL, which is a secret as a whole."""

from __future__ import annotations

from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

TO = "{to}"


class AppriseSettings(BaseModel):
    """One service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr = Field(
        description="the Apprise URL of the service; {to} in it is the customer's address"
    )

    @property
    def names_customers(self) -> bool:
        """Whether it takes the customer's address."""
        return TO in self.url.get_secret_value()

    def url_for(self, to: str) -> str:
        """The URL for a customer with this address, which can't be more than one part of it."""
        return self.url.get_secret_value().replace(TO, quote(to, safe=""))
