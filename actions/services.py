"""The composition root of the action server: settings are read and stores opened here, once, when first needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection, Engine

from crm_models.database import create_engine, reading
from crm_models.experiments.live import LiveExperiments
from crm_models.next_action.curve import ResponseCurve, read_curve
from crm_models.next_action.live import LivePolicy
from crm_models.next_action.policy import OfferPolicy
from crm_models.recommend.model import Recommender
from crm_models.registry.live import LiveModel
from crm_models.settings import CrmSettings
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

if TYPE_CHECKING:
    from knowledge.compose.models import LanguageModel


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
    def writer(self) -> LanguageModel | None:
        """The language model that puts answers into words; none by default."""
        if not self.knowledge.llm_url and not self.knowledge.llm_file:
            return None
        from knowledge.compose.models import model_of

        return model_of(self.knowledge)

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

    @cached_property
    def _offer_policy(self) -> LivePolicy:
        return LivePolicy(lambda: self.crm.offer_policy_file)

    @property
    def offer_policy(self) -> OfferPolicy | None:
        """The shop's policy of next best actions; None where it cannot be used, so nothing is offered."""
        return self._offer_policy.get()

    @property
    def response_curve(self) -> ResponseCurve | None:
        """How discounts change orders; read when a discount is sized, once a case and day."""
        return read_curve(self.models)

    @cached_property
    def random(self) -> Random:
        """Draws what is explored."""
        return Random()

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
