"""What all tables are made of."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TextClause,
    event,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives row ids only to INTEGER keys; PostgreSQL's INTEGER is too small for them.
Id = BigInteger().with_variant(Integer, "sqlite")


def id_() -> Column[Any]:
    """A row's own number."""
    return Column("id", Id, primary_key=True)


def time(name: str, *, nullable: bool = True) -> Column[Any]:
    """A moment in microseconds."""
    return Column(name, BigInteger, nullable=nullable)


def account(**options: Any) -> Column[Any]:
    """The number of the account that a row came through."""
    return Column("account_id", Id, nullable=False, **options)


def texts(*names: str) -> list[Column[Any]]:
    """Texts that may be missing."""
    return [Column(name, Text) for name in names]


def due(number: str) -> list[Column[Any]]:
    """The columns of a table of when subjects are to be judged; one without a row is not."""
    return [
        Column(number, Id, primary_key=True, autoincrement=False),
        Column("due_at", BigInteger, nullable=False, index=True),
    ]


def on_postgresql(item: Table | Index, **options: Any) -> None:
    """How PostgreSQL makes `item`, by its dialect's options (without ``postgresql_``).

    Given to the item itself they would import that dialect, a twentieth of a start, for SQLite too.
    """

    @event.listens_for(metadata, "before_create")
    def _tell(_: MetaData, connection: Connection, **__: Any) -> None:
        if connection.dialect.name == "postgresql":
            item.dialect_options["postgresql"].update(options)


def partial_index(
    name: str, column: Column[Any], *, where: ColumnElement[bool] | TextClause
) -> None:
    """An index of the rows that fulfil `where`."""
    on_postgresql(Index(name, column, sqlite_where=where), where=where)
