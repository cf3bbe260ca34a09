"""Protocol packs: which there are, what each orders, how two differ."""

from django.urls import path

from fangxian.web.protocols import views

urlpatterns = [
    path("", views.index, name="protocols"),
    path("compare/", views.compare, name="protocols_compare"),
    path("<str:name>/", views.pack, name="protocol"),
]
