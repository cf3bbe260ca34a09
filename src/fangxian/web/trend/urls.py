"""The trend."""

from django.urls import path

from fangxian.web.trend import views

urlpatterns = [
    path("", views.index, name="trend"),
    path("<str:key>.<str:form>", views.file, name="trend_file"),
]
