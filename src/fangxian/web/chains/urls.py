"""Transmission chains of an outbreak."""

from django.urls import path

from fangxian.web.chains import views

urlpatterns = [
    path("", views.index, name="chains"),
    path("data/", views.data, name="chains_data"),
    path("list/", views.listed, name="chains_list"),
    path("<str:code>/", views.node, name="chains_node"),
]
