"""Searches for contacts: the list, one search, its people, decisions."""

from django.urls import path

from fangxian.web.finding import deciding, listing, one, people, places

urlpatterns = [
    path("searches/", listing.index, name="searches"),
    path("searches/<str:code>/", one.page, name="search"),
    path("searches/<str:code>/map.json", one.features, name="search_map"),
    path("searches/<str:code>/where/", one.where, name="search_where"),
    path("searches/<str:code>/stop/", one.stop, name="search_stop"),
    path("searches/<str:code>/resume/", one.resume, name="search_resume"),
    path("searches/<str:code>/decide/", deciding.decide, name="search_decide"),
    path("searches/<str:code>/confirm-all/", deciding.confirm_all, name="search_confirm_all"),
    path("searches/<str:code>/export/", deciding.export, name="search_export"),
    path("searches/<str:code>/people/<int:candidate_id>/", people.page, name="candidate"),
    path("searches/<str:code>/people/<int:candidate_id>/person/", people.person, name="candidate_person"),
    path("searches/<str:code>/people/<int:candidate_id>/reveal/", people.reveal, name="candidate_reveal"),
    path("exposure-places/", places.index, name="exposure_places"),
    path("exposure-places/map.json", places.features, name="exposure_places_map"),
]
