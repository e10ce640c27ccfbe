"""People for the stories: each story takes its own, so that no limit of one reaches another."""

from dataclasses import dataclass

FIRST = [
    "Adela",
    "Bruno",
    "Carla",
    "Dario",
    "Elena",
    "Felix",
    "Greta",
    "Hugo",
    "Irene",
    "Julius",
    "Klara",
    "Leo",
    "Marta",
    "Nils",
    "Olga",
    "Paul",
    "Quinn",
    "Rosa",
    "Sven",
    "Tilda",
    "Ugo",
    "Vera",
    "Wim",
    "Xenia",
    "Yara",
    "Zeno",
]


@dataclass(frozen=True)
class Human:
    """Somebody of the roster: object id, login, names, work mail, private mail, mobile number."""

    id: str
    login: str
    name: str
    email: str
    mail: str
    phone: str
    aal: int = 1

    @property
    def first(self) -> str:
        """Give the first name."""
        return self.name.partition(" ")[0]

    @property
    def spaced(self) -> str:
        """Give the number as people type it: country code and spaces."""
        return f"{self.phone[:2]} {self.phone[2:5]} {self.phone[5:8]} {self.phone[8:]}"

    def as_toml(self) -> str:
        """Write the roster's entry; in a group of their own: no story's people can vouch in another."""
        stamp = 'source = "HR", changed_at = 2024-03-14'
        return (
            f'\n[[people]]\nid = "{self.id}"\nlogin = "{self.login}"\nname = "{self.name}"\n'
            f'email = "{self.email}"\nlocked = true\naal = {self.aal}\ngroups = ["{self.first}\'s desk"]\n'
            f'mails = [{{ address = "{self.mail}", label = "private e-mail", {stamp} }}]\n'
            f'phones = [{{ number = "{self.phone}", label = "mobile phone", {stamp} }}]\n'
        )


RITA = Human(
    "p-1001",
    "rita.romero",
    "Rita Romero",
    "rita.romero@northwind.example",
    "rita@romero-family.example",
    "+12025550142",
)
JONAS = Human(
    "p-1002",
    "jonas.berg",
    "Jonas Berg",
    "jonas.berg@northwind.example",
    "jonas.berg@mailbox.example",
    "+12025550178",
)
PRIYA = Human(
    "p-1003",
    "priya.natarajan",
    "Priya Natarajan",
    "priya.natarajan@northwind.example",
    "",
    "",
)


LENA = Human(
    "p-1901",
    "lena.loner",
    "Lena Loner",
    "lena.loner@northwind.example",
    "lena@loner.example",
    "+12025550190",
    aal=2,
)

MIRA = Human(
    "p-1902",
    "mira.surgeon",
    "Mira Surgeon",
    "mira.surgeon@northwind.example",
    "mira@surgeon.example",
    "+12025550191",
    aal=2,
)


def crowd() -> list[Human]:
    """Make the people, all different in every value."""
    return [
        Human(
            id=f"p-2{number:03}",
            login=f"{first.lower()}.walker",
            name=f"{first} Walker",
            email=f"{first.lower()}.walker@northwind.example",
            mail=f"{first.lower()}@walker-{number}.example",
            phone=f"+120255501{number:02}",
        )
        for number, first in enumerate(FIRST, 1)
    ]
