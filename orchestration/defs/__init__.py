"""The Dagster assets, checks, triggers and resources, one file for each kind."""
