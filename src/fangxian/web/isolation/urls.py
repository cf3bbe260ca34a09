"""Isolation: sites, the loop, the round, trips."""

from django.urls import path

from fangxian.web.isolation import allocating, letters, lists, neighbours, person, places, trips

urlpatterns = [
    path("isolation/", lists.index, name="isolation"),
    path("isolation/people/", lists.people, name="isolation_people"),
    path("isolation/people/new/", lists.tell, name="isolation_tell"),
    path("isolation/people/<str:code>/", person.page, name="isolation_person"),
    path("isolation/people/<str:code>/reveal/", person.reveal, name="isolation_reveal"),
    path("isolation/people/<str:code>/choose/", person.choose, name="isolation_choose"),
    path("isolation/people/<str:code>/letter/", letters.letter, name="isolation_letter"),
    path("isolation/people/<str:code>/neighbours/", neighbours.tell, name="isolation_tell_neighbours"),
    path("isolation/neighbours/", neighbours.index, name="neighbours"),
    path("isolation/neighbours/<str:code>/", neighbours.notice, name="neighbour_notice"),
    path("isolation/neighbours/<str:code>/withdraw/", neighbours.withdraw, name="neighbour_withdraw"),
    path("isolation/people/<str:code>/certificate/", person.certificate, name="isolation_certificate"),
    path("isolation/people/<str:code>/<str:what>/", person.act, name="isolation_act"),
    path("isolation/between/", lists.between, name="isolation_between"),
    path("isolation/releases/", lists.releases, name="isolation_releases"),
    path("isolation/waiting/", lists.waiting, name="isolation_waiting"),
    path("isolation/sites/new/", lists.new_site, name="isolation_site_new"),
    path("isolation/sites/<str:code>/", places.site, name="isolation_site"),
    path("isolation/sites/<str:code>/round/", places.rounds, name="isolation_round"),
    path("isolation/sites/<str:code>/<str:what>/", places.act, name="isolation_site_act"),
    path("isolation/allocations/", allocating.index, name="allocations"),
    path("isolation/allocations/<str:code>/", allocating.page, name="allocation"),
    path("isolation/allocations/<str:code>/accept/", allocating.accept, name="allocation_accept"),
    path("isolation/allocations/<str:code>/stop/", allocating.stop, name="allocation_stop"),
    path("trips/", trips.index, name="trips"),
    path("trips/new/", trips.new, name="trip_new"),
    path("trips/<str:code>/", trips.trip, name="trip"),
    path("trips/<str:code>/<str:what>/", trips.act, name="trip_act"),
]
