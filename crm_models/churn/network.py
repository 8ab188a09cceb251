"""A small neural network on the encoded columns: several members, trained side by side and averaged.

Two hidden layers of tanh. Where columns have a direction, their first weights keep to it and all later weights are not
negative, so that the network is monotone in them and free in the others (Daniels & Velikova 2010). Trained by PyTorch,
read by numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.encoding import Encoding, Floats

_STEPS = 8  # of the path integral
_RATE = 5e-3
_LAYERS = ("w1", "b1", "w2", "b2", "w3", "b3")


class Network:
    kind = "network"

    def __init__(self, members: int = 4, hidden: int = 24, epochs: int = 16, decay: float = 0.2) -> None:
        self.members, self.hidden, self.epochs, self.decay = members, hidden, epochs, decay

    def fit(
        self, codes: Floats, left: NDArray[np.bool_], levels: Sequence[int], directions: Sequence[int], seed: int
    ) -> Self:
        self._encoding = Encoding.fit(codes, levels)
        dense = self._encoding.dense(codes)
        self._mean = dense.mean(axis=0)
        self._scale = np.maximum(dense.std(axis=0), 0.1)  # a rare level is not blown up
        values = ((dense - self._mean) / self._scale).astype(np.float32)
        self._layers = _train(values, left, self._encoding.directions(directions), self, seed)
        return self

    def log_odds(self, codes: Floats) -> Floats:
        return self._forward(self._standard(codes))[0]

    def parts(self, codes: Floats) -> Floats:
        """Aumann-Shapley values against the average customer: the gradient along the straight way from there, by the
        midpoint rule (Sundararajan, Taly & Yan 2017, "integrated gradients"); they sum to the difference."""
        values = self._standard(codes)
        gradient = np.zeros_like(values)
        for step in range(_STEPS):
            gradient += self._forward(values * ((step + 0.5) / _STEPS), slope=True)[1] / _STEPS
        return self._encoding.by_column(values * gradient)

    def parameters(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = {**self._encoding.arrays(), "mean": self._mean, "scale": self._scale, **self._layers}
        return {"columns": self._encoding.columns}, arrays

    @classmethod
    def restore(cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        made = cls()
        made._encoding = Encoding.from_arrays(int(parameters["columns"]), arrays)
        made._mean, made._scale = arrays["mean"], arrays["scale"]
        made._layers = {name: arrays[name] for name in _LAYERS}
        return made

    def _standard(self, codes: Floats) -> Floats:
        return np.asarray((self._encoding.dense(codes) - self._mean) / self._scale)

    def _forward(self, values: Floats, slope: bool = False) -> tuple[Floats, Floats]:
        """Mean log-odds of the members, (rows,), and its gradient, (rows, width)."""
        total, gradient = np.zeros(len(values)), np.zeros_like(values if slope else values[:0])
        count = len(self._layers["b3"])
        for w1, b1, w2, b2, w3, b3 in zip(*(self._layers[name] for name in _LAYERS), strict=True):
            first = np.tanh(values @ w1 + b1)
            second = np.tanh(first @ w2 + b2)
            total += (second @ w3 + b3)[:, 0] / count
            if slope:
                back = ((1 - second**2) * w3[:, 0]) @ w2.T
                gradient += ((1 - first**2) * back) @ w1.T / count
        return total, gradient


def _train(
    values: NDArray[np.float32], left: NDArray[np.bool_], directions: NDArray[np.intp], made: Network, seed: int
) -> dict[str, Floats]:
    """AdamW (Loshchilov & Hutter 2019), the rate falling as a cosine; each member draws its own rows."""
    import torch

    draw = torch.Generator().manual_seed(seed)
    inputs, target = torch.from_numpy(values), torch.from_numpy(left.astype(np.float32))
    members, hidden, width = made.members, made.hidden, values.shape[1]
    shapes = {"w1": (width, hidden), "b1": (1, hidden), "w2": (hidden, hidden), "b2": (1, hidden), "w3": (hidden, 1),
              "b3": (1, 1)}  # fmt: skip
    layers = {
        name: (torch.randn(members, *shape, generator=draw) * (name[0] == "w") / shape[0] ** 0.5).requires_grad_()
        for name, shape in shapes.items()
    }
    signs = torch.from_numpy(directions.astype(np.float32))[None, :, None]
    batch = int(min(256, max(64, len(values) // 8)))
    steps = max(made.epochs * len(values) // batch, 60)
    optimiser = torch.optim.AdamW(list(layers.values()), lr=_RATE, weight_decay=made.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    _keep_directions(layers, signs)
    for _ in range(steps):
        rows = torch.randint(len(values), (members, batch), generator=draw)
        first = torch.tanh(torch.bmm(inputs[rows], layers["w1"]) + layers["b1"])
        kept = (torch.rand(first.shape, generator=draw) > 0.2) / 0.8
        second = torch.tanh(torch.bmm(first * kept, layers["w2"]) + layers["b2"])
        log_odds = (torch.bmm(second, layers["w3"]) + layers["b3"])[..., 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(log_odds, target[rows], reduction="sum") / batch
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        _keep_directions(layers, signs)
    return {name: layer.detach().numpy().astype(np.float64) for name, layer in layers.items()}


def _keep_directions(layers: Mapping[str, Any], signs: Any) -> None:
    """Back into the allowed half spaces, after each step."""
    import torch

    if not bool((signs != 0).any()):
        return
    with torch.no_grad():
        first = layers["w1"]
        first.copy_(torch.where((signs != 0) & (first * signs < 0), torch.zeros_like(first), first))
        layers["w2"].clamp_(min=0.0)
        layers["w3"].clamp_(min=0.0)
