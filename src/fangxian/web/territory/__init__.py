"""The ground that everything stands on: jurisdictions, the organisations that answer, the places, the households."""
