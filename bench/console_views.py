"""The pages of the console over HTTP, with few and with many verifications."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from urllib.parse import urlencode

from bench.console_rows import CATEGORIES, fill, known
from bench.django_admin import PAGE
from bench.machine import free_port, running
from bench.product import SIGNED_IN, Product
from bench.walk import Browser
from deskward.core.links import digest
from deskward.core.verification import Verification
from deskward.settings import read
from deskward.web.desk.asked import place_of
from deskward.web.desk.doors import COOKIE
from deskward.wiring import build

LIMIT = "50 ms, aim 15"
# Django's admin is ready when a page of it answers that reads no row; a search of it may take minutes.
READY, SLOWEST = "/admin/jsi18n/", 900.0


@dataclass(frozen=True)
class Took:
    """Milliseconds of one view: from the request to the last byte, median and 99 %, and CPU of the product."""

    median: float
    most: float
    cpu: float


def measured(product: Product, rows: int, rounds: int) -> dict[str, Took]:
    """Fill the table, start the product, and read each view again and again, in turns."""
    _prepared(product, rows)
    paths, warming = views(rows), max(1, rounds // 30)
    walls: dict[str, list[float]] = {name: [] for name in paths}
    cpus: dict[str, list[float]] = {name: [] for name in paths}
    with product.running("run") as program:
        desk = Browser("desk", program.port, {COOKIE: SIGNED_IN})
        for number in range(rounds + warming):
            for name, path in paths.items():
                began, used = time.perf_counter(), program.used()
                desk.get(path)
                if number >= warming:
                    walls[name].append((time.perf_counter() - began) * 1000)
                    cpus[name].append((program.used() - used) * 1000)
    return {name: _took(sorted(walls[name]), cpus[name]) for name in paths}


def beside(product: Product, rows: int, rounds: int) -> dict[str, Took]:
    """Read the same rows in Django's admin, where it has the same view; Deskward does not run meanwhile."""
    surname = known(rows)[100][0].split()[-1]
    asked = {
        "newest": {},
        "one status": {"status": "Failed"},
        "surname": {"q": surname},
        "ticket number": {"q": f"IR-{rows // 2}"},
    }
    url = product.database.replace("sqlite:///", f"sqlite:///{product.folder}/")
    port, log = free_port(), product.folder / "django.log"
    walls: dict[str, list[float]] = {name: [] for name in asked}
    cpus: dict[str, list[float]] = {name: [] for name in asked}
    arguments = ["-m", "bench.django_admin", str(port), url]
    with running(arguments, port, path=READY, host="127.0.0.1", log=log) as program:
        admin = Browser("admin", port, {})
        admin.line.timeout = SLOWEST
        for number in range(rounds + 1):
            for name, query in asked.items():
                began, used = time.perf_counter(), program.used()
                admin.get(f"{PAGE}?{urlencode(query)}")
                if number:
                    walls[name].append((time.perf_counter() - began) * 1000)
                    cpus[name].append((program.used() - used) * 1000)
    return {f"table, {name}": _took(sorted(walls[name]), cpus[name]) for name in asked}


def _took(walls: list[float], cpus: list[float]) -> Took:
    return Took(median(walls), walls[int(len(walls) * 0.99)], median(cpus))


def views(rows: int) -> dict[str, str]:
    """Give the views by name, with their addresses."""
    now, (name, email) = datetime.now(UTC), known(rows)[100]
    asked = {
        "newest": {},
        "half a year back": {"after": place_of((now - timedelta(days=182), ""))},
        "and from there to newer ones": {"before": place_of((now - timedelta(days=182), ""))},
        "one status": {"status": "Failed"},
        "a rare status": {"status": "Timed Out"},
        "status, level and category": {"status": "Failed", "level": "High", "category": CATEGORIES[1]},
        "one agent": {"initiator": "AG-7"},
        "score of 10": {"score": "10"},
        "ten days, one level": {
            "from": str((now - timedelta(days=200)).date()),
            "to": str((now - timedelta(days=190)).date()),
            "zone": "Europe/Berlin",
            "level": "High",
        },
        "full name": {"text": name},
        "surname": {"text": name.split()[-1]},
        "part of an e-mail": {"text": email[5:-8]},
        "what everybody has": {"text": "northwind"},
        "ticket number": {"text": f"IR-{rows // 2}"},
        "nobody": {"text": "zzz"},
        "needs a person": {"need": "review"},
        "completed, one group": {"reached": "completed", "initiator": "rest"},
    }
    paths = {f"table, {name}": f"/?{urlencode(query)}" for name, query in asked.items()}
    news = urlencode({"newest": place_of((now - timedelta(days=1), ""))})
    more = {"news of a day": f"/news?{news}", "details": f"/verifications/DW-{rows // 2:010d}"}
    more |= {f"dashboard, {days} days": f"/dashboard?days={days}" for days in (1, 30, 90)}
    half = f"{int((now - timedelta(days=182)).timestamp()) * 1_000_000}_DW-1_1"
    logs: dict[str, dict[str, str]] = {"newest": {}, "half a year back": {"after": half}}
    logs |= {
        "one agent's looks": {"who": "agent:AG-5", "what": "looks"},
        "one ticket": {"about": f"IR-{rows // 2}"},
    }
    return paths | more | {f"audit, {name}": f"/audit?{urlencode(query)}" for name, query in logs.items()}


def table(where: str, small: int, large: int, few: dict[str, Took], many: dict[str, Took]) -> str:
    """Write the views as a Markdown table."""
    head = f"| {where}, ms | {small:,}: CPU | median | 99 % | {large:,}: CPU | median | 99 % | × | Limit of 99 % |"
    lines = [
        f"| {name} | {_cells(few[name])} | {_cells(took)} | {took.median / few[name].median:.1f} | {LIMIT} |"
        for name, took in many.items()
    ]
    return "\n".join([head, "|---" * 9 + "|", *lines])


def table_beside(where: str, rows: int, console: dict[str, Took], admin: dict[str, Took]) -> str:
    """Write the views of Django's admin beside the same of the console."""
    head = f"| {where}, {rows:,}: ms | Console: CPU | median | Django's admin: CPU | median | × |"
    lines = [
        f"| {name} | {console[name].cpu:.1f} | {console[name].median:.1f} | {took.cpu:.1f} | {took.median:.1f} "
        f"| {took.median / console[name].median:.1f} |"
        for name, took in admin.items()
    ]
    return "\n".join([head, "|---" * 6 + "|", *lines])


def _cells(took: Took) -> str:
    return f"{took.cpu:.1f} | {took.median:.1f} | {took.most:.1f}"


def _prepared(product: Product, rows: int) -> None:
    house = build(read(product.settings))
    began = time.perf_counter()
    fill(house.opened, _sample(), rows)
    house.opened.accounts.touch_web_session(digest(SIGNED_IN), datetime.now(UTC))
    house.close()
    print(f"{rows:,} verifications written in {time.perf_counter() - began:.0f} s.", flush=True)


def _sample() -> Verification:
    past = datetime(2020, 1, 1, tzinfo=UTC)
    return Verification(
        id="DW-SAMPLE0000",
        connector="changegear",
        ticket_id="sample",
        ticket_number="IR-0",
        ticket_subject="Forgot my password",
        ticket_description="I cannot log in since this morning. Please reset my password, I have a call at ten.",
        ticket_url="",
        category=CATEGORIES[0],
        requester_id="p-1",
        requester_name="Sample",
        requester_email="sample@northwind.example",
        directory="roster",
        subject_id="p-1",
        action="reset_password",
        opened_at=past,
        deadline=past + timedelta(hours=1),
        updated_at=past,
    )
