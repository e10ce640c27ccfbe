from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from sandbox.changegear import ACCOUNT_UNLOCK, PASSWORD_RESET, PRINTER, Change, Profile, Site
from sandbox.changegear.rendering import render
from tests.sandbox.changegear.conftest import AGENT, OMAR, RITA

LABEL = "Send Verification via imper.ai Portal"
LINK = f'<a href="http://desk.localhost/send/1?a=1&amp;b=2">{LABEL}</a>'


@pytest.fixture
def ticket(site: Site) -> int:
    opened = site.open_ticket("Cannot <b>sign</b> in", requester=RITA, category=PASSWORD_RESET, text="Help")
    site.change(opened.id, Change(records=((site.internal_action, LINK),)), site.account)
    return opened.id


def test_every_page_says_that_it_is_simulated_and_has_a_strict_policy(web: httpx2.Client, ticket: int) -> None:
    for path in ("/", f"/tickets/{ticket}", f"/tickets/{ticket}/requester", "/tickets/new", "/switches"):
        answer = web.get(path)
        assert answer.status_code == 200
        assert "simulated ChangeGear" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "<script>" not in answer.text
        assert " style=" not in answer.text


def test_the_agent_sees_a_clickable_link_in_a_marked_note(web: httpx2.Client, ticket: int) -> None:
    text = web.get(f"/tickets/{ticket}").text
    assert f'rel="noopener noreferrer">{LABEL}</a>' in text
    assert 'href="http://desk.localhost/send/1?a=1&amp;b=2"' in text
    assert "Internal note" in text
    assert "Cannot &lt;b&gt;sign&lt;/b&gt; in" in text


def test_the_requester_page_hides_internal_notes_only(web: httpx2.Client, site: Site, ticket: int) -> None:
    site.note(ticket, "a wrong action name", "Notes")
    text = web.get(f"/tickets/{ticket}/requester").text
    assert LABEL not in text
    assert "Help" in text
    assert "a wrong action name" in text


@pytest.mark.parametrize("path", ["", "/requester"])
def test_who_knows_a_version_of_a_ticket_gets_the_next_one_as_soon_as_it_is_there(
    web: httpx2.Client, site: Site, ticket: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.changegear.web._LONGEST_WAIT", 60.0)
    first = web.get(f"/tickets/{ticket}{path}")
    known = first.headers["etag"].strip('"')
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(web.get, f"/tickets/{ticket}{path}?known={known}")
        site.change(ticket, Change(records=(("Description", "Something new"),)), site.account)
        answer = asked.result(timeout=30)
    assert answer.status_code == 200
    assert "Something new" in answer.text
    assert answer.headers["etag"] != first.headers["etag"]


def test_who_knows_the_newest_version_of_a_ticket_is_told_so_after_a_while(
    web: httpx2.Client, ticket: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.changegear.web._LONGEST_WAIT", 0.05)
    known = web.get(f"/tickets/{ticket}").headers["etag"].strip('"')
    answer = web.get(f"/tickets/{ticket}?known={known}")
    assert (answer.status_code, answer.text) == (204, "")
    assert web.get(f"/tickets/{ticket}?known=odd").status_code == 200
    assert web.get("/tickets/4711?known=1").status_code == 404


def test_a_person_opens_a_ticket_and_becomes_its_last_modifier(web: httpx2.Client, site: Site) -> None:
    form = {"requester": str(OMAR), "category": str(ACCOUNT_UNLOCK), "summary": "Locked", "text": "Two\r\nlines"}
    answer = web.post("/tickets", data=form)
    assert answer.url.path == "/changegear/tickets/1"
    assert site.tickets[1].fields["LastModifiedBy"] == AGENT
    assert site.tickets[1].history[0].comment == "Two\nlines"
    assert "Locked" in web.get("/").text


@pytest.mark.parametrize(
    ("broken", "hint"),
    [({"summary": " "}, "summary"), ({"requester": "99"}, "requester"), ({"category": "x"}, "category")],
)
def test_a_form_that_lacks_something_says_what(
    web: httpx2.Client, site: Site, broken: dict[str, str], hint: str
) -> None:
    answer = web.post("/tickets", data={"requester": str(RITA), "category": str(PRINTER), "summary": "x"} | broken)
    assert answer.status_code == 400
    assert hint in answer.text.split('role="alert">')[1].split("<")[0]
    assert site.tickets == {}


def test_buttons_run_the_workflow_and_follow_the_state(web: httpx2.Client, ticket: int) -> None:
    page = web.post(
        f"/tickets/{ticket}/action", data={"action": "Resolve", "comment": "Done", "close_type": "Fixed"}
    )
    assert "Fixed: Done" in page.text
    assert 'value="Resolution Failed"' in page.text
    assert 'value="Resolve"' not in page.text


def test_a_button_of_an_older_state_says_why_it_does_nothing(web: httpx2.Client, ticket: int) -> None:
    answer = web.post(f"/tickets/{ticket}/action", data={"action": "Reopen"})
    assert answer.status_code == 400
    assert "cannot be performed" in answer.text


def test_a_person_changes_requester_and_category_and_writes_notes(
    web: httpx2.Client, site: Site, ticket: int
) -> None:
    web.post(
        f"/tickets/{ticket}/fields", data={"requester": str(OMAR), "category": str(PRINTER), "summary": "New"}
    )
    web.post(f"/tickets/{ticket}/note", data={"text": "for us", "kind": "internal"})
    web.post(f"/tickets/{ticket}/note", data={"text": "for all", "kind": "public"})
    changed = site.tickets[ticket]
    assert (changed.fields["Requester"], changed.fields["EmailPIT"]) == (OMAR, "omar@example.test")
    assert [record.action for record in changed.history[-2:]] == ["Internal Note", "Description"]


def test_the_switches_turn_the_profile_and_back(web: httpx2.Client, site: Site) -> None:
    form = {"etag_conflict": "412", "down": "on", "fault_share": "10", "note_format": "text"}
    assert "Saved" in web.post("/switches", data=form).text
    assert site.profile == Profile(etag_conflict=412, down=True, fault_500_after_commit=0.1)
    assert site.note_format == "text"
    web.post("/switches", data={"defaults": "yes"})
    assert site.profile == Profile()


def test_the_switches_show_mails_and_deliveries(web: httpx2.Client, ticket: int) -> None:
    text = web.get("/switches").text
    assert "rita@example.test" in text
    assert "No webhook has fired." in text


def test_a_form_from_another_site_is_refused(web: httpx2.Client, site: Site, ticket: int) -> None:
    answer = web.post(f"/tickets/{ticket}/note", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert site.tickets[ticket].etag == 2


def test_a_deep_link_leads_to_the_ticket(web: httpx2.Client, root: str, ticket: int) -> None:
    answer = web.get(f"{root}/cgweb/MainUI/MainFrame.aspx?ID={ticket}&moduleName=Incident")
    assert answer.url.path == f"/changegear/tickets/{ticket}"
    assert web.get("/tickets/99").status_code == 404
    assert web.get("/static/secret.txt").status_code == 404


@pytest.mark.parametrize(
    ("comment", "note_format", "expected"),
    [
        ("See http://a.test/x?y=1&z=2.", "text", "http://a.test/x?y=1&amp;z=2</a>."),
        ("<b>x</b>", "text", "&lt;b&gt;x&lt;/b&gt;"),
        ("<b>x</b><br>y", "html", "<b>x</b><br>y"),
        ('<a href="javascript:alert(1)">x</a>', "html", "&lt;a href=&#34;javascript:alert(1)&#34;&gt;x&lt;/a&gt;"),
        ("<script>alert('1')</script>", "html", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
        ('<p onclick="x">y', "html", "<p>y</p>"),
        ("Link: https://a.test", "html", '<a href="https://a.test" rel="noopener noreferrer">https://a.test</a>'),
        ("1 < 2 &amp; 3", "html", "1 &lt; 2 &amp; 3"),
    ],
)
def test_a_comment_is_escaped_but_for_links_and_plain_tags(comment: str, note_format: str, expected: str) -> None:
    assert expected in render(comment, note_format)
