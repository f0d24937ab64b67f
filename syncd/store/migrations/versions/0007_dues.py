"""When parcels and orders are to be judged goes into narrow tables of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _move("shipment", "shipments")
    _move("order", "orders")


def _move(subject: str, subjects: str) -> None:
    dues, number = f"{subject}_dues", f"{subject}_id"
    op.create_table(
        dues,
        sa.Column(number, _Id, autoincrement=False, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(number, name=op.f(f"pk_{dues}")),
    )
    op.execute(
        f"INSERT INTO {dues} ({number}, due_at)"  # noqa: S608  two names, both from above
        f" SELECT id, due_at FROM {subjects} WHERE due_at IS NOT NULL ORDER BY id"
    )
    op.create_index(f"ix_{dues}_due_at", dues, ["due_at"])
    op.drop_index(f"ix_{subjects}_due_at", subjects)
    op.drop_column(subjects, "due_at")


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
