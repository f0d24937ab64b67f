"""Tracking numbers that are written with blanks, dashes or small letters, as they are compared."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from syncd.model.numbers import normalise

revision = "0012"
down_revision = "0011"

_AT_ONCE = 5000
_ODD = {
    "sqlite": "tracking_number GLOB '*[^0-9A-Z]*'",
    "postgresql": "tracking_number COLLATE \"C\" ~ '[^0-9A-Z]'",
}


def upgrade() -> None:
    op.add_column("shipments", sa.Column("plain_number", sa.Text(), nullable=True))
    for rows in _odd():
        op.get_bind().execute(
            sa.text("UPDATE shipments SET plain_number = :plain WHERE id = :id"), rows
        )
    op.create_index(
        "ix_shipments_plain_number",
        "shipments",
        ["plain_number"],
        sqlite_where=sa.text("plain_number IS NOT NULL"),
        postgresql_where=sa.text("plain_number IS NOT NULL"),
    )
    # Whoever asked for such a parcel has waited for it in vain.
    op.execute(
        "INSERT INTO conversation_orders (order_source_id, conversation_id)"
        " SELECT shipments.order_source_id, named.conversation_id FROM shipments"
        " JOIN conversation_numbers AS named ON named.tracking_number = shipments.plain_number"
        " WHERE shipments.plain_number IS NOT NULL ON CONFLICT DO NOTHING"
    )


def _odd() -> Iterator[list[dict[str, object]]]:
    """The parcels whose number is not written as it is compared, a portion at a time."""
    table = sa.table("shipments", sa.column("id"), sa.column("tracking_number"))
    odd = sa.text(_ODD[op.get_bind().dialect.name])
    later = table.c.id > sa.bindparam("after")
    wanted = sa.select(table).where(later, odd).order_by(table.c.id).limit(_AT_ONCE)
    after = 0
    while found := op.get_bind().execute(wanted, {"after": after}).all():
        after = found[-1][0]
        plain = [(number, written, normalise(written)) for number, written in found]
        if rows := [{"id": n, "plain": new} for n, old, new in plain if new not in {"", old}]:
            yield rows


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
