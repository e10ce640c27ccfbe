"""What slows sending down: budgets of an hour and a day, waits between links, wrong entries on an account."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from deskward.core.errors import LimitError, RefusedError
from deskward.core.ports import Ceiling, Count, Delivery
from deskward.core.verification import Verification
from deskward.lifecycle.house import House

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAILURES_FOR, MOST_FAILURES = timedelta(days=30), 100


def ceilings_of(
    house: House, verification: Verification, counts: tuple[Count, ...], now: datetime
) -> Iterator[Ceiling]:
    """Give the most links of a day and of an hour for each budget; the saving transaction keeps them (SR-137)."""
    limits = house.policy.limits
    daily_here = limits.per_day_of(house.category_of(verification))
    budgets = {
        "send-subject": (limits.links_per_hour, daily_here, "for this person"),
        "send-destination": (limits.links_per_hour, limits.links_per_day, "to this address"),
        "send-agent": (limits.agent_links_per_hour, limits.agent_links_per_hour * 8, "by you"),
        "send-ticket": (limits.links_per_hour, limits.links_per_day, "for this ticket"),
        "send-country": (limits.country_links_per_hour, limits.country_links_per_hour * 8, "to this country"),
    }
    for count in counts:
        per_hour, per_day, words = budgets[count.dimension]
        daily, hourly = f"{per_day} links a day {words}", f"{per_hour} links an hour {words}"
        yield Ceiling(count, now - DAY, per_day, f"{daily} are sent already.", "Identify in person.", 86400)
        yield Ceiling(
            count, now - HOUR, per_hour, f"{hourly} are sent already.", "Wait, or identify in person.", 3600
        )


def early(house: House, ceilings: tuple[Ceiling, ...]) -> None:
    """Refuse before anything is made where a budget is used up already."""
    counts = [one.count for one in ceilings]
    seen = {since: house.store.counted(counts, since) for since in {one.since for one in ceilings}}
    for one in ceilings:
        if seen[one.since][one.count] >= one.most:
            raise LimitError(one.text, one.retry_after, one.hint)


def failures(house: House, verification: Verification, now: datetime) -> None:
    """Stop before 100 wrong entries on one account, with the tries of every link that may still live (SR-135)."""
    wrong, limits = wrong_count(house, verification), house.policy.limits
    recent = house.store.runs(verification.directory, verification.subject_id, now - limits.to_send - DAY)
    living = 1 + sum(1 for v in recent if not v.ended and v.id != verification.id)
    seen = house.store.counted([wrong], now - FAILURES_FOR).get(wrong, 0)
    each = limits.code_tries + sum(c.tries for c in house.challenges.values())
    if seen + living * each > MOST_FAILURES:
        raise RefusedError("Too many wrong codes were entered for this person.", "Identify in person.")


def begun_before(house: House, verification: Verification, now: datetime) -> int:
    """Count the other verifications of this person that were opened within a day and started."""
    earlier = house.store.runs(verification.directory, verification.subject_id, now - DAY)
    return sum(1 for v in earlier if v.id != verification.id and v.started_at)


def wrong_count(house: House, verification: Verification) -> Count:
    """Name the budget of wrong entries on the account."""
    subject = f"{verification.directory}:{verification.subject_id}"
    return Count("wrong-subject", house.keyring.private("subject", subject))


def wait(house: House, verification: Verification, root: str, now: datetime) -> None:
    """Refuse a link that follows the last one too soon, a correction of a lost one aside (SR-137, DESIGN 9.13)."""
    links = [s for s in house.store.sendings(verification.id) if s.purpose == "link"]
    if not links:
        return
    last, waits = links[-1], house.policy.limits.waits
    lost = last.delivery is Delivery.REFUSED or verification.opens == 0
    if lost and last.root != house.kept_root(root) and len(links) <= house.policy.limits.corrections_per_ticket:
        return
    ready = last.at + waits[min(len(links), len(waits)) - 1]
    if ready > now:
        seconds = int((ready - now).total_seconds()) + 1
        raise LimitError(f"Please wait {seconds} seconds before sending again.", seconds)
