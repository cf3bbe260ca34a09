"""The situation, and the daily report."""

from django.urls import path

from fangxian.web.situation import reports, views

urlpatterns = [
    path("", views.index, name="situation"),
    path("missing/", views.missing, name="situation_missing"),
    path("rounds/", views.running_rounds, name="situation_rounds"),
    path("map/", views.map_of_parts, name="situation_map"),
    path("reports/", reports.index, name="sitreps"),
    path("reports/draft/", reports.draft, name="sitrep_draft"),
    path("reports/<str:code>/", reports.one, name="sitrep"),
    path("reports/<str:code>/edit/", reports.edit, name="sitrep_edit"),
    path("reports/<str:code>/refresh/", reports.refresh, name="sitrep_refresh"),
    path("reports/<str:code>/sign/", reports.sign, name="sitrep_sign"),
    path("reports/<str:code>/correct/", reports.correct, name="sitrep_correct"),
    path("reports/<str:code>/<str:language>.<str:form>", reports.file, name="sitrep_file"),
]
