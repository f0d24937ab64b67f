"""Messages that syncd sent are found by the platform's id, and tell which order they were about."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Of the stores from before: what the writers do from now on.
_LINK = """
    INSERT INTO conversation_orders (order_source_id, conversation_id)
    SELECT DISTINCT outbox.order_source_id, messages.conversation_id
    FROM deliveries
    JOIN outbox ON outbox.id = deliveries.outbox_id
    JOIN messages ON messages.account_id = outbox.account_id
     AND messages.source_id = deliveries.source_id
    WHERE deliveries.outcome = 'sent' AND outbox.order_source_id IS NOT NULL
     AND outbox.purpose NOT IN ('extension', 'review_request', 'confirmation')
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_index("ix_deliveries_source_id", "deliveries", ["source_id"])
    op.execute(_LINK)


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
