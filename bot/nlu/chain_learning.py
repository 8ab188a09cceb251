"""Learns the steps of a `tag_chain.TagChain` together with the encoder that scores its tags."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bot.nlu.tag_chain import TagChain


class ChainLoss(nn.Module):
    """Negative log-likelihood of the marked tags among all sequences (Lafferty, McCallum and Pereira 2001)."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.starts = nn.Parameter(torch.zeros(tags))
        self.steps = nn.Parameter(torch.zeros(tags, tags))

    def forward(self, scores: Tensor, tags: Tensor, words: Tensor) -> Tensor:
        """Mean over all words of the batch.

        Args:
            scores: of the tags, float (texts, longest, tags); what stands behind a text's last word is not read.
            tags: the marked ones, int64 (texts, longest).
            words: how many each text has, int64 (texts,); 0 is possible.
        """
        there = torch.arange(tags.shape[1], device=words.device)[None, :] < words[:, None]
        chosen = scores.gather(2, tags[:, :, None]).squeeze(2)
        marked = torch.where(there[:, 0], self.starts[tags[:, 0]] + chosen[:, 0], 0.0)
        reached = self.starts + scores[:, 0]
        for word in range(1, tags.shape[1]):
            step = self.steps[tags[:, word - 1], tags[:, word]] + chosen[:, word]
            marked = marked + torch.where(there[:, word], step, 0.0)
            further = torch.logsumexp(reached[:, :, None] + self.steps, dim=1) + scores[:, word]
            reached = torch.where(there[:, word, None], further, reached)
        every = torch.where(there[:, 0], torch.logsumexp(reached, dim=1), 0.0)
        # A batch of texts without any word has none to divide by.
        return (every - marked).sum() / words.sum().clamp(min=1)

    def chain(self, tags: Sequence[str]) -> TagChain:
        """What was learned by now."""
        return TagChain(tuple(tags), self.starts.detach().cpu().numpy(), self.steps.detach().cpu().numpy())
