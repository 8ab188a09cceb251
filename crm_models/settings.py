"""Settings of the customer side: where its data is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class CrmSettings(BaseSettings):
    """Read once, in the composition root; environment prefix `RAPPORT_`."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="forbid")

    # The data folder; everything the program writes is below it.
    home: Path = Path("var")
    # SQLite or PostgreSQL. Empty means a SQLite file in the data folder.
    database_url: str = ""
    # The cluster of `rapport models score --engine spark`, as Spark writes it; all cores of this machine by default.
    spark_master: str = "local[*]"
    # What may be offered, where it differs from the shipped policy. Empty means policy.yml in the data folder.
    offer_policy: str = ""

    # How old may be what servers know of running experiments, in seconds; 0 reads them for each reply.
    experiments_fresh_s: float = Field(5.0, ge=0, le=600)

    @model_validator(mode="before")
    @classmethod
    def _default_database(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("database_url"):
            home = Path(values.get("home") or cls.model_fields["home"].default)
            return {**values, "database_url": f"sqlite:///{home / 'rapport.db'}"}
        return values

    @property
    def offer_policy_file(self) -> Path | None:
        """The shop's own policy of offers. One that is named must be there; that of the data folder may be."""
        own = Path(self.offer_policy).expanduser() if self.offer_policy else self.home / "policy.yml"
        return own if self.offer_policy or own.exists() else None

    @property
    def models_folder(self) -> Path:
        """Where fitted customer models are kept, one folder each."""
        return self.home / "crm"
