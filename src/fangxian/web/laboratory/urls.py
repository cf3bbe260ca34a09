"""Samples: tubes, boxes, results, what waits for a decision, and the swab point on a telephone."""

from django.urls import path

from fangxian.web.laboratory import boxes, clocks, deciding, labels, points, ready, results, tubes

urlpatterns = [
    path("", tubes.index, name="samples"),
    path("points/", points.index, name="sample_points"),
    path("points/<str:code>/", points.swab, name="sample_point"),
    path("points/<str:code>/swabs/", points.swabs, name="sample_swabs"),
    path("points/<str:code>/labels/", labels.sheet, name="sample_labels"),
    path("points/<str:code>/close/", points.close, name="sample_point_close"),
    path("boxes/", boxes.index, name="sample_boxes"),
    path("boxes/seal/", boxes.seal, name="sample_seal"),
    path("boxes/<str:code>/", boxes.one, name="sample_box"),
    path("boxes/<str:code>/hand/", boxes.hand, name="sample_hand"),
    path("boxes/<str:code>/receive/", boxes.receive, name="sample_receive"),
    path("results/", results.enter, name="sample_results"),
    path("positives/", deciding.positives, name="sample_positives"),
    path("members/", deciding.members, name="sample_members"),
    path("members/<int:pk>/", deciding.member, name="sample_member"),
    path("unmatched/", deciding.unmatched, name="sample_unmatched"),
    path("unmatched/<int:pk>/", deciding.decide_unmatched, name="sample_match"),
    path("<str:code>/", tubes.one, name="sample"),
    path("<str:code>/clocks/", clocks.page, name="sample_clocks"),
    path("<str:code>/ready/", ready.page, name="sample_ready"),
    path("<str:code>/<slug:what>/", tubes.act, name="sample_act"),
]
