"""Addresses of this part."""

from django.urls import path
from fangxian.web.contacts import views

urlpatterns = [path("", views.index, name="contacts")]
