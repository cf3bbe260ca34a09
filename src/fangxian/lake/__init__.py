"""Bulk facts: stays and positions by the hundred million, outside the record database."""
