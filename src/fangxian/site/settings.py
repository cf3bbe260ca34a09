"""Where the house is put together: embedded by default, grown by configuration.

Every setting a deployment may change is read from the environment here and described in `docs/reference/settings.md`
(a test keeps the two in step). Nothing else in the code reads the environment.
"""

import warnings
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from fangxian import __version__
from fangxian.site import fingerprint

env = environ.Env()

#: Where this installation keeps its database, keys and files.
DATA_DIR = Path(env.str("FANGXIAN_HOME", default=str(Path.cwd() / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
env.read_env(DATA_DIR / "settings.env")  # a home may bring settings of its own; what the environment says goes first

#: Demonstration mode: a fictional city, accounts with a published password. Refused for real work.
DEMO = env.bool("FANGXIAN_DEMO", default=False)
#: Hand on events, run jobs and sweep in the serving process (one laptop), instead of in `fangxian work`.
INLINE = env.bool("FANGXIAN_INLINE", default=True)
#: Protocol packs in force, by disease; the first is the default of new reports.
PACKS = env.list("FANGXIAN_PACKS", default=["unknown-pneumonia", "covid-19-cn-9", "mers-who", "measles"])
#: Local overlay files laid over the packs, in this order.
OVERLAYS = env.list("FANGXIAN_OVERLAYS", default=[])
#: The local hour from which the daily reports of yesterday draft themselves; below 0, never.
SITREP_HOUR = env.int("FANGXIAN_SITREP_HOUR", default=6)
#: A basemap below the areas of maps: the address of its tiles, and whom to credit. Maps need none.
MAP_TILES = env.str("FANGXIAN_MAP_TILES", default="")
MAP_ATTRIBUTION = env.str("FANGXIAN_MAP_ATTRIBUTION", default="")

#: Days after which the files of an import that nobody works on are deleted: they are personal data.
IMPORTS_KEPT = env.int("FANGXIAN_IMPORTS_KEPT", default=14)
#: Roles that sign in with a second factor; whoever holds one and has none sets it up before anything else.
SECOND_FACTOR = frozenset(env.list("FANGXIAN_SECOND_FACTOR", default=[]))
#: Where the lake of stays lies, and the days that a stay is kept at most; 0: as long as the protocols in force allow.
LAKE = Path(env.str("FANGXIAN_LAKE", default=str(DATA_DIR / "lake")))
STAYS_KEPT = env.int("FANGXIAN_STAYS_KEPT", default=0)

DEBUG = env.bool("FANGXIAN_DEBUG", default=False)
ALLOWED_HOSTS = env.list("FANGXIAN_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("FANGXIAN_ORIGINS", default=[])

from fangxian.core.secrets import KeyFault, load_keys  # noqa: E402  (needs DATA_DIR only)
from fangxian.site.basemap import tile_origin  # noqa: E402

SQLITE, _key_file, _keys = DATA_DIR / "fangxian.sqlite3", DATA_DIR / "keys.json", env.str("FANGXIAN_KEYS", default="")
if SQLITE.exists() and not (_keys or _key_file.exists()):  # fresh keys would fit nothing that is in it
    raise KeyFault(f"{_key_file} is missing, but {SQLITE.name} was written with it. Restore it from its backup.")
KEYS = load_keys(_key_file, _keys)
SECRET_KEY = KEYS.session

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "fangxian.core",
    "fangxian.registry",
    "fangxian.duties",
    "fangxian.surveillance",
    "fangxian.cases",
    "fangxian.laboratory",
    "fangxian.laboratory.rounds",
    "fangxian.laboratory.screening",
    "fangxian.tracing",
    "fangxian.containment.isolation",
    "fangxian.containment.venues",
    "fangxian.containment.zones",
    "fangxian.command",
    "fangxian.command.situation",
    "fangxian.command.decisions",
    "fangxian.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fangxian.web.middleware.ActorMiddleware",
]

ROOT_URLCONF = "fangxian.site.urls"
WSGI_APPLICATION = "fangxian.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fangxian.web.context.page",
            ]
        },
    }
]

with warnings.catch_warnings(action="ignore"):  # of an address that it cannot read; what to do about it is said below
    DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{SQLITE}")}
if not DATABASES["default"].get("ENGINE", "").endswith(("sqlite3", "postgresql")):
    raise ImproperlyConfigured("DATABASE_URL is to begin with postgres:// or sqlite:///.")
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # writers queue at BEGIN instead of failing at COMMIT
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.Account"
LOGIN_URL = "web:login"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:login"
if DEMO:  # a published password is not worth the seconds that the strongest hash takes
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en" if env.str("FANGXIAN_LANGUAGE", default="zh-hans").lower().startswith("en") else "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", _("English"))]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("FANGXIAN_TIME_ZONE", default="Asia/Shanghai")

# Browser libraries that `make` installs; served as vendor/<name>/… A page must work without them.
_LIBRARIES = Path(__file__).resolve().parents[3] / "node_modules"
STATICFILES_DIRS = [
    (f"vendor/{name}", _LIBRARIES / name / "dist") for name in ("leaflet",) if (_LIBRARIES / name / "dist").is_dir()
]
_PAGES = Path(__file__).resolve().parent.parent / "web" / "static"
_EDITION = fingerprint.of([_PAGES, *(folder for _prefix, folder in STATICFILES_DIRS)], ["django-htmx"])
STATIC_URL = "static/" if DEBUG else f"static/{_EDITION}/"
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/[0-9a-f]{10}/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a folder that is not there
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

SESSION_COOKIE_AGE = 12 * 3600  # one shift
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("FANGXIAN_HTTPS", default=False)
CSRF_FAILURE_VIEW = "fangxian.web.errors.stale_form"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *tile_origin(MAP_TILES)],
        "worker-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env.str("FANGXIAN_LOG_LEVEL", default="WARNING")},
}

VERSION = __version__
