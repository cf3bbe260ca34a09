"""Zones: list and map, one zone, drawing, deciding; venue notices."""

from django.urls import path

from fangxian.web.zones import acting, editing, listing, one, venues

urlpatterns = [
    path("", listing.index, name="zones"),
    path("map.json", listing.features, name="zones_map"),
    path("new/", editing.propose, name="zone_new"),
    path("pieces.json", editing.pieces, name="zone_pieces"),
    path("venues/", venues.index, name="venues"),
    path("venues/<str:code>/withdraw/", venues.withdraw, name="venue_withdraw"),
    path("<str:code>/", one.page, name="zone"),
    path("<str:code>/map.json", one.features, name="zone_map"),
    path("<str:code>/inside/", one.inside, name="zone_inside"),
    path("<str:code>/history/", one.history, name="zone_history"),
    path("<str:code>/notice/<int:number>/", one.notice, name="zone_notice"),
    path("<str:code>/edit/", editing.edit, name="zone_edit"),
    path("<str:code>/decide/", acting.decide, name="zone_decide"),
    path("<str:code>/publish/", acting.publish, name="zone_publish"),
    path("<str:code>/round/", acting.record_round, name="zone_round"),
    path("<str:code>/lift/", acting.lift, name="zone_lift"),
    path("<str:code>/withdraw/", acting.withdraw, name="zone_withdraw"),
]
