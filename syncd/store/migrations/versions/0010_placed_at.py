"""Parcels know when and for which service they were ordered: judging them reads one row each."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("shipments", sa.Column("placed_at", sa.BigInteger(), nullable=True))
    op.add_column("shipments", sa.Column("shipping_method", sa.Text(), nullable=True))
    op.execute(
        "UPDATE shipments SET (placed_at, shipping_method) ="
        " (SELECT orders.placed_at, orders.shipping_method FROM orders"
        " WHERE orders.account_id = shipments.account_id"
        " AND orders.source_id = shipments.order_source_id)"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
