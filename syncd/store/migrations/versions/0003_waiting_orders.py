"""Orders fall due before they have a parcel; the lateness model keeps its board's threshold."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("orders", sa.Column("due_at", sa.BigInteger(), nullable=True))
    _partial_index("ix_orders_due_at", "orders", "due_at", "due_at IS NOT NULL")
    _partial_index("ix_orders_waiting", "orders", "account_id", "status = 'unshipped'")
    op.add_column("findings", sa.Column("order_id", _Id, nullable=True))
    _partial_index("ix_findings_order_id", "findings", "order_id", "order_id IS NOT NULL")
    op.add_column("outbox", sa.Column("order_id", _Id, nullable=True))
    op.add_column("lateness_models", sa.Column("board", sa.Float(), nullable=True))
    # Those that are known already and wait are judged at the first start.
    op.execute("UPDATE orders SET due_at = seen_at WHERE status = 'unshipped'")


def _partial_index(name: str, table: str, column: str, where: str) -> None:
    op.create_index(
        name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
