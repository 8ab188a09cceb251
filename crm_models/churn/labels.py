"""What the churn model is called, and its label for those who probably leave."""

CHURN = "churn"
AT_RISK = "at_risk"
