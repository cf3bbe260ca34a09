"""Coverage: what was due, and what became of it."""

from django.urls import path

from fangxian.web.coverage import views

urlpatterns = [
    path("", views.index, name="coverage"),
    path("<str:kind>/", views.missing, name="missing"),
]
