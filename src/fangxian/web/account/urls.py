"""Signing in and out, language, and what was looked at of oneself."""

from django.urls import path

from fangxian.web.account import factor, views

urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("login/code/", views.sign_in_code, name="login_code"),
    path("logout/", views.sign_out, name="logout"),
    path("language/", views.language, name="language"),
    path("me/", views.me, name="me"),
    path("me/second-factor/", factor.page, name="second_factor"),
    path("me/password/", views.password, name="password"),
]
