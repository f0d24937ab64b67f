"""Parcels know how far their orders are: of those that were called off no trouble is told."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("shipments", sa.Column("order_status", sa.Text(), nullable=True))
    op.execute(
        "UPDATE shipments SET order_status = (SELECT status FROM orders"
        " WHERE orders.account_id = shipments.account_id"
        " AND orders.source_id = shipments.order_source_id)"
    )
    # Those that are over are judged at the first start.
    op.execute(
        "UPDATE shipment_dues SET due_at = 0 WHERE shipment_id IN"
        " (SELECT id FROM shipments WHERE order_status IN ('cancelled', 'delivered'))"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
