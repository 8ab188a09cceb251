"""The trained encoder on a GPU: what an ONNX session does, by torch, where training and serving both have one.

Weights are kept beside the ONNX file only by a training that ran on a GPU, so a machine without one neither stores
nor loads them, and never imports torch to serve.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bot.nlu.torch_encoder import TorchEncoder

WEIGHTS_FILE = "weights.safetensors"
CONFIG_FILE = "bert.json"
_OUTPUTS = ("embedding", "intent_features", "entity_scores")


class TorchSession:
    """`run` as of `onnxruntime.InferenceSession`, in 32 bits on `device`.

    Its outputs differ from those of the graph in 32 bits by less than `onnx_export.LARGEST_DIFFERENCE`, and its
    embeddings have a mean cosine of `onnx_export.LEAST_COSINE` or more to those in 8 bits.
    """

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from safetensors.torch import load_file
        from transformers import BertConfig, BertModel

        from bot.nlu.torch_encoder import TorchEncoder

        facts = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        bert = BertModel(BertConfig.from_dict(facts["bert"]), add_pooling_layer=False)
        model = TorchEncoder(bert, facts["frozen_layers"], facts["tags"])
        model.load_state_dict(load_file(folder / WEIGHTS_FILE))
        self._torch = torch
        self._device = torch.device(device)
        self._model = model.to(self._device).eval()

    def run(self, names: Sequence[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of those names, float32, for `input_ids` and `attention_mask`, int64 (texts, tokens)."""
        torch = self._torch
        inputs = (torch.from_numpy(feeds[name]).to(self._device) for name in ("input_ids", "attention_mask"))
        with torch.inference_mode():
            found = dict(zip(_OUTPUTS, self._model(*inputs), strict=False))
        return [found[name].float().cpu().numpy() for name in names]


def keep_weights(model: TorchEncoder, folder: Path) -> None:
    """Puts what a `TorchSession` needs into the folder of the exported encoder."""
    from safetensors.torch import save_file

    tags = model.tag[-1].out_features if model.tag is not None else 0
    facts = {"bert": model.bert.config.to_dict(), "frozen_layers": model.frozen_layers, "tags": tags}
    (folder / CONFIG_FILE).write_text(json.dumps(facts, default=str) + "\n", encoding="utf-8")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / WEIGHTS_FILE)


def has_gpu(folder: Path) -> bool:
    """Whether the encoder in `folder` was trained on a GPU and this machine has one."""
    if not (folder / WEIGHTS_FILE).is_file():
        return False
    import torch

    return bool(torch.cuda.is_available())
