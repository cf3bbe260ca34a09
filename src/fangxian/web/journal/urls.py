"""The journal, for those whose task it is to watch over the house."""

from django.urls import path

from fangxian.web.journal import views

urlpatterns = [path("", views.index, name="journal")]
