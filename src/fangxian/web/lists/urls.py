"""Saved views and chosen columns of the lists."""

from django.urls import path

from fangxian.web.lists import saved

urlpatterns = [
    path("<str:page>/views/", saved.save, name="view_save"),
    path("<str:page>/views/<int:view>/", saved.change, name="view_change"),
    path("<str:page>/columns/", saved.columns, name="columns"),
]
