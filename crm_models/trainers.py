"""Every customer model and how it is trained, in the order in which one may use another."""

from __future__ import annotations

from crm_models.churn.model import ChurnModel
from crm_models.churn.train import train_churn
from crm_models.errors import UnknownModel
from crm_models.gap_model.model import GapModel
from crm_models.gap_model.train import train_gap
from crm_models.recommend.model import KIND as RECOMMENDATION
from crm_models.recommend.training import train_recommender
from crm_models.satisfaction.model import SatisfactionModel
from crm_models.satisfaction.training import train_satisfaction
from crm_models.segments.model import Segmentation
from crm_models.segments.stage import LifecycleStage
from crm_models.segments.training import train_segments, train_stage
from crm_models.training import Trainer
from crm_models.uplift.model import UpliftModel
from crm_models.uplift.training import train_uplift
from crm_models.value.model import LifetimeValue
from crm_models.value.training import train_value

TRAINERS = (
    Trainer(GapModel.name, train_gap),
    Trainer(ChurnModel.name, train_churn),
    Trainer(Segmentation.name, train_segments),
    Trainer(LifecycleStage.name, train_stage),
    Trainer(LifetimeValue.name, lambda context: train_value(context.history, context.now)),
    Trainer(UpliftModel.name, train_uplift),
    Trainer(SatisfactionModel.name, train_satisfaction),
    Trainer(RECOMMENDATION, train_recommender),
)


def trainers_named(name: str | None) -> tuple[Trainer, ...]:
    """The trainer of one model; all of them for None.

    Raises:
        UnknownModel: no model has this name.
    """
    found = tuple(trainer for trainer in TRAINERS if name in (None, trainer.name))
    if not found:
        names = ", ".join(trainer.name for trainer in TRAINERS)
        raise UnknownModel(f"There is no customer model {name!r}; choose one of {names}.")
    return found
