"""A process that is killed while it takes articles in leaves the store as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore


def content(database: Path) -> dict[str, tuple[str, list[str]]]:
    """Of each document its body and passages, as another process sees them."""
    store = KnowledgeStore(database)
    found = {
        each.document_id: (each.body, [passage.text for passage in store.list_passages([each.document_id])])
        for each in store.list_documents()
    }
    store.close()
    return found


def test_a_kill_at_any_moment_leaves_the_old_articles_or_the_new(
    settings, store: KnowledgeStore, articles: Path, tmp_path: Path
) -> None:
    ingest_path(store, articles)
    store.close()
    former = content(settings.database)
    (articles / "descaling.md").write_text("# Descaling\n\nUse the new tablets.\n")
    (articles / "christmas.md").unlink()
    (articles / "new.md").write_text("# Opening hours\n\nWe are open on Sunday.\n")
    whole = KnowledgeStore(tmp_path / "whole.db")
    ingest_path(whole, articles)
    whole.close()
    wanted = content(tmp_path / "whole.db")
    command = [sys.executable, str(Path(__file__).with_name("killed_ingest.py")), str(settings.database), str(articles)]
    killed = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for steps in range(1, 1000):
            process.stdin.write(f"{steps}\n")
            process.stdin.flush()
            said = process.stdout.readline().strip()
            found = content(settings.database)
            if said == "finished":
                break
            assert said == "killed"
            killed += 1
            assert found in (former, wanted)
            if found == wanted:
                break
        process.stdin.close()
    assert killed > 20
    assert found == wanted
