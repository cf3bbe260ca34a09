"""The API, version 1: every action and query of the house under /api/v1, described by OpenAPI."""

from fangxian.api.house import api

__all__ = ["api"]
