"""The registrar's desk: who holds which post, who signs in and with what roles."""

from django.urls import path

from fangxian.web.registrar import accounts, posts

urlpatterns = [
    path("posts/", posts.index, name="posts"),
    path("posts/<int:appointment>/", posts.one, name="post"),
    path("accounts/", accounts.index, name="accounts"),
    path("accounts/<int:account>/", accounts.one, name="account"),
]
