"""People: found, seen masked with what they are part of, and records that are one human's."""

from django.urls import path

from fangxian.web.people import duplicates, finding, one

urlpatterns = [
    path("", finding.index, name="people"),
    path("duplicates/", duplicates.index, name="duplicates"),
    path("duplicates/search/", duplicates.search, name="duplicates_search"),
    path("duplicates/<int:match>/", duplicates.pair, name="duplicate"),
    path("duplicates/<int:match>/reveal/", duplicates.reveal, name="duplicate_reveal"),
    path("duplicates/<int:match>/part/", duplicates.part, name="duplicate_part"),
    path("<str:code>/", one.page, name="person"),
    path("<str:code>/reveal/", one.reveal, name="person_reveal"),
    path("<str:code>/duplicates/", one.look, name="person_duplicates"),
]
