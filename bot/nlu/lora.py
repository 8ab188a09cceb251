"""Low-rank changes of an encoder's matrices: learned, taken out, cut to a rank, put back. Imported by training alone.

Hu et al.: LoRA, Low-Rank Adaptation of Large Language Models, ICLR 2022: W' = W + B A, with A (rank, in) and
B (out, rank). The names of the changes are those of the base weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

Change = tuple[Tensor, Tensor]
"""A (rank, in) and B (out, rank), float32."""


class LowRankLinear(nn.Module):
    """A frozen linear layer with a learned change that starts at nothing."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, states: Tensor) -> Tensor:
        change = nn.functional.linear(nn.functional.linear(states, self.down), self.up)
        return self.base(states) + change


def add_changes(encoder: nn.Module, rank: int) -> None:
    """Puts a learnable change beside every linear layer below `encoder`, whose own weights no longer learn."""
    encoder.requires_grad_(False)
    for parent, name, layer in list(_linear_layers(encoder)):
        setattr(parent, name, LowRankLinear(layer, rank))


def changes_of(encoder: nn.Module) -> dict[str, Change]:
    """What was learned, by the name of the base weight, such as `layer.0.output.dense.weight`."""
    return {
        f"{name}.weight": (module.down.detach().float().clone(), module.up.detach().float().clone())
        for name, module in encoder.named_modules()
        if isinstance(module, LowRankLinear)
    }


def mean_of(several: Sequence[Mapping[str, Change]], rank: int) -> dict[str, Change]:
    """The mean of changes from one base, each matrix cut to its `rank` largest directions.

    Wortsman et al.: Model soups, ICML 2022: the mean of runs from one start is often better than the best run.
    """
    return {name: _cut(_sum_of(several, name) / len(several), rank) for name in several[0]}


def sum_of(several: Sequence[Mapping[str, Change]], rank: int) -> dict[str, Change]:
    """Changes that were learned one upon the other as one, each matrix cut to its `rank` largest directions."""
    return {name: _cut(_sum_of(several, name), rank) for name in several[0]}


def merge(encoder: nn.Module, changes: Mapping[str, Change]) -> None:
    """Adds the changes to the plain weights of `encoder`. KeyError where it has no such weight."""
    weights = dict(encoder.named_parameters())
    with torch.no_grad():
        for name, (down, up) in changes.items():
            weights[name] += up @ down


def _sum_of(several: Sequence[Mapping[str, Change]], name: str) -> Tensor:
    return torch.stack([up @ down for down, up in (each[name] for each in several)]).sum(0)


def _cut(matrix: Tensor, rank: int) -> Change:
    left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
    # Half of the size on either side: half precision then loses least.
    root = sizes[:rank].sqrt()
    return root[:, None] * right[:rank], left[:, :rank] * root


def _linear_layers(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    for parent in module.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                yield parent, name, child
