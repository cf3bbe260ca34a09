"""Addresses of this part."""

from django.urls import path
from fangxian.web.cases import views

urlpatterns = [path("", views.index, name="cases")]
