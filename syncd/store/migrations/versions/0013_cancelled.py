"""Parcels know whether their shop has cancelled them: others may go on under the same number."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("shipments", sa.Column("cancelled", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
