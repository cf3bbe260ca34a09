"""Cases: the line list, the report, a case with its parts."""

from django.urls import path

from fangxian.web.cases import bulk, editing, exposing, listing, one, reporting, stays
from fangxian.web.finding import beginning

urlpatterns = [
    path("", listing.index, name="cases"),
    path("bulk/", bulk.bulk, name="cases_bulk"),
    path("export/", listing.export, name="cases_export"),
    path("report/", reporting.report, name="report"),
    path("<str:code>/", one.page, name="case"),
    path("<str:code>/review/", one.review, name="case_review"),
    path("<str:code>/reveal/", one.reveal, name="case_reveal"),
    path("<str:code>/person/", one.person, name="case_person"),
    path("<str:code>/edit/", editing.edit, name="case_edit"),
    path("<str:code>/discard/", editing.discard, name="case_discard"),
    path("<str:code>/duties/", one.duties, name="case_duties"),
    path("<str:code>/contacts/", one.contacts, name="case_contacts"),
    path("<str:code>/exposures/add/", exposing.add, name="exposure_add"),
    path("<str:code>/exposures/proposal/", exposing.propose, name="exposure_proposal"),
    path("<str:code>/exposures/people/", exposing.people, name="exposure_people"),
    path("<str:code>/exposures/<int:exposure_id>/", exposing.edit, name="exposure_edit"),
    path("<str:code>/find/", beginning.begin, name="case_find"),
    path("<str:code>/follow-up/", one.follow_up, name="case_follow_up"),
    path("<str:code>/chain/", one.chain, name="case_chain"),
    path("<str:code>/track/", stays.track, name="case_track"),
    path("<str:code>/track/map/", stays.track_map, name="track_map"),
    path("<str:code>/track/times/", stays.move, name="track_move"),
    path("<str:code>/track/add/", stays.add, name="stay_add"),
    path("<str:code>/track/places/", stays.places, name="case_places"),
    path("<str:code>/track/<int:stay_id>/", stays.edit, name="stay_edit"),
    path("<str:code>/track/<int:stay_id>/remove/", stays.remove, name="stay_remove"),
]
