"""Outbreaks: the list, opening one, its dates, its end."""

from django.urls import path

from fangxian.web.outbreaks import views

urlpatterns = [
    path("", views.index, name="outbreaks"),
    path("open/", views.open_one, name="outbreak_open"),
    path("<str:code>/", views.one, name="outbreak"),
    path("<str:code>/milestones/", views.milestones, name="outbreak_milestones"),
    path("<str:code>/close/", views.close, name="outbreak_close"),
]
