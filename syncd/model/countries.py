"""Countries by their codes in ISO 3166, by which parcels go."""

OTHER_CODES = {"UK": "GB", "EL": "GR"}
"""What people write for countries whose code is another."""
