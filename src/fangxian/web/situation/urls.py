"""The situation, and the daily report."""

from django.urls import path

from fangxian.web.situation import views

urlpatterns = [
    path("", views.index, name="situation"),
    path("missing/", views.missing, name="situation_missing"),
]
