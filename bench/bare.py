"""The floor as a server: FastAPI, uvicorn, SQLAlchemy, Jinja2 and one table. `python -m bench.bare PORT URL`."""

import base64
import hmac
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import jinja2
import uvicorn
from fastapi import FastAPI, Header, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import create_engine, text

BASIC = "Basic " + base64.b64encode(b"changegear:sandbox-webhook").decode()
PAGE = jinja2.Environment(autoescape=True).from_string("<!doctype html><title>{{ n }}</title><h1>{{ n }}</h1>")
TABLE = "CREATE TABLE IF NOT EXISTS hints (number TEXT, body TEXT)"
Insert = Callable[[str], None]


def create_app(url: str) -> FastAPI:
    """Make the app over a database: `/page` touches none, `/row` reads by SQLAlchemy, `/hook` writes raw."""
    app, insert, engine = FastAPI(), inserting(url), create_engine(url)

    @app.get("/page")
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE.render(n="Page"))

    @app.get("/row")
    def row() -> HTMLResponse:
        with engine.connect() as connection:
            return HTMLResponse(PAGE.render(n=connection.scalar(text("SELECT count(*) FROM hints"))))

    @app.post("/hook")
    async def hook(request: Request, authorization: Annotated[str, Header()] = "") -> Response:
        if not hmac.compare_digest(authorization, BASIC):
            return Response(status_code=401)
        insert((await request.body()).decode())
        return Response(status_code=202)

    return app


def inserting(url: str) -> Insert:
    """Make what writes one row and commits it."""
    lock = threading.Lock()
    if not url.startswith("sqlite"):
        return _inserting_on_postgres(url, lock)
    raw = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", TABLE):
        raw.execute(statement)

    def insert(body: str) -> None:
        with lock:
            raw.execute("INSERT INTO hints VALUES ('', ?)", (body,))

    return insert


def _inserting_on_postgres(url: str, lock: threading.Lock) -> Insert:
    import psycopg  # noqa: PLC0415 - the floor on SQLite does not pay for it

    raw = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    raw.execute(TABLE)

    def insert(body: str) -> None:
        with lock:
            raw.execute("INSERT INTO hints VALUES ('', %s)", (body,))

    return insert


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), port=int(sys.argv[1]), log_config=None, access_log=False)
