"""Listings that conversations and order lines are about."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "conversation_listings",
        sa.Column("conversation_id", _Id, nullable=False),
        sa.Column("listing_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "conversation_id", "listing_id", name=op.f("pk_conversation_listings")
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("order_lines", sa.Column("listing_id", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
