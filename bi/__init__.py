"""Dashboards over the published marts: compact specifications, and what starts Superset with them."""
