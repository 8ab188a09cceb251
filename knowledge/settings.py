"""Where the knowledge base lives and how it decides; read once, in the composition root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from knowledge.fusion import Fusion, Weights


class KnowledgeSettings(BaseSettings):
    """Settings of retrieval and answers; each is an environment variable with the prefix RAPPORT_."""

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="forbid")

    home: Path = Field(default=Path("var"), description="the data folder")

    # Weight of the encoder's cosine against normalised BM25 in the fused score; 1 is the encoder alone.
    dense_weight: float = Field(default=0.85, ge=0.0, le=1.0)
    # Of that cosine, the shares of the passage's best sentence and of the article's title; the rest is the passage.
    sentence_share: float = Field(default=0.3, ge=0.0, le=1.0)
    title_share: float = Field(default=0.2, ge=0.0, le=1.0)
    # Where it is known how customers ask for an article, the share that the nearest such question then has.
    question_share: float = Field(default=0.6, ge=0.0, le=1.0)
    # Of a question that follows others, its own share of the score; the rest is for it together with the former.
    own_share: float = Field(default=0.4, ge=0.0, le=1.0)
    # Candidates that each of the two searches hands to the fusion.
    candidates: int = Field(default=50, ge=1, le=1000)
    # Added to a passage written for the customer's own tier or country, so that it precedes the general one.
    variant_bonus: float = Field(default=0.04, ge=0.0, le=1.0)
    # While the customer's tier or country is not known, a general passage goes before a variant that is better
    # by no more than this.
    general_lead: float = Field(default=0.2, ge=0.0, le=1.0)
    # Probability that the passages answer the question, at and above which the answer is given plainly.
    answer_threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    # At and above it, but below the former, the answer is offered with doubt; below it nothing is claimed.
    unsure_threshold: float = Field(default=0.15, ge=0.0, le=1.0)
    # Files above this size are reported and left out.
    ingest_max_bytes: int = Field(default=5 * 1024 * 1024, ge=1)
    # From this number of passages on, the exact search gives way to an inverted file.
    exact_limit: int = Field(default=20_000, ge=1)
    # From this number of passages on, few that changed are written beside the index instead of all again.
    partial_from: int = Field(default=2_000, ge=1)

    # A language model that puts answers into words, every sentence checked: an OpenAI-compatible endpoint with the
    # name of a model there and a key if it wants one, or a GGUF file. None by default.
    llm_url: str = Field(default="", pattern=r"^(https?://\S+)?$")
    llm_model: str = ""
    llm_key: str = Field(default="", repr=False)
    llm_file: str = ""
    # Longer than this no customer waits for it; then the sentences of the articles are given.
    llm_timeout_s: float = Field(default=4.0, gt=0, le=60)

    @model_validator(mode="after")
    def _fit_together(self) -> KnowledgeSettings:
        if self.sentence_share + self.title_share > 1:
            raise ValueError(
                f"sentence_share ({self.sentence_share}) and title_share ({self.title_share}) "
                "must not be more than 1 together"
            )
        if self.llm_file and not Path(self.llm_file).is_absolute():
            raise ValueError(f"llm_file is {self.llm_file}; give the whole path, as processes run in other folders")
        if self.llm_url and self.llm_file:
            raise ValueError("llm_url and llm_file are both set; keep the one that is to write")
        if self.llm_url and not self.llm_model:
            raise ValueError(f"llm_url is {self.llm_url}, and llm_model must name a model there")
        if self.unsure_threshold > self.answer_threshold:
            raise ValueError(
                f"unsure_threshold ({self.unsure_threshold}) must not be above "
                f"answer_threshold ({self.answer_threshold})"
            )
        return self

    @property
    def fusion(self) -> Fusion:
        """The weights of a knowledge base that nothing was learnt about."""
        by_passage = 1 - self.sentence_share - self.title_share
        shares = Weights(by_passage, self.sentence_share, self.title_share, 0.0) * self.dense_weight
        return Fusion.of(replace(shares, words=1 - self.dense_weight), self.own_share)

    @property
    def database(self) -> Path:
        return self.home / "knowledge.db"

    @property
    def index_folder(self) -> Path:
        return self.home / "index"

    @property
    def encoder_folder(self) -> Path:
        return self.home / "encoder"
