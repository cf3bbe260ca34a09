"""Sources: mine, today's numbers, a file of them, registering one."""

from django.urls import path

from fangxian.web.sources import entering, files, registering

urlpatterns = [
    path("", entering.mine, name="sources"),
    path("new/", registering.register, name="source_new"),
    path("file/", files.upload, name="source_file"),
    path("<str:code>/", entering.enter, name="source"),
    path("<str:code>/versions/", entering.versions, name="source_versions"),
    path("<str:code>/untested/", entering.untested, name="source_untested"),
    path("<str:code>/break/", registering.note_break, name="source_break"),
    path("<str:code>/chart/", registering.choose_chart, name="source_chart"),
    path("<str:code>/closure/", registering.close, name="source_closure"),
    path("<str:code>/retire/", registering.retire, name="source_retire"),
]
