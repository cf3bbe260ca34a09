"""The design system on one page."""

from django.urls import path

from fangxian.web.design import views

urlpatterns = [
    path("", views.index, name="design"),
    path("map/<str:which>.json", views.sample_map, name="design_map"),
]
