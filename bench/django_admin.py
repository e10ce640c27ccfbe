"""What stands beside the console: Django's admin on the same rows. `python -m bench.django_admin PORT URL`."""

import sys
from pathlib import Path
from typing import Any

import django
import uvicorn
from django.conf import settings
from sqlalchemy import make_url

BACKENDS = {"sqlite": "django.db.backends.sqlite3", "postgresql": "django.db.backends.postgresql"}
PAGE = "/admin/bench/verification/"
COLUMNS = (
    *("ticket_number", "requester_name", "requester_email", "agent_name", "category"),
    *("status", "risk_level", "risk_score", "opened_at"),
)


def configure(url: str, port: int) -> None:
    """Set Django up on that database: sessions in signed cookies, 50 rows a page, nothing of its own."""
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": _database(url)},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "bench",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "bench.django_admin.everybody_is_staff",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        ROOT_URLCONF="bench.django_admin_pages",
        SECRET_KEY=str(port),
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()


def _database(url: str) -> dict[str, Any]:
    parsed = make_url(url)
    made = {"ENGINE": BACKENDS[parsed.get_backend_name()], "CONN_MAX_AGE": None}
    if parsed.get_backend_name() == "sqlite":
        return made | {"NAME": str(Path(str(parsed.database)).absolute())}
    return made | {
        "NAME": parsed.database,
        "USER": parsed.username,
        "HOST": parsed.host,
        "PORT": str(parsed.port),
    }


def everybody_is_staff(answer: Any) -> Any:
    """Log every request in without reading a table, so that only the page itself is measured."""

    def middleware(request: Any) -> Any:
        from django.contrib.auth.models import User  # noqa: PLC0415 - only after Django was set up

        request.user = User(pk=1, username="admin", is_staff=True, is_superuser=True, is_active=True)
        return answer(request)

    return middleware


if __name__ == "__main__":
    configure(sys.argv[2], int(sys.argv[1]))
    from django.core.asgi import get_asgi_application

    uvicorn.run(get_asgi_application(), port=int(sys.argv[1]), lifespan="off", log_config=None, access_log=False)
