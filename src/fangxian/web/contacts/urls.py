"""Contacts: the four-clear table, and one contact with the calendar of the follow-up."""

from django.urls import path

from fangxian.web.contacts import deciding, listing, one

urlpatterns = [
    path("", listing.index, name="contacts"),
    path("export/", listing.export, name="contacts_export"),
    path("<str:code>/", one.page, name="contact"),
    path("<str:code>/reveal/", one.reveal, name="contact_reveal"),
    path("<str:code>/person/", one.person, name="contact_person"),
    path("<str:code>/duties/", one.duties, name="contact_duties"),
    path("<str:code>/calendar/", one.calendar, name="contact_calendar"),
    path("<str:code>/clear/", deciding.clear, name="contact_clear"),
    path("<str:code>/hold/", deciding.hold, name="contact_hold"),
    path("<str:code>/end/", deciding.end, name="contact_end"),
    path("<str:code>/case/", deciding.become_case, name="contact_case"),
]
