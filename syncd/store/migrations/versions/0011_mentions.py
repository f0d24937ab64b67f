"""Tracking numbers that buyers wrote before a parcel had them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "conversation_numbers",
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("conversation_id", _Id, nullable=False),
        sa.PrimaryKeyConstraint(
            "tracking_number", "conversation_id", name=op.f("pk_conversation_numbers")
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
