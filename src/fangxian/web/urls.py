"""The pages: a folder for each part of the product."""

from django.urls import include, path

app_name = "web"
urlpatterns = [
    path("", include("fangxian.web.duties.urls")),
    path("", include("fangxian.web.phone.urls")),
    path("", include("fangxian.web.account.urls")),
    path("", include("fangxian.web.public.urls")),
    path("mine/", include("fangxian.web.resident.urls")),
    path("", include("fangxian.web.isolation.urls")),
    path("", include("fangxian.web.screening.urls")),
    path("zones/", include("fangxian.web.zones.urls")),
    path("coverage/", include("fangxian.web.coverage.urls")),
    path("situation/", include("fangxian.web.situation.urls")),
    path("trend/", include("fangxian.web.trend.urls")),
    path("decisions/", include("fangxian.web.decisions.urls")),
    path("journal/", include("fangxian.web.journal.urls")),
    path("design/", include("fangxian.web.design.urls")),
    path("sources/", include("fangxian.web.sources.urls")),
    path("samples/", include("fangxian.web.laboratory.urls")),
    path("rounds/", include("fangxian.web.rounds.urls")),
    path("surveillance/", include("fangxian.web.surveillance.urls")),
    path("cases/", include("fangxian.web.cases.urls")),
    path("", include("fangxian.web.registrar.urls")),
    path("protocols/", include("fangxian.web.protocols.urls")),
    path("people/", include("fangxian.web.people.urls")),
    path("", include("fangxian.web.territory.urls")),
    path("imports/", include("fangxian.web.imports.urls")),
    path("jobs/", include("fangxian.web.jobs.urls")),
    path("lists/", include("fangxian.web.lists.urls")),
    path("", include("fangxian.web.finding.urls")),
    path("contacts/", include("fangxian.web.contacts.urls")),
    path("chains/", include("fangxian.web.chains.urls")),
    path("outbreaks/", include("fangxian.web.outbreaks.urls")),
]
