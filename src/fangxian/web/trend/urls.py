"""The trend."""

from django.urls import path

from fangxian.web.trend import importation, views

urlpatterns = [
    path("", views.index, name="trend"),
    path("importation/", importation.page, name="importation"),
    path("<str:key>.<str:form>", views.file, name="trend_file"),
]
