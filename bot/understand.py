"""`python -m bot.understand --model FILE`: what the bot understands of the message on its input, as a line of JSON.

The components of the trained model read it one after the other, as they do while serving. A process of its own, since
what is imported here (Rasa, and a stand-in for TensorFlow) suits no program that does other things.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bot import without_tensorflow

if TYPE_CHECKING:
    from rasa.shared.nlu.training_data.message import Message

# Only our components read messages; what Rasa adds reads intents typed as /commands.
_OURS = "bot.nlu."
_METADATA = "metadata.json"
_COMPONENTS = "components"


def main() -> int:
    """1 with the reason in one line for what is no trained model."""
    parser = argparse.ArgumentParser(prog="python -m bot.understand", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="archive that `rapport train` made")
    arguments = parser.parse_args()
    try:
        without_tensorflow.components_of(arguments.model)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    without_tensorflow.install()
    message = understand(arguments.model, sys.stdin.read())
    from bot.nlu.vectors import SPELLED

    # What was put right in the spelling is no part of what a conversation keeps.
    found = {**message.as_dict(only_output_properties=True), SPELLED: message.get(SPELLED)}
    print(json.dumps(found, ensure_ascii=False))
    return 0


def understand(model: Path, text: str) -> Message:
    """`text` as the components of `model` read it, in the order of its pipeline."""
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.engine.storage.resource import Resource
    from rasa.shared.nlu.constants import TEXT
    from rasa.shared.nlu.training_data.message import Message

    message = Message({TEXT: text})
    with TemporaryDirectory() as folder:
        nodes = _unpacked(model, Path(folder))
        storage = LocalModelStorage(Path(folder) / _COMPONENTS)
        for name, node in nodes.items():
            module, _, class_name = node["uses"].rpartition(".")
            kind = getattr(importlib.import_module(module), class_name)
            resource = Resource(**node["resource"]) if node["resource"] else Resource(name)
            component = getattr(kind, node["constructor_name"])(
                {**kind.get_default_config(), **node["config"]},
                storage,
                resource,
                ExecutionContext(GraphSchema({}), model.stem),
            )
            getattr(component, node["fn"])([message])
    return message


def _unpacked(model: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """The nodes of the pipeline in its order; what they learnt lies below `folder` then."""
    with tarfile.open(model, "r:*") as archive:
        archive.extractall(folder, filter="data")
    schema = json.loads((folder / _METADATA).read_text(encoding="utf-8"))
    nodes: dict[str, dict[str, Any]] = schema["predict_schema"]["nodes"]
    return {name: node for name, node in nodes.items() if node["uses"].startswith(_OURS)}


if __name__ == "__main__":
    sys.exit(main())
