"""Second factors in Entra: authentication methods (learn.microsoft.com/graph/api/resources/authenticationmethod).

The method that is the default one cannot be deleted while there are others, so it goes last.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from deskward.core.errors import RejectedError
from deskward.core.factors import FactorKind, in_words, phone_in_words
from deskward.directories._entra_graph import ID, Graph, checked, text_of
from deskward.outbound.rest import GONE, RefusalError

RIGHT = "UserAuthenticationMethod.ReadWrite.All"
TYPE, PREFIX, ENDING = "@odata.type", "#microsoft.graph.", "AuthenticationMethod"
NO_FACTORS = frozenset({"password", "email", "temporaryAccessPass"})
KINDS = {
    "fido2": FactorKind.KEY,
    "hardwareOath": FactorKind.TOKEN,
    "microsoftAuthenticator": FactorKind.APP,
    "platformCredential": FactorKind.DEVICE,
    "softwareOath": FactorKind.APP,
    "windowsHelloForBusiness": FactorKind.DEVICE,
}
DELETABLE = {
    "fido2": "fido2Methods",
    "microsoftAuthenticator": "microsoftAuthenticatorMethods",
    "phone": "phoneMethods",
    "platformCredential": "platformCredentialMethods",
    "softwareOath": "softwareOathMethods",
    "windowsHelloForBusiness": "windowsHelloForBusinessMethods",
}


class Factors:
    """The part of the directory that lists and removes second factors."""

    _graph: Graph

    def factors(self, person_id: str) -> Sequence[str]:
        """List the methods beside password, e-mail and temporary access pass by kind and name."""
        return [_in_words(one) for one in self._strong(person_id)]

    def reset_factors(self, person_id: str) -> None:
        """Delete them one by one; nothing is deleted where one is of a kind that cannot be deleted here."""
        row = self._graph.one(f"users/{checked(person_id)}", [("$select", "id,accountEnabled")])
        if not row.get("accountEnabled"):
            text = "The account is disabled, so nothing was changed." if row else GONE
            raise RejectedError(text, "The administrator of Microsoft Entra ID can look at the account.")
        found = self._strong(person_id)
        if unknown := {kind_of(one) for one in found} - DELETABLE.keys():
            text = f"The account has a method that cannot be removed here: {', '.join(sorted(unknown))}."
            raise RejectedError(text, "Remove it in Microsoft Entra ID.")
        for one in self._refused(person_id, found):
            self._delete(person_id, one)

    def _refused(self, person_id: str, found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Delete what can be deleted at once; give what has to wait for that."""
        waiting = []
        for one in found:
            try:
                self._delete(person_id, one)
            except RefusalError:
                waiting.append(one)
        return waiting

    def _delete(self, person_id: str, one: Mapping[str, Any]) -> None:
        own = text_of(one, "id")
        path = f"users/{person_id}/authentication/{DELETABLE[kind_of(one)]}/{own}"
        self._graph.change("DELETE", path, repeatable=True)

    def _strong(self, person_id: str) -> list[dict[str, Any]]:
        if not ID.fullmatch(person_id):
            return []
        return strong(self._graph.all(f"users/{person_id}/authentication/methods"))


def strong(methods: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the methods that count as a second factor."""
    return [one for one in methods if kind_of(one) not in NO_FACTORS]


def _in_words(method: Mapping[str, Any]) -> str:
    kind = kind_of(method)
    if kind == "phone":
        return phone_in_words(text_of(method, "phoneNumber"))
    known = KINDS.get(kind)
    return in_words(known, text_of(method, "displayName")) if known else in_words(FactorKind.OTHER, kind)


def kind_of(method: Mapping[str, Any]) -> str:
    """Give the short name of a method's type."""
    return text_of(method, TYPE).removeprefix(PREFIX).removesuffix(ENDING)
