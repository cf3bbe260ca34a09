"""High-risk posts: rosters, who is due and late, one worker."""

from django.urls import path

from fangxian.web.screening import rosters, workers

urlpatterns = [
    path("screening/", rosters.index, name="screening"),
    path("screening/late/", rosters.late, name="screening_late"),
    path("screening/rosters/<int:roster>/", rosters.roster, name="screening_roster"),
    path("screening/rosters/<int:roster>/enrol/", rosters.enrol, name="screening_enrol"),
    path("screening/workers/<str:code>/", workers.page, name="screening_worker"),
    path("screening/workers/<str:code>/<str:what>/", workers.act, name="screening_act"),
]
