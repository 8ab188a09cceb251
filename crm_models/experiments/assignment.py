"""Who gets which variant: by hash, so that it is stable and nothing has to be stored.

A person has one place between 0 and 1 in each layer, one in each experiment and one for the holdout. The places are
independent of each other, since each is the hash of another text. Experiments of a layer take parts of it that do not
overlap, so no person is in two of them. Whoever is in the holdout is in no experiment and gets no offers, as long as
the shop's `holdout_share` stays: it is what everything together is measured against.
"""

from __future__ import annotations

from hashlib import blake2b

from crm_models.experiments.experiment import Experiment, Variant

_SCALE = 2.0**64
# Between the parts of a text that is hashed: stands in no name, so ("a", "bc") and ("ab", "c") stay different.
_SEPARATOR = "\x1f"


def place_of(person_id: str, *salt: str) -> float:
    """A number in [0, 1), even over persons; another one for each salt."""
    text = _SEPARATOR.join((*salt, person_id))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / _SCALE


def in_holdout(person_id: str, share: float) -> bool:
    """Whether the person is among those that get no offers and are in no experiment.

    A larger share keeps everybody who was in the smaller one.
    """
    return place_of(person_id, "holdout") < share


def variant_of(experiment: Experiment, person_id: str, holdout_share: float) -> Variant | None:
    """The person's variant; None for who is in the holdout or outside of the experiment's part of its layer."""
    if in_holdout(person_id, holdout_share):
        return None
    if not experiment.layer_from <= place_of(person_id, "layer", experiment.layer) < experiment.layer_to:
        return None
    place = place_of(person_id, "experiment", experiment.experiment_id)
    for variant in experiment.variants:
        place -= variant.share
        if place < 0:
            return variant
    return experiment.variants[-1]  # shares that miss 1 by rounding
