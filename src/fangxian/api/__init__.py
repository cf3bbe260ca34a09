"""The API, version 1: every action and query of the house under /api/v1, described by OpenAPI."""

from ninja import NinjaAPI

api = NinjaAPI(title="Fangxian 防线", version="1.0", urls_namespace="api")
