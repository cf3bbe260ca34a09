"""What makes the pages an application on a telephone."""

from django.urls import path

from fangxian.web.phone import views

urlpatterns = [
    path("worker.js", views.worker, name="worker"),
    path("app.webmanifest", views.manifest, name="manifest"),
    path("offline/", views.offline, name="offline"),
    path("duties/carry/", views.carry, name="carry"),
]
