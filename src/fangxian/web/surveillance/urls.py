"""Early warning: the overview, series, alerts, what is late, what was heard, what may come from outside."""

from django.urls import path

from fangxian.web.surveillance import alerts, overview, series

urlpatterns = [
    path("", overview.index, name="surveillance"),
    path("series/", series.table, name="surveillance_series"),
    path("series/<str:code>/<str:measure>/", series.one, name="surveillance_one"),
    path("series/<str:code>/<str:measure>/<str:form>", series.download, name="surveillance_figure"),
    path("late/", overview.late, name="surveillance_late"),
    path("alerts/", alerts.listing, name="surveillance_alerts"),
    path("heard/", alerts.heard, name="surveillance_heard"),
    path("<str:code>/", alerts.page, name="alert"),
    path("<str:code>/<str:act>/", alerts.act, name="alert_act"),
]
