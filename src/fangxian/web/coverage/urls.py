"""Addresses of this part."""

from django.urls import path
from fangxian.web.coverage import views

urlpatterns = [path("", views.index, name="coverage")]
