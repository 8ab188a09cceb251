"""The composition root of the action server: settings are read and stores opened here, once, when first needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from sqlalchemy.engine import Connection, Engine

from crm_models.database import create_engine, reading
from crm_models.experiments.live import LiveExperiments
from crm_models.recommend.model import Recommender
from crm_models.registry.live import LiveModel
from crm_models.settings import CrmSettings
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore


@dataclass(frozen=True)
class Services:
    """What actions work with."""

    crm: CrmSettings
    knowledge: KnowledgeSettings

    @cached_property
    def engine(self) -> Engine:
        """The shop's database."""
        return create_engine(self.crm.database_url)

    @cached_property
    def store(self) -> KnowledgeStore:
        """Articles and their passages."""
        return KnowledgeStore(self.knowledge.database)

    @cached_property
    def experiments(self) -> LiveExperiments:
        """What is tried on a part of the customers."""
        return LiveExperiments(self.crm.experiments_fresh_s)

    @property
    def models(self) -> Path:
        """Folder of the trained customer models."""
        return self.crm.home / "crm"

    @cached_property
    def _recommender(self) -> LiveModel[Recommender]:
        return LiveModel(self.models, "recommendation", Recommender.load)

    @property
    def recommender(self) -> Recommender | None:
        """The recommendation model in use; None where it was never trained."""
        return self._recommender.get()

    def recommender_version(self, version: str) -> Recommender | None:
        """Another version of it, for an experiment."""
        return self._recommender.get(version)

    @contextmanager
    def connection(self, writes: bool) -> Iterator[Connection]:
        """One transaction: committed at the end when it `writes`, else a snapshot without a lock."""
        opened = self.engine.begin() if writes else reading(self.engine)
        with opened as connection:
            yield connection


@lru_cache
def services() -> Services:
    """The one instance of this process."""
    return Services(CrmSettings(), KnowledgeSettings())
