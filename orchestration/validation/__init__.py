"""Great Expectations: lists as they are delivered, accepted rows in raw, and marts before they are published."""
