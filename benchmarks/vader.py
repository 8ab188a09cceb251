"""VADER, the lexicon that bots use where they have no model of sentiment: as published, and fitted to errands.

Hutto, Gilbert: VADER, A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM 2014.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NAME = "VADER"
FITTED_NAME = "VADER, fitted"
# The authors' own border between neutral and not.
NEUTRAL_BELOW = 0.05
FITTED_NEUTRAL_BELOW = 0.25
# Words that VADER counts as feelings and customers use for their errands: "I would like to cancel", "no, the other
# one", "help with my gift card".
ERRANDS = (
    "like", "no", "yes", "ok", "okay", "sure", "help", "please", "want", "wanted", "cancel", "cancelled", "canceled",
    "cancelling", "canceling", "stop", "stopped", "free", "gift", "gifts", "share", "save", "charge", "charged",
    "charges", "credit", "pay", "paid", "payment", "interest", "interested", "chance", "cut", "drop", "cash",
    "warranty", "secure", "security", "care", "safe", "number", "straight", "easy", "certain", "forget", "forgot",
    "leave", "left", "miss", "missing", "alone", "claim", "demand", "reward", "rewards", "promotion", "novel",
    "natural", "cool", "warm", "fresh", "sharp", "fun", "hand", "shock", "iron", "super", "joke", "solved", "allow",
)  # fmt: skip
# What VADER does not know and customers feel, on its scale from -4 to 4.
COMPLAINTS = {
    "refuse": -1.5, "refused": -1.5, "unusable": -2.5, "overpriced": -1.8, "nonsense": -1.8, "rubbish": -2.4,
    "crap": -2.4, "scam": -3.0, "ripoff": -2.8, "unhelpful": -2.0, "incompetent": -2.6, "shambles": -2.6,
    "flimsy": -1.6, "late": -0.8, "delayed": -1.0, "overdue": -1.2, "waiting": -0.5, "defective": -1.8,
    "unresponsive": -1.6, "disgrace": -2.8, "chaos": -2.4, "pathetic": -2.6, "fobbed": -2.0, "spotless": 1.8,
    "speedy": 1.4, "prompt": 1.2, "flawless": 2.6, "recommendable": 2.0, "sturdy": 1.4,
}  # fmt: skip


def vader_scores(texts: Sequence[str], fitted: bool = False) -> np.ndarray | None:
    """VADER's compound of each text, -1 to 1; None where the package vaderSentiment is not installed."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        return None
    analyser = SentimentIntensityAnalyzer()
    if fitted:
        for word in ERRANDS:
            analyser.lexicon.pop(word, None)
        analyser.lexicon.update(COMPLAINTS)
    return np.array([analyser.polarity_scores(text)["compound"] for text in texts])
