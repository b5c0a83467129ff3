"""Pure functions over Arrow arrays, called from SQL. No input or output happens here."""
