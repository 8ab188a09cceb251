"""Training of the gap model, and what it adds elsewhere."""

from __future__ import annotations

from crm_models.churn.shop_table import HORIZON
from crm_models.errors import BadTable
from crm_models.gap_model.measure import CHURN_GAIN, churn_gain, next_category_gain
from crm_models.gap_model.model import SEED, GapModel
from crm_models.gap_model.portraits import BALANCED
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.training import TrainingContext


def train_gap(context: TrainingContext) -> GapModel:
    """Fit on the last year, and measure on the last half year what the gap would have added.

    Raises:
        BadTable: too few customers looked at something and bought something.
    """
    table = GapModel.table_of(context)
    model = GapModel().fit(table)
    context.progress("measuring what the gap adds", 1, 3)
    metrics = {"mean_size": float(model.predict(table).mean())}
    metrics["share_with_a_portrait"] = float((model.label(table) != BALANCED).mean())
    told = []
    for number, (what, measure) in enumerate((("churn", churn_gain), ("the next category", next_category_gain))):
        try:
            metrics |= measure(context.history, context.now, context.seed)
        except BadTable as error:
            told.append(f"What it adds to {what} could not be measured: {error}")
        context.progress("measuring what the gap adds", number + 2, 3)
    used = metrics.get(CHURN_GAIN[1], 0.0) > 0
    told.append(f"Churn reads it: {'yes' if used else 'no, as the interval of its gain does not lie above 0'}.")
    model.version = model_version(model.name, context.now)
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="What a customer looks at, searches and asks about, and does not buy.",
        data=f"looks and purchases by category of the year before {context.now:%Y-%m-%d}",
        rows=len(table),
        metrics=metrics,
        measured_on=f"the {HORIZON.days} days before {context.now:%Y-%m-%d}, by models that know nothing of them; "
        "the sizes on the same customers",
        trained_at=context.now,
        code_version=code_version(),
        seed=SEED,
        limits=" ".join(["Says what is looked at, not why it is not bought.", *told]),
    )
    return model
