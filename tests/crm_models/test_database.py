import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, insert, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from crm_models.database import check_version, create_engine, migrate, reading
from crm_models.errors import BadDatabaseUrl, DatabaseNotReady, DatabaseTooNew, DatabaseUnreachable
from crm_models.settings import CrmSettings
from crm_models.shop_policy import read_policy, write_fact
from crm_models.tables import loyalty_entries, metadata, shop


@pytest.fixture
def file_engine(tmp_path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path}/data/rapport.db")
    migrate(engine)
    return engine


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def test_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    assert differences(engine) == []


def test_migrating_again_changes_nothing(file_engine: Engine) -> None:
    with file_engine.begin() as connection:
        write_fact(connection, "name", "Mine")
    migrate(file_engine)
    check_version(file_engine)
    with reading(file_engine) as connection:
        assert connection.execute(select(shop.c.value)).scalar_one() == "Mine"


def test_a_database_from_a_newer_version_is_refused(file_engine: Engine) -> None:
    with file_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (check_version, migrate):
        with pytest.raises(DatabaseTooNew, match=r"9999.*newer version of Rapport.*Update Rapport"):
            use(file_engine)


def test_a_database_that_was_never_migrated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReady, match="rapport up"):
        check_version(create_engine(f"sqlite:///{tmp_path}/empty.db"))


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear customer, " * 100)
    with pytest.raises(DatabaseUnreachable, match=r"letter\.db"):
        migrate(create_engine(f"sqlite:///{tmp_path}/letter.db"))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnreachable, match="folder"):
        migrate(create_engine(f"sqlite:///{tmp_path}/file/data/rapport.db"))


def test_a_server_that_does_not_answer_is_refused_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as refusal:
        check_version(create_engine("postgresql://someone:hunter2@127.0.0.1:1/rapport"))
    assert "hunter2" not in str(refusal.value)
    assert "RAPPORT_DATABASE_URL" in str(refusal.value)


@pytest.mark.parametrize("url", ["rapport.db", "mysql://localhost/rapport", "nonsense://x", ""])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="RAPPORT_DATABASE_URL"):
        create_engine(url)


def test_references_are_enforced(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(
            insert(loyalty_entries).values(
                customer_id="C-nobody", points=1, reason="order", created_at=func.current_timestamp()
            )
        )


def test_transactions_that_read_before_they_write_wait_for_each_other(file_engine: Engine) -> None:
    with file_engine.begin() as connection:
        write_fact(connection, "count", 0)

    def add_one() -> None:
        with file_engine.begin() as connection:
            count = connection.execute(select(shop.c.value).where(shop.c.key == "count")).scalar_one()
            write_fact(connection, "count", count + 1)

    threads = [threading.Thread(target=lambda: [add_one() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(file_engine) as connection:
        assert connection.execute(select(shop.c.value)).scalar_one() == 20


def test_reading_goes_on_while_somebody_writes(file_engine: Engine) -> None:
    with file_engine.begin() as writer:
        write_fact(writer, "name", "New")
        with reading(file_engine) as reader:
            assert reader.execute(select(func.count()).select_from(shop)).scalar_one() == 0


def test_a_failed_transaction_leaves_nothing(file_engine: Engine) -> None:
    with pytest.raises(RuntimeError), file_engine.begin() as connection:
        write_fact(connection, "name", "Half")
        raise RuntimeError
    with reading(file_engine) as connection:
        assert connection.execute(select(shop)).all() == []


@pytest.mark.services
def test_postgresql_gets_the_same_tables(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    migrate(engine)
    migrate(engine)
    check_version(engine)
    assert differences(engine) == []
    with engine.begin() as connection:
        assert read_policy(connection).terms("gold").return_days == 60
    engine.dispose()


def test_the_database_is_in_the_data_folder_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAPPORT_HOME", "RAPPORT_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    assert CrmSettings().database_url == "sqlite:///var/rapport.db"
    monkeypatch.setenv("RAPPORT_HOME", "/srv/shop")
    assert CrmSettings().database_url == "sqlite:////srv/shop/rapport.db"
    assert CrmSettings().models_folder == Path("/srv/shop/crm")
    monkeypatch.setenv("RAPPORT_DATABASE_URL", "postgresql://db/shop")
    assert CrmSettings().database_url == "postgresql://db/shop"
