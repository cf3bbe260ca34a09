"""Cases: the line list, the report, a case with its parts."""

from django.urls import path

from fangxian.web.cases import bulk, editing, listing, one, reporting

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
    path("<str:code>/chain/", one.chain, name="case_chain"),
    path("<str:code>/track/", one.track, name="case_track"),
]
