"""Searches for contacts: the list, one search, its people, decisions."""

from django.urls import path

from fangxian.web.finding import deciding, listing, one, people

urlpatterns = [
    path("contact-searches/", listing.index, name="searches"),
    path("contact-searches/<str:code>/", one.page, name="search"),
    path("contact-searches/<str:code>/map.json", one.features, name="search_map"),
    path("contact-searches/<str:code>/where/", one.where, name="search_where"),
    path("contact-searches/<str:code>/stop/", one.stop, name="search_stop"),
    path("contact-searches/<str:code>/resume/", one.resume, name="search_resume"),
    path("contact-searches/<str:code>/decide/", deciding.decide, name="search_decide"),
    path("contact-searches/<str:code>/confirm-all/", deciding.confirm_all, name="search_confirm_all"),
    path("contact-searches/<str:code>/export/", deciding.export, name="search_export"),
    path("contact-searches/<str:code>/people/<int:candidate_id>/", people.page, name="candidate"),
    path("contact-searches/<str:code>/people/<int:candidate_id>/person/", people.person, name="candidate_person"),
    path("contact-searches/<str:code>/people/<int:candidate_id>/reveal/", people.reveal, name="candidate_reveal"),
]
