"""The peers of the understanding suites, trained in the same run on the same examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks import setfit_peer
from benchmarks.datasets import Examples
from benchmarks.errors import PeerFailed
from benchmarks.frozen_peers import LOGISTIC, NEAREST, SVC, FrozenEncoder, NearestPeer, logistic, svc
from benchmarks.nlu_models import DIET, Parsed, TrainedModel, diet, parse, train
from benchmarks.options import Options
from benchmarks.stock import EPOCHS, QUICK_EPOCHS
from bot.cli.display import step

Answers = dict[str, list[Parsed]]


class Peers:
    """Those that the options ask for. A run takes hours: one that cannot be trained is left out, `notes` says why."""

    def __init__(self, options: Options, quick: bool) -> None:
        self._options = options
        self._quick = quick
        self._encoder = FrozenEncoder()
        self.notes: list[str] = []
        self.diets: dict[str, TrainedModel] = {}

    def linear(self, name: str, examples: Examples, texts: Sequence[str]) -> Answers:
        """Frozen encoder with logistic regression, and with a linear support vector machine."""
        if self._options.peers == "none":
            return {}
        with step(f"{LOGISTIC} and SVC on {name}"):
            return {
                LOGISTIC: logistic(self._encoder, examples).parse(texts),
                SVC: svc(self._encoder, examples).parse(texts),
            }

    def nearest(self, name: str, examples: Examples, texts: Sequence[str], out_of_scope: str) -> Answers:
        if self._options.peers == "none":
            return {}
        with step(f"{NEAREST} on {name}"):
            return {NEAREST: NearestPeer(self._encoder, examples, out_of_scope).parse(texts)}

    def diet(self, name: str, examples: Examples, texts: Sequence[str]) -> Answers:
        """Rasa's DIET with its default pipeline; the models are kept in `diets`."""
        if not self._options.trains("diet"):
            return {}
        return self._try(DIET, lambda: self._ask_diet(name, examples, texts))

    def setfit(self, name: str, examples: Examples, texts: Sequence[str], seed: int) -> Answers:
        """Its answers are kept: with so many pairs its training is the longest of all."""
        if not self._options.trains("setfit"):
            return {}
        if not setfit_peer.is_installed():
            self.note(setfit_peer.MISSING)
            return {}
        pairs = setfit_peer.QUICK_PAIRS if self._quick else setfit_peer.PAIRS
        self.note(
            f"{setfit_peer.NAME}: {pairs} pairs of each kind for an example, one epoch, on the first draw alone, as it "
            "takes longest; its answers are kept between runs"
        )
        return self._try(setfit_peer.NAME, lambda: setfit_peer.parse_with_setfit(name, examples, texts, pairs, seed))

    def note(self, text: str) -> None:
        """Said once."""
        if text not in self.notes:
            self.notes.append(text)

    def _ask_diet(self, name: str, examples: Examples, texts: Sequence[str]) -> list[Parsed]:
        epochs = QUICK_EPOCHS if self._quick else EPOCHS
        self.note(f"DIET: Rasa's default pipeline, {epochs} epochs" + (f" and not {EPOCHS}" if self._quick else ""))
        self.diets[name] = train(diet(epochs), name, examples)
        with step(f"Asking {DIET} on {name}"):
            return parse(self.diets[name], texts)

    def _try(self, peer: str, ask: Callable[[], list[Parsed]]) -> Answers:
        try:
            return {peer: ask()}
        except PeerFailed as error:
            self.note(str(error))
            return {}
