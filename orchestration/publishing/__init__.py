"""What readers get: the published files, and what was seen of months that are built again."""
