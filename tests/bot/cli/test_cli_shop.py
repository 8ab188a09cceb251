"""Seeding and importing: the database, the extractor's words, the articles and the log-ins go together."""

from __future__ import annotations

import json
import stat

import pytest

from bot.cli import shop
from bot.cli.config import read_config
from bot.nlu.gazetteer import read_gazetteer
from bot.settings import PROJECT
from crm_models.database import create_engine
from crm_models.staff import Role, check_login
from knowledge.store import KnowledgeStore

# A shop that somebody else wrote; not part of the repository.
FOREIGN = PROJECT.parent / "shared" / "data" / "tau_bench_retail"


def articles(home) -> set[str]:
    store = KnowledgeStore(home / "knowledge.db")
    found = {document.document_id for document in store.list_documents()}
    store.close()
    return found


def test_a_seeded_shop_has_its_words_articles_and_traits(rapport, home):
    outcome = rapport("seed", "--customers", "6")
    assert outcome.code == 0
    assert "6 customers" in outcome.said
    words = read_gazetteer(home / "gazetteer.json")
    assert words.order_prefixes == ("HV-",)
    assert len(words.products) >= 120
    assert "return-windows" in articles(home)
    assert (home / "demo_truth.csv").exists()


def test_a_shop_is_not_overwritten_unless_asked(rapport):
    assert rapport("seed", "--customers", "6").code == 0
    refused = rapport("seed", "--customers", "7")
    assert refused.code == 2
    assert "rapport seed --replace" in refused.complained
    assert "7 customers" in rapport("seed", "--customers", "7", "--replace").said


def test_demo_log_ins_are_made_once_and_work(home):
    config = read_config()
    from bot.cli.prepare import open_database

    engine = open_database(config)
    logins = shop.demo_logins(config, engine)
    assert shop.demo_logins(config, engine) == logins
    assert stat.S_IMODE((home / "demo_logins.json").stat().st_mode) == 0o600
    with engine.begin() as connection:
        assert {name: check_login(connection, name, word).role for name, word in logins.items()} == {
            "agent": Role.AGENT,
            "analyst": Role.ANALYST,
            "admin": Role.ADMIN,
        }


def test_staff_of_a_real_shop_can_log_in(rapport, home):
    assert rapport("add-staff", "mara", "--role", "agent", "--password", "long enough").code == 0
    with create_engine(read_config().crm.database_url).begin() as connection:
        assert check_login(connection, "mara", "long enough").role is Role.AGENT
    assert rapport("add-staff", "mara", "--password", "long enough").code == 2
    wrong = rapport("add-staff", "jonas", "--role", "boss", "--password", "long enough")
    assert wrong.code == 2
    assert "agent, analyst, admin" in wrong.complained


@pytest.mark.skipif(not FOREIGN.exists(), reason="the foreign shop's files are not beside this checkout")
def test_an_imported_shop_replaces_the_demo_with_its_articles(rapport, home):
    rapport("seed", "--customers", "6")
    assert rapport("import-shop", str(FOREIGN)).code == 2
    outcome = rapport("import-shop", str(FOREIGN), "--replace")
    assert outcome.code == 0
    assert "500 customers" in outcome.said
    assert json.loads((home / "gazetteer.json").read_text())["order_prefixes"] == ["W"]
    assert articles(home) == {"wiki"}


def test_exports_need_an_admin_for_personal_data(rapport, home, monkeypatch, tmp_path):
    config = read_config()
    from bot.cli.prepare import open_database

    logins = shop.demo_logins(config, open_database(config))
    assert rapport("export", "messages", "--format", "parquet").code == 0
    assert (tmp_path / "messages.parquet").exists()
    for name, code in (("agent", 2), ("admin", 0)):
        monkeypatch.setattr("typer.prompt", lambda *_, name=name, **__: logins[name])
        assert rapport("export", "messages", "-o", f"{name}.csv", "--unmasked", name).code == code
    assert (tmp_path / "admin.csv").exists()
    assert not (tmp_path / "agent.csv").exists()


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (("export", "secrets"), "conversations, messages, feedback"),
        (("export", "messages", "--format", "xls"), "csv, parquet"),
        (("export", "messages", "--since", "2026-02-01", "--until", "2026-01-01"), "exchange them"),
        (("export", "messages", "--since", "yesterday"), "--since"),
        (("bench", "everything"), "'everything'"),
        (("bench", "intent", "--peers", "some"), "all, fast, none"),
        (("bench", "intent", "--quick"), "--data"),
    ],
)
def test_what_is_not_given_is_named(rapport, typed, named):
    outcome = rapport(*typed)
    assert outcome.code == 2
    assert named in outcome.complained
