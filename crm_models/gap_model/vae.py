"""A variational autoencoder over two blocks of counts: what was looked at and what was bought, by category.

Kingma & Welling 2014, with the multinomial likelihood and the annealed weight of the divergence of Mult-VAE (Liang,
Krishnan, Hoffman & Jebara 2018). In training the looked-at block is hidden half of the time, so that the model learns
what interest to expect of purchases alone. PyTorch trains; numpy reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HIDDEN, _LATENT = 32, 6
_FEWEST_STEPS, _MOST_STEPS, _BATCH, _RATE = 150, 500, 256, 5e-3
_DIVERGENCE = 0.2  # weight of the divergence at the end (beta of Mult-VAE)
_HIDE = 0.5  # chance that a row's looked-at block is hidden from the encoder
_LAYERS = ("encode", "encode_bias", "mean", "mean_bias", "decode", "decode_bias", "out", "out_bias")


@dataclass(frozen=True)
class Autoencoder:
    """Matrices of the encoder's mean and of the decoder, by name; `categories` columns a block."""

    categories: int
    layers: Mapping[str, Floats]

    @classmethod
    def fit(cls, looked: Floats, bought: Floats, seed: int) -> Self:
        """Args:
        looked, bought: counts, float (rows, categories).
        """
        return cls(looked.shape[1], _train(looked, bought, seed))

    def expected(self, bought: Floats) -> tuple[Floats, Floats]:
        """Shares of the categories to expect of who bought this: looked at and bought, (rows, categories) each."""
        values = _inputs(np.zeros_like(bought), bought)
        layer = self.layers
        latent = np.tanh(values @ layer["encode"] + layer["encode_bias"]) @ layer["mean"] + layer["mean_bias"]
        logits = np.tanh(latent @ layer["decode"] + layer["decode_bias"]) @ layer["out"] + layer["out_bias"]
        return _softmax(logits[:, : self.categories]), _softmax(logits[:, self.categories :])


def _inputs(looked: Floats, bought: Floats) -> Floats:
    """Logarithms of the counts, each row of length 1 (0 without any)."""
    values = np.log1p(np.concatenate([looked, bought], axis=1))
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9))


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _train(looked: Floats, bought: Floats, seed: int) -> dict[str, Floats]:
    import torch

    draw = torch.Generator().manual_seed(seed)
    width = looked.shape[1]
    sizes = {"encode": (2 * width, _HIDDEN), "mean": (_HIDDEN, _LATENT), "spread": (_HIDDEN, _LATENT),
             "decode": (_LATENT, _HIDDEN), "out": (_HIDDEN, 2 * width)}  # fmt: skip
    layers: dict[str, Any] = {}
    for name, (inner, outer) in sizes.items():
        layers[name] = (torch.randn(inner, outer, generator=draw) / inner**0.5).requires_grad_()
        layers[f"{name}_bias"] = torch.zeros(outer, requires_grad=True)
    whole, hidden = (
        torch.from_numpy(_inputs(block, bought).astype(np.float32)) for block in (looked, np.zeros_like(looked))
    )
    counts = torch.from_numpy(np.concatenate([looked, bought], axis=1).astype(np.float32))
    optimiser = torch.optim.Adam(list(layers.values()), lr=_RATE)
    steps = min(max(len(whole) // 2, _FEWEST_STEPS), _MOST_STEPS)
    for step in range(steps):
        rows = torch.randint(len(whole), (min(_BATCH, len(whole)),), generator=draw)
        hide = torch.rand(len(rows), 1, generator=draw) < _HIDE
        values = torch.where(hide, hidden[rows], whole[rows])
        seen = torch.tanh(values @ layers["encode"] + layers["encode_bias"])
        mean = seen @ layers["mean"] + layers["mean_bias"]
        spread = seen @ layers["spread"] + layers["spread_bias"]  # logarithm of the variance
        latent = mean + torch.exp(0.5 * spread) * torch.randn(mean.shape, generator=draw)
        logits = torch.tanh(latent @ layers["decode"] + layers["decode_bias"]) @ layers["out"] + layers["out_bias"]
        shares = torch.cat([torch.log_softmax(part, dim=1) for part in logits.split(width, dim=1)], dim=1)
        likelihood = (counts[rows] * shares).sum(dim=1)
        divergence = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(dim=1)
        weight = _DIVERGENCE * min(1.0, 2 * step / steps)
        loss = (weight * divergence - likelihood).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return {name: layers[name].detach().numpy().astype(np.float64) for name in _LAYERS}
