"""Who may leave: of a shop's own customers, and of any table with a column that says who left."""

from crm_models.churn.model import ChurnModel
from crm_models.churn.shop_table import HORIZON, churn_cut_offs, churn_table

__all__ = ["HORIZON", "ChurnModel", "churn_cut_offs", "churn_table"]
