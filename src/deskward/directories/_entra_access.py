"""Temporary Access Passes (learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod).

A pass lets its owner in without a second factor, and lets them set one up, so it is given in class C3 only.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from deskward.core.errors import RejectedError, UncertainError
from deskward.core.proof import ActionClass
from deskward.core.secret import Secret
from deskward.directories._entra_graph import Graph, checked, text_of
from deskward.outbound.rest import GONE

RIGHT = "UserAuthMethod-TAP.ReadWrite.All"
KIND = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"
DELETED = "The Temporary Access Pass was deleted."


class Passes:
    """The part of the directory that gives and ends passes; a new one takes the place of the one before."""

    access_class = ActionClass.C3
    _graph: Graph

    def give_access(self, person_id: str, minutes: int) -> Secret:
        """Make a pass that is good once; Microsoft makes it, as its policy for passes says."""
        row = self._graph.one(f"users/{checked(person_id)}", [("$select", "id,accountEnabled,userType")])
        refusals = {
            GONE: not row,
            "The account is disabled, so nothing was changed.": not row.get("accountEnabled"),
            "This is a guest; who lets them in is the organisation they come from.": row.get("userType")
            == "Guest",
        }
        if why := next((text for text, holds in refusals.items() if holds), ""):
            raise RejectedError(why, "The administrator of Microsoft Entra ID can look at the account.")
        asked = {"lifetimeInMinutes": minutes, "isUsableOnce": True}
        told = self._graph.change("POST", _path(person_id), json=asked).json()
        given = text_of(told if isinstance(told, dict) else {}, "temporaryAccessPass")
        if not given:
            raise UncertainError(
                "Microsoft Entra ID made a pass, but does not tell it.", "Look at the account there."
            )
        return Secret(given)

    def end_access(self, person_id: str) -> str:
        """Delete a pass that could still be used."""
        usable = [one for one in self._graph.first(_path(checked(person_id)), ()) if one.get("isUsable")]
        for one in usable:
            self._graph.change("DELETE", f"{_path(person_id)}/{checked(text_of(one, 'id'))}")
        return DELETED if usable else ""


def pass_mark(methods: Iterable[Mapping[str, Any]]) -> str:
    """Give what moves in a stamp with a pass; empty where there is none."""
    return "".join(f".{text_of(one, 'id')}" for one in methods if one.get("@odata.type") == KIND)


def _path(person_id: str) -> str:
    return f"users/{person_id}/authentication/temporaryAccessPassMethods"
