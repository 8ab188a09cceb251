"""`rapport notices`: what is due, what was sent, and mistakes in the rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm_models.database import create_engine
from crm_models.tables import mails

ALWAYS = "quiet_from: '00:00'\nquiet_until: '00:00'\n"


@pytest.fixture
def demo(rapport, home: Path) -> Path:
    """The demo shop, in which a message may be sent at any hour: a test may run at night."""
    assert rapport("seed", "--customers", "6").code == 0
    (home / "notices.yml").write_text(ALWAYS)
    return home


def mailed(home: Path) -> int:
    with create_engine(f"sqlite:///{home / 'rapport.db'}").begin() as connection:
        return int(connection.execute(select(func.count()).select_from(mails)).scalar_one())


def test_what_is_due_is_told_and_nothing_is_sent(rapport, demo: Path) -> None:
    outcome = rapport("notices", "due")
    assert outcome.code == 0
    assert "HV-104306" in outcome.said and "would go" in outcome.said
    assert mailed(demo) == 0
    assert "There are none" in rapport("notices", "list").said


def test_sending_sends_once_and_the_list_tells_it(rapport, demo: Path) -> None:
    assert "2 sent" in rapport("notices", "send").said
    assert "0 sent" in rapport("notices", "send").said
    assert mailed(demo) == 2
    listed = rapport("notices", "list", "--status", "sent", "--customer", "C-000003")
    assert "HV-104306" in listed.said and "C-000001" not in listed.said


def test_a_mistake_in_the_rules_is_one_sentence(rapport, demo: Path) -> None:
    (demo / "notices.yml").write_text("most_per_day: 0")
    outcome = rapport("notices", "due")
    assert outcome.code == 2
    assert "notices.yml" in outcome.complained and "most_per_day is 0" in outcome.complained
    (demo / "notices.yml").unlink()
    outcome = rapport("notices", "list", "--status", "gone")
    assert outcome.code == 2 and "due, sent, dropped" in outcome.complained
