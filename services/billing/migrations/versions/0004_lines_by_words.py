"""Pages of lines of a product or of a project, in the order of the bills.

Without these a page of a product that a month has few lines of read the whole month.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX cloud_cost_lines_product_idx ON cloud_cost_lines (period, product, id);
CREATE INDEX cloud_cost_lines_project_idx ON cloud_cost_lines (period, project_name, id);
"""


def upgrade() -> None:
    op.execute(INDEXES)
