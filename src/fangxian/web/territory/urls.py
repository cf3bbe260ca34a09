"""Jurisdictions, organisations, places, households."""

from django.urls import path

from fangxian.web.territory import areas, bodies, homes, places

urlpatterns = [
    path("areas/", areas.page, name="areas"),
    path("areas/<str:code>/", areas.page, name="area"),
    path("organisations/", bodies.index, name="organisations"),
    path("organisations/<int:organisation>/", bodies.one, name="organisation"),
    path("places/", places.index, name="places"),
    path("places/<str:code>/", places.one, name="place"),
    path("places/<str:code>/map.json", places.on_the_map, name="place_map"),
    path("households/", homes.index, name="households"),
    path("households/<str:code>/", homes.one, name="household"),
]
