"""An authority of django-oauth-toolkit on a free port of loopback: opaque tokens of 30 seconds, PKCE
required, refresh tokens that work once and end the whole grant when they are used again.

    authority.py FOLDER

The first line that it prints says where it listens. After that each line of its input is an order, which
it answers with one line of JSON; it ends with its input."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

LOGIN = (
    '<form method="post">{% csrf_token %}{{ form.as_p }}'
    '<input type="hidden" name="next" value="{{ next }}"><button>Log in</button></form>'
)

settings.configure(
    SECRET_KEY="a key of this authority",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    # Nobody guesses these passwords.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(sys.argv[1]) / "authority.db",
            # A writer waits for the one before it, and does not fail half way.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        f"{__name__}.count",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    OAUTH2_PROVIDER={
        "SCOPES": {"read": "Read"},
        "DEFAULT_SCOPES": ["read"],
        "PKCE_REQUIRED": True,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 30,
        "REFRESH_TOKEN_EXPIRE_SECONDS": 86_400,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
        # A new lifetime holds at once.
        "ALWAYS_RELOAD_OAUTHLIB_CORE": True,
    },
)
django.setup()

from django.contrib.auth import get_user_model, views  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from oauth2_provider.oauth2_backends import get_oauthlib_core  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402

# What the token endpoint was asked for, and how that went.
grants = []
# The token of the newest call of the API.
shown = None


def count(get_response):
    def middleware(request):
        global shown
        if request.path == "/me":
            shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        response = get_response(request)
        if request.path == "/o/token/":
            grants.append([request.POST.get("grant_type"), response.status_code])
        return response

    return middleware


def me(request):
    """Who it is. What is wrong with a token is said as RFC 6750 wants it."""
    valid, asked = get_oauthlib_core().verify_request(request, scopes=["read"])
    if not valid:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return JsonResponse({"error": "invalid_token"}, status=401, headers=challenge)
    return JsonResponse({"sub": str(asked.user.pk), "name": asked.user.username})


urlpatterns = [
    path("accounts/login/", views.LoginView.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("me", me),
]


def register(id, secret, redirect_uris):
    Application.objects.update_or_create(
        client_id=id,
        defaults={
            "name": id,
            "client_secret": secret,
            "redirect_uris": " ".join(redirect_uris),
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE,
        },
    )


def lifetime(seconds):
    """Of the access tokens that are granted from now on."""
    oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS = seconds


def expire():
    """Thirty seconds go by for all access tokens."""
    return AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))


def state():
    alive = RefreshToken.objects.filter(revoked=None).count()
    return {"grants": grants, "shown": shown, "refresh_tokens": alive}


def forget():
    grants.clear()


ORDERS = {order.__name__: order for order in (register, lifetime, expire, state, forget)}


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def main():
    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("aurel", password="a song of the sea")
    get_user_model().objects.create_user("mina", password="a song of the sea")
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Server, handler_class=Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(f"http://127.0.0.1:{server.server_port}"), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(ORDERS[order.pop("order")](**order)), flush=True)


if __name__ == "__main__":
    main()
