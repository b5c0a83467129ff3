"""Reading, checking and landing what the parties export; needs no Dagster."""
