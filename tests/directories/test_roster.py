import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from deskward.core.destinations import Kind
from deskward.core.errors import RejectedError, SettingsError, UncertainError, UnreachableError
from deskward.core.questions import QuestionSource
from deskward.core.secret import Secret
from deskward.core.tickets import TicketPerson
from deskward.directories.roster import Directory
from tests.contracts.directories import PHONE, AccessContract, DirectoryContract, SearchableContract

ANNA = """
[[people]]
id = "p-1"
login = "aberg"
name = "Anna Berg"
first_name = "Anna"
email = "Anna.Berg@example.com"
manager = "p-2"
groups = ["staff"]
locked = true
mails = [{ address = "anna@private.example", source = "HR", changed_at = 2026-01-31 }]
phones = [
  { number = "0151 12345678", label = "phone at home", changed_at = 2026-01-31T08:00:00 },
  { number = "+49 151 12345679", trusted = false, changed_at = "2026-01-31T08:00:00+01:00" },
]
"""
MAX = """
[[people]]
id = "p-2"
login = "mfrost"
name = "Max Frost"
email = "max@example.com"
email_trusted = false
aal = 2
privileged = true
"""
GONE = """
[[people]]
id = "p-3"
login = "gone"
name = "Gina One"
email = "max@example.com"
enabled = false
"""
CSV = """id,login,name,email,groups,aal,privileged,private_email,private_email_changed_at,phone,phone_label
p-1,aberg,Anna Berg,anna.berg@example.com,staff; night ,2,yes,anna@private.example,2026-01-31,+4915112345678,mobile
p-2,mfrost,Max Frost,max@example.com,,,,,,,
"""
NEW, NEXT = Secret("correct horse battery"), Secret("staple of another kind")


def roster(folder: Path, text: str = ANNA + MAX + GONE, suffix: str = "toml", **settings: Any) -> Directory:
    path = folder / f"people.{suffix}"
    path.write_text(text, encoding="utf-8")
    kept: dict[str, Any] = {"path": path, "region": "DE"}
    return Directory(**(kept | settings))


def requester(email: str = "", login: str = "") -> TicketPerson:
    return TicketPerson("t-1", "Anna", email, login)


def test_a_person_is_read_with_every_address(tmp_path: Path) -> None:
    anna = roster(tmp_path).get("p-1")
    assert anna is not None
    assert (anna.login, anna.called, anna.manager, anna.groups) == ("aberg", "Anna", "p-2", ("staff",))
    assert (anna.locked, anna.enabled, anna.aal, anna.privileged) == (True, True, 1, False)
    assert [(d.kind, d.value, d.label, d.source, d.trusted) for d in anna.destinations] == [
        (Kind.EMAIL, "anna.berg@example.com", "work e-mail", "the roster", True),
        (Kind.EMAIL, "anna@private.example", "private e-mail", "HR", True),
        (Kind.SMS, "+4915112345678", "phone at home", "the roster", True),
        (Kind.SMS, "+4915112345679", "mobile phone", "the roster", False),
    ]
    moments = [d.changed_at.astimezone(UTC).isoformat() for d in anna.destinations if d.changed_at]
    assert moments == [f"2026-01-31T0{hour}:00:00+00:00" for hour in (0, 8, 7)]
    assert len({d.id for d in anna.destinations}) == 4


def test_an_address_keeps_its_id_when_the_list_is_sorted_anew(tmp_path: Path) -> None:
    first = roster(tmp_path).get("p-1")
    lines = ANNA.splitlines()
    lines[-3], lines[-2] = lines[-2], lines[-3]
    second = roster(tmp_path, "\n".join(lines)).get("p-1")
    assert first
    assert second
    assert {(d.id, d.value) for d in first.destinations} == {(d.id, d.value) for d in second.destinations}


def test_a_person_is_read_with_what_can_be_asked(tmp_path: Path) -> None:
    told = 'team = "Nets "\ntitle = "Rigger"\noffice = " Quay"\nstarted_on = '
    for started_on in ("2021-03-15", '"2021-03-15"', "2021-03-15T08:00:00"):
        frost = roster(tmp_path, MAX + told + started_on).get("p-2")
        assert frost
        assert (frost.team, frost.title, frost.office) == ("Nets", "Rigger", "Quay")
        assert frost.started_on == date(2021, 3, 15)
    listed = "id,login,name,email,team,office,started_on\n1,a,A,a@example.com,Nets,,2021-03-15\n"
    one = roster(tmp_path, listed, "csv").get("1")
    assert one
    assert (one.team, one.office, one.started_on) == ("Nets", "", date(2021, 3, 15))


def test_facts_are_told_of_these_people_only(tmp_path: Path) -> None:
    others = MAX + 'team = "Nets"\n' + GONE
    people = roster(tmp_path, ANNA + 'team = "Hulls"\nstarted_on = 2021-03-15\n' + others, "toml")
    anna, gone = people.get("p-1"), people.get("p-3")
    assert anna
    assert gone
    facts = {fact.topic: fact for fact in people.facts(anna)}
    assert facts["team"].answers == ("Hulls",)
    assert facts["team"].others == ("Nets",)
    assert people.facts(gone) == ()
    assert people.facts(replace(anna, login="somebody.else")) == ()
    assert people.facts(replace(anna, id="p-9")) == ()
    assert isinstance(people, QuestionSource)


def test_a_table_is_read_like_a_list(tmp_path: Path) -> None:
    people = roster(tmp_path, CSV, "csv")
    anna, frost = people.get("p-1"), people.get("p-2")
    assert anna
    assert frost
    assert (anna.groups, anna.aal, anna.privileged) == (("staff", "night"), 2, True)
    assert [(d.value, d.label) for d in anna.destinations] == [
        ("anna.berg@example.com", "work e-mail"),
        ("anna@private.example", "private e-mail"),
        ("+4915112345678", "mobile"),
    ]
    assert len(frost.destinations) == 1


def test_nothing_is_declared_unless_the_roster_is_authoritative(tmp_path: Path) -> None:
    anna = roster(tmp_path, authoritative=False).get("p-1")
    assert anna
    assert not any(d.declared for d in anna.destinations)


@pytest.mark.parametrize(
    ("key", "asked", "ids"),
    [
        ("email", requester(email="ANNA.berg@example.com"), ["p-1"]),
        ("login", requester(login="ABerg "), ["p-1"]),
        ("email", requester(login="aberg"), []),
        ("email", requester(email="nobody@example.com"), []),
        ("email", requester(email="max@example.com"), ["p-2", "p-3"]),
    ],
)
def test_the_requester_is_found_by_the_key(tmp_path: Path, key: str, asked: TicketPerson, ids: list[str]) -> None:
    assert [person.id for person in roster(tmp_path, key=key).find(asked)] == ids


def test_nobody_is_none(tmp_path: Path) -> None:
    assert roster(tmp_path).get("p-9") is None


def test_a_new_password_counts_lifts_the_lock_and_changes_the_stamp(tmp_path: Path) -> None:
    people = roster(tmp_path)
    before = people.get("p-1")
    assert not people.check_password("p-1", NEW)
    people.set_password("p-1", NEW)
    after = people.get("p-1")
    assert before
    assert after
    assert (before.locked, after.locked) == (True, False)
    assert before.stamp != after.stamp
    assert people.check_password("p-1", NEW)
    assert not people.check_password("p-1", NEXT)
    assert not people.check_password("p-9", NEW)


def test_a_password_is_kept_as_a_hash_for_the_owner_only(tmp_path: Path) -> None:
    roster(tmp_path).set_password("p-1", NEW)
    state = tmp_path / "people.toml.state.json"
    kept = json.loads(state.read_text())["p-1"]
    assert NEW.reveal() not in state.read_text()
    assert kept["hashes"][0].startswith("$argon2id$")
    assert datetime.fromisoformat(kept["password_changed_at"]).tzinfo
    assert state.stat().st_mode & 0o077 == 0
    assert (tmp_path / "people.toml").read_text() == ANNA + MAX + GONE


def test_the_last_three_passwords_are_refused(tmp_path: Path) -> None:
    people = roster(tmp_path)
    words = [Secret(f"phrase number {n} of mine") for n in range(4)]
    for word in words:
        people.set_password("p-1", word)
    stamp = people.get("p-1")
    for word in words[1:]:
        with pytest.raises(RejectedError, match="used before"):
            people.set_password("p-1", word)
    assert people.get("p-1") == stamp
    people.set_password("p-1", words[0])


def test_an_unlocked_account_stays_open_after_a_restart(tmp_path: Path) -> None:
    people = roster(tmp_path)
    before = people.get("p-1")
    people.unlock("p-1")
    after = roster(tmp_path).get("p-1")
    assert before
    assert after
    assert not after.locked
    assert before.stamp != after.stamp


@pytest.mark.parametrize(("person_id", "settings"), [("p-9", {}), ("p-3", {}), ("p-1", {"writable": False})])
def test_what_may_not_be_changed_is_refused_in_words(
    tmp_path: Path, person_id: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(RejectedError) as refusal:
        roster(tmp_path, **settings).unlock(person_id)
    assert refusal.value.hint


def _unlock_often(path: Path, times: int) -> None:
    people = Directory(path=path, region="DE")
    for _ in range(times):
        people.unlock("p-1")


def test_two_processes_lose_no_change(tmp_path: Path) -> None:
    people = roster(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_unlock_often, args=(tmp_path / "people.toml", 20)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=30)
    anna = people.get("p-1")
    assert anna
    assert anna.stamp.startswith("40.")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    people = roster(tmp_path)
    path = tmp_path / "people.toml"
    path.write_text(ANNA.replace("aberg", "anna.berg"))
    os.utime(path, ns=(1, 1))
    anna = people.get("p-1")
    assert anna
    assert anna.login == "anna.berg"


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("="), lambda path: path.unlink()])
def test_a_file_that_broke_later_is_an_outage(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    people = roster(tmp_path)
    spoil(tmp_path / "people.toml")
    with pytest.raises(UnreachableError):
        people.get("p-1")
    checks = list(people.doctor())
    assert [(check.name, check.well) for check in checks] == [("roster", False)]


@pytest.mark.parametrize("written", ["{", "[]", '{"p-1": {"hashes": [], "unknown": 1}}', '{"p-1": {}}'])
def test_a_broken_state_is_an_outage(tmp_path: Path, written: str) -> None:
    people = roster(tmp_path)
    (tmp_path / "people.toml.state.json").write_text(written)
    with pytest.raises(UnreachableError, match="state"):
        people.get("p-1")


def test_a_spoilt_hash_opens_nothing(tmp_path: Path) -> None:
    people = roster(tmp_path)
    (tmp_path / "people.toml.state.json").write_text('{"p-1": {"hashes": ["x"]}}')
    assert not people.check_password("p-1", NEW)


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    people = roster(tmp_path)
    (tmp_path / "people.toml.state.lock").mkdir()
    with pytest.raises(UnreachableError, match="Nothing can be written"):
        people.unlock("p-1")


def test_a_state_that_cannot_be_replaced_is_uncertain(tmp_path: Path) -> None:
    people = roster(tmp_path)
    (tmp_path / "people.toml.state.json").mkdir()
    with pytest.raises(UncertainError, match="may not be written"):
        people._keep({})


PERSON = '[[people]]\nid = "1"\nlogin = "a"\nname = "A"\nemail = "a@example.com"\n'


@pytest.mark.parametrize(
    ("text", "suffix", "words"),
    [
        ("x = \ny = 1", "toml", "line 1"),
        ("pupils = []", "toml", "pupils cannot be here"),
        ("people = 1", "toml", "people cannot be here"),
        ("people = [1]", "toml", "person 1"),
        (PERSON + PERSON, "toml", "person 2: there is another person"),
        (PERSON + PERSON.replace('"1"', '"2"').replace('"a"', '"A"'), "toml", "person 2: there is another"),
        (PERSON + "mail = 1", "toml", "person 1: mail: this key is unknown"),
        (PERSON.replace('name = "A"', ""), "toml", "person 1: name: this key is missing"),
        (PERSON + "aal = 4", "toml", "person 1: aal"),
        (PERSON + 'email_changed_at = "31.1.2026"', "toml", "email_changed_at: .*2026-01-31"),
        (PERSON + 'started_on = "spring"', "toml", "person 1: started_on: .*2026-01-31"),
        (PERSON + "started_on = 2021", "toml", "person 1: started_on"),
        (PERSON + "email_changed_at = true", "toml", "person 1: email_changed_at"),
        (PERSON + 'mails = [{ address = "a@b" }]', "toml", "person 1: mails.0.address"),
        (PERSON + 'phones = [{ number = "+1202555" }]', "toml", "person 1: phones.0.number: .*phone number"),
        (PERSON + 'phones = [{ number = "x" }]', "toml", "person 1: phones.0.number: .*write a number"),
        ("id,login,name,email\n1,a,A,a@example.com,5\n", "csv", "line 2: too many cells"),
        ("id,login,name,email\n1,a,A\n", "csv", "line 2: email: this key is missing"),
        ('id,login,name,email\n1,a,A,"a"b\n', "csv", "after line 1: "),
    ],
)
def test_a_bad_file_is_told_with_place_and_key(tmp_path: Path, text: str, suffix: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as problem:
        roster(tmp_path, text, suffix)
    assert f"people.{suffix}" in problem.value.text
    assert problem.value.hint
    assert "31.1.2026" not in problem.value.text


def test_a_missing_or_foreign_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Directory(path=tmp_path / "nobody.toml")
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        Directory(path=tmp_path / "latin.csv")


def test_an_unknown_key_setting_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"directories\.roster\.key"):
        roster(tmp_path, key="name")


def test_the_doctor_of_a_good_roster_is_content_and_of_an_empty_one_is_not(tmp_path: Path) -> None:
    assert all(check.well for check in roster(tmp_path, ANNA, key="login", writable=False).doctor())
    checks = {check.name: check.well for check in roster(tmp_path, "people = []").doctor()}
    assert not checks["roster"]
    crowd = {check.name: check for check in roster(tmp_path).doctor()}
    assert crowd["roster"].text == "3 people."
    assert not crowd["roster keys"].well
    assert crowd["roster rights"].well


def test_colleagues_are_the_manager_and_who_shares_groups_with_their_state(tmp_path: Path) -> None:
    near = GONE.replace("enabled = false", 'groups = ["staff"]')
    there = roster(tmp_path, ANNA + MAX + near)
    anna = there.get("p-1")
    assert anna is not None
    assert [p.id for p in there.colleagues(anna)] == ["p-2", "p-3"]
    other = there.get("p-2")
    assert other is not None
    assert [p.id for p in there.colleagues(other)] == ["p-1"]


def test_everyone_is_named(tmp_path: Path) -> None:
    assert [person.id for person in roster(tmp_path).everyone()] == ["p-1", "p-2", "p-3"]


def test_sr_47_a_password_is_taken_back_once_and_the_one_before_is_valid_again(tmp_path: Path) -> None:
    people = roster(tmp_path)
    people.set_password("p-1", Secret("the first of them"))
    people.set_password("p-1", Secret("the second of them"))
    for _ in range(2):
        assert "the one before it is valid again" in people.revoke("p-1", password=True)
    assert people.check_password("p-1", Secret("the first of them"))
    assert not people.check_password("p-1", Secret("the second of them"))
    people.set_password("p-1", Secret("the third of them"))
    people.revoke("p-1", password=True)
    assert roster(tmp_path).check_password("p-1", Secret("the first of them"))


def test_sr_47_without_a_password_before_there_is_none_left(tmp_path: Path) -> None:
    people = roster(tmp_path)
    assert people.revoke("p-1", password=False) == "Nothing was set that could be taken back."
    people.set_password("p-1", Secret("the first of them"))
    assert "has none until a new one is set" in people.revoke("p-1", password=True)
    assert not people.check_password("p-1", Secret("the first of them"))


HOUSEHOLD = f"""
[[people]]
id = "1"
login = "anna"
name = "Anna Berg"
email = "anna@example.com"
manager = "2"
phones = [{{ number = "{PHONE}" }}]
[[people]]
id = "2"
login = "boss"
name = "Bo Oss"
email = "boss@example.com"
privileged = true
[[people]]
id = "3"
login = "gone"
name = "Gina One"
email = "gone@example.com"
enabled = false
[[people]]
id = "4"
login = "twin"
name = "Tina Win"
email = "both@example.com"
[[people]]
id = "5"
login = "double"
name = "Dora Ouble"
email = "both@example.com"
"""


@dataclass
class RosterPlace:
    folder: Path
    page_size: int = 0

    def __post_init__(self) -> None:
        self.refused = Secret("my very first password")
        self.ids = {"anna": "1", "boss": "2", "gone": "3", "twin": "4", "double": "5"}
        self.directory = roster(self.folder, HOUSEHOLD, key="login")
        self.directory.set_password("1", self.refused)
        self.directory.set_password("1", Secret("my second password"))

    def keyed(self, key: str) -> Directory:
        return Directory(path=self.folder / "people.toml", key=key)

    def signs_in(self, person_id: str, password: Secret) -> bool:
        person = self.directory.get(person_id)
        assert person
        return person.enabled and not person.locked and self.directory.check_password(person_id, password)

    def enters(self, person_id: str, given: Secret, chosen: Secret) -> bool:
        del chosen  # a roster asks for none
        return self.signs_in(person_id, given)

    def lock(self, person_id: str) -> None:
        with self.directory._changing(person_id) as (account, accounts):
            accounts[person_id] = replace(account, locked=True)

    def retitle(self, person_id: str) -> None:
        path = self.folder / "people.toml"
        path.write_text(HOUSEHOLD.replace(f'id = "{person_id}"', f'id = "{person_id}"\ntitle = "Rigger"'))

    def away(self) -> Directory:
        (self.folder / "elsewhere").mkdir(exist_ok=True)
        away = roster(self.folder / "elsewhere", HOUSEHOLD, key="login")
        (self.folder / "elsewhere" / "people.toml").unlink()
        return away


class TestTheRosterKeepsTheContract(DirectoryContract, AccessContract, SearchableContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> RosterPlace:
        return RosterPlace(tmp_path)


def test_people_are_found_by_every_word_of_name_login_or_mail(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text(ANNA + MAX.replace("Max Frost", "Måx Frost"), encoding="utf-8")
    roster = Directory(path=path, region="DE")
    assert [one.login for one in roster.search("berg anna", 9)] == ["aberg"]
    assert [one.login for one in roster.search("MAX", 9)] == ["mfrost"]
    assert [one.login for one in roster.search("example.com", 1)] == ["aberg"]
    assert [*roster.search("nobody", 9), *roster.search("  ", 9)] == []
