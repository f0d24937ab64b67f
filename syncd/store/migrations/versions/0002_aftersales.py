"""Cases, reviews and stock levels; what an outbox row asks for; open findings by their kind."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _reviews()
    op.create_table(
        "item_versions",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", _Id, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "item_id", "version", name=op.f("pk_item_versions")),
    )
    _stock_levels()
    op.add_column("outbox", sa.Column("details", sa.Text(), nullable=True))
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_findings_open",
        "findings",
        ["kind"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("order_source_id", sa.Text(), nullable=True),
        sa.Column("customer_id", _Id, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("thread_id", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("respond_by", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("account_id", "source_id", name=op.f("uq_cases_account_id_source_id")),
    )
    op.create_index(op.f("ix_cases_order_source_id"), "cases", ["order_source_id"])
    op.create_index(op.f("ix_cases_customer_id"), "cases", ["customer_id"])


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("order_source_id", sa.Text(), nullable=True),
        sa.Column("customer_id", _Id, nullable=True),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint(
            "account_id", "source_id", name=op.f("uq_reviews_account_id_source_id")
        ),
    )
    op.create_index(op.f("ix_reviews_order_source_id"), "reviews", ["order_source_id"])
    op.create_index(op.f("ix_reviews_customer_id"), "reviews", ["customer_id"])


def _stock_levels() -> None:
    op.create_table(
        "stock_levels",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("listing_id", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_levels")),
        sa.UniqueConstraint(
            "account_id", "source_id", name=op.f("uq_stock_levels_account_id_source_id")
        ),
    )
    op.create_index(op.f("ix_stock_levels_account_id_sku"), "stock_levels", ["account_id", "sku"])
