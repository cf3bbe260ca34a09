"""Questions, their answers, decisions."""

from django.urls import path

from fangxian.web.decisions import asking, listing, one, playing

urlpatterns = [
    path("", listing.index, name="decisions"),
    path("ask/", asking.ask, name="decision_ask"),
    path("<str:code>/", one.page, name="decision"),
    path("<str:code>/stop/", one.stop, name="decision_stop"),
    path("<str:code>/resume/", one.resume, name="decision_resume"),
    path("<str:code>/sign/", one.sign, name="decision_sign"),
    path("<str:code>/days.json", playing.days, name="decision_days"),
    path("<str:code>/parts.json", playing.features, name="decision_parts"),
    path("<str:code>/policies.csv", one.table, name="decision_table"),
    path("<str:code>/<str:language>.<str:form>", one.brief, name="decision_brief"),
]
