"""Long work of one's own: watched, stopped, gone on with."""

from django.urls import path

from fangxian.web.jobs import watching

urlpatterns = [
    path("<str:code>/", watching.page, name="job"),
    path("<str:code>/stop/", watching.stop, name="job_stop"),
    path("<str:code>/resume/", watching.resume, name="job_resume"),
]
