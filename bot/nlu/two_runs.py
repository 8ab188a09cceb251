"""The two runs of a fine-tuning (see `finetune`): at once where a processor has threads for both, else in turn.

At once, the second does not know yet how long the first finds it good to train, nor whether pairs are kept. It trains
on, with the pairs, and goes back where it went too far (see `Choice`); where pairs do harm it begins again.
"""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bot.nlu.pair_learning import PairBatches
from bot.nlu.side_by_side import Choice, GivenUp
from bot.nlu.span_scores import SpanScores
from bot.nlu.training_run import FinetuneSettings, Lessons, TrainingRun

# How often a bar looks how far a run in another thread is.
_LOOK_S = 0.5


@dataclass(frozen=True)
class PairScores:
    """Share of held-out questions whose own answer is found first among all answers."""

    questions: int
    before: float
    after: float

    @property
    def kept(self) -> bool:
        """Whether learning from the pairs did no harm, so that the encoder that serves learns from them too.

        Harm is a loss of more than the standard error of `before`: a few questions more or less are chance. Without
        pairs more would be lost, as learning the intents alone moves the embedding away from the search.
        """
        return self.after >= self.before - math.sqrt(self.before * (1 - self.before) / self.questions)


@dataclass(frozen=True)
class FirstRun:
    """What the run that has not seen the held-out rows makes of the texts: its rows follow them."""

    embedding: np.ndarray
    features: np.ndarray
    accuracy: float
    entities: SpanScores | None
    pairs: PairScores | None

    @property
    def keeps_pairs(self) -> bool:
        return self.pairs is not None and self.pairs.kept


class TwoRuns:
    """Over the same lessons. `held_out`: bool (texts,), what the first does not learn from."""

    def __init__(self, base: Path, lessons: Lessons, settings: FinetuneSettings, held_out: np.ndarray) -> None:
        self._base, self._lessons, self._settings, self._held_out = base, lessons, settings, held_out
        self._everything = np.arange(len(held_out))
        self.choice = Choice()

    @property
    def epochs(self) -> int:
        """Of the run that serves."""
        return min(self.choice.best, self._settings.epochs(len(self._everything)))

    def in_turn(self) -> tuple[FirstRun, TrainingRun]:
        first, run = self._first()
        return first, self._together(first, run, self._again(first.keeps_pairs))

    def at_once(self) -> tuple[FirstRun, TrainingRun]:
        """With the same number of threads, the same as `in_turn` to the last bit.

        Whichever of the two fails, the other ends and the error is raised here.
        """
        with_pairs = self._lessons.pairs is not None
        second = self._second(with_pairs)
        with ThreadPoolExecutor(max_workers=1) as pool:
            following = pool.submit(second.follow, self._everything, self.choice)
            following.add_done_callback(self._give_up_with)
            try:
                first, run = self._first()
                if first.keeps_pairs == with_pairs:
                    self._show(following, second)
                    return first, self._together(first, run, second)
            except GivenUp:
                following.result()
                raise
            finally:
                # Of no effect on what is done; else it ends at its next step.
                self.choice.give_up()
        return first, self._together(first, run, self._again(first.keeps_pairs))

    def _together(self, first: FirstRun, run: TrainingRun, second: TrainingRun) -> TrainingRun:
        """The second, with the mean of both runs' weights where both learned from the same lessons."""
        if first.keeps_pairs == (self._lessons.pairs is not None):
            second.average_with(run)
        return second

    def _first(self) -> tuple[FirstRun, TrainingRun]:
        run = TrainingRun(self._base, self._lessons, self._settings)
        learn, held_out = np.flatnonzero(~self._held_out), np.flatnonzero(self._held_out)
        with tqdm(total=self._settings.epochs(len(learn)), desc="Fine-tuning, held out", unit="epoch") as bar:
            accuracy = run.until_no_better(learn, held_out, self.choice, bar)
        embedding, features = run.outputs(self._everything)
        entities = run.entities(held_out) if self._lessons.marked.tags else None
        return FirstRun(embedding, features, accuracy, entities, _pair_scores(self._lessons.pairs, run)), run

    def _second(self, with_pairs: bool) -> TrainingRun:
        lessons = self._lessons if with_pairs else replace(self._lessons, pairs=None)
        return TrainingRun(self._base, lessons, self._settings)

    def _again(self, with_pairs: bool) -> TrainingRun:
        """The second run from its beginning, when all is known."""
        choice = Choice()
        choice.tell(self.choice.reached, self.choice.best)
        choice.decide()
        run = self._second(with_pairs)
        with self._bar() as bar:
            run.follow(self._everything, choice, lambda _: bar.update())
        return run

    def _show(self, following: Future[None], run: TrainingRun) -> None:
        """Waits for the run in the other thread. Raises what it raises."""
        with self._bar() as bar:
            while wait([following], _LOOK_S).not_done:
                bar.update(min(run.epochs, bar.total) - bar.n)
            following.result()
            bar.update(bar.total - bar.n)

    def _bar(self) -> tqdm:
        return tqdm(total=self.epochs, desc="Fine-tuning, all examples", unit="epoch")

    def _give_up_with(self, following: Future[None]) -> None:
        if following.exception() is not None:
            self.choice.give_up()


def _pair_scores(pairs: PairBatches | None, run: TrainingRun) -> PairScores | None:
    if pairs is None:
        return None
    return PairScores(pairs.held_out_questions, pairs.found_first_before(), pairs.found_first(run.model))
