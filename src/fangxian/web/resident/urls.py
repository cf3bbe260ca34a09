"""One's own isolation, by the code of a letter."""

from django.urls import path

from fangxian.web.resident import views

urlpatterns = [
    path("", views.index, name="mine"),
    path("<str:language>/", views.index, name="mine_in"),
    path("<str:language>/open/", views.open_letter, name="mine_open"),
    path("<str:language>/close/", views.close, name="mine_close"),
    path("<str:language>/objection/", views.objection, name="mine_objection"),
]
