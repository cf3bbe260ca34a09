"""My duties."""

from django.urls import path

from fangxian.web.duties import views

urlpatterns = [
    path("", views.home, name="home"),
    path("duties/<int:step_id>/", views.step, name="step"),
    path("duties/<int:step_id>/complete/", views.complete, name="complete"),
    path("duties/<int:step_id>/photos/<str:code>/", views.photo, name="photo"),
    path("duties/<int:step_id>/waive/", views.waive, name="waive"),
    path("duties/<int:step_id>/hand-over/", views.hand_over, name="hand_over"),
    path("duties/<int:step_id>/not-reached/", views.not_reached, name="not_reached"),
]
