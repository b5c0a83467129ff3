"""Runs the pipeline: ingestion, dbt, checks and publishing as one monthly job."""
