"""Testing rounds: the list, planning one, how far it is, who is missing, the grid worker's list, what residents read."""

from django.urls import path

from fangxian.web.rounds import acting, listing, mopping, one

urlpatterns = [
    path("", listing.index, name="rounds"),
    path("new/", listing.new, name="round_new"),
    path("<str:code>/", one.page, name="round"),
    path("<str:code>/map/", one.features, name="round_map"),
    path("<str:code>/points/", one.points, name="round_points"),
    path("<str:code>/workers/", one.workers, name="round_workers"),
    path("<str:code>/next/", one.following, name="round_next"),
    path("<str:code>/notice/", one.notice, name="round_notice"),
    path("<str:code>/missing/", mopping.missing, name="round_missing"),
    path("<str:code>/exempt/", mopping.exempt, name="round_exempt"),
    path("<str:code>/doors/", mopping.doors, name="round_doors"),
    path("<str:code>/mop-up/<str:area>/", mopping.mop_up, name="round_mop_up"),
    path("<str:code>/newcomers/<str:area>/", mopping.newcomers, name="round_newcomers"),
    path("<str:code>/<slug:what>/", acting.act, name="round_act"),
]
