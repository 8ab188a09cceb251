"""Write the weights of satisfaction that ship: learned on public dialogues, for shops with too few ratings.

    python scripts/satisfaction_weights.py DATA

DATA is the folder of the public data sets (uss_satisfaction). Only numbers are kept, no text. Signals that those
dialogues do not have (sentiment, escalations, open questions, waiting) get the assumed weights below.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.satisfaction_data import SETS, read_uss
from crm_models.satisfaction.model import SHIPPED, SatisfactionModel
from crm_models.satisfaction.signals import signals_of

# Stars, by judgement and not by data: a person brought in or a question left open is no good conversation.
ASSUMED = {"mood": 0.8, "escalation": -0.5, "unresolved": -0.4, "waiting": -0.2}


def main(data: Path) -> None:
    rated = [each for name in SETS for each in read_uss(data, name)]
    ends = [min(each.turns + 1, len(each.conversation.turns)) for each in rated]
    signals = np.array(
        [list(signals_of(each.conversation, end).values()) for each, end in zip(rated, ends, strict=True)]
    )
    weight = np.where(np.array([each.label for each in rated]) == 3, 1.0, 3.0)
    model = SatisfactionModel().fit(signals, np.array([each.mean for each in rated]), weight)
    told = {
        "made": date.today().isoformat(),
        "source": "User Satisfaction Simulation (USS, Sun et al. 2021), SGD and MWOZ, turns and dialogues; the "
        "data set states no licence, and nothing of it but these numbers is here",
        "rows": len(rated),
        "base": round(model.base, 4),
        "threshold": round(model.threshold, 4),
        "weights": {name: round(value, 4) for name, value in {**model.weights, **ASSUMED}.items()},
        "assumed": sorted(ASSUMED),
    }
    SHIPPED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(SHIPPED.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
