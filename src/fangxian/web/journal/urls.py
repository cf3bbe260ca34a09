"""Addresses of this part."""

from django.urls import path
from fangxian.web.journal import views

urlpatterns = [path("", views.index, name="journal")]
