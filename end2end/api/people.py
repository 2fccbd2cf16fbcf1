"""Who takes part, and what they do before the runs begin."""

import os
import subprocess
from datetime import date, datetime, timedelta, timezone

import requests

PASSWORD = "merrow-demo-1"
THROWN_PASSWORD = "four kettles and a moss"
PEOPLE = {
    "customer": "ines@merrow.example",
    "owner": "bram@tolliver.example",
    "member": "odalys@tolliver.example",
    "support": "support@fettle.example",
    "admin": "vesna@fettle.example",
}
# Nobody in the town is one; the run makes them.
MANAGER = "manager@tolliver.example"
# Who is signed out and the like, in place of the one that may do the same.
THROWN = {"customer": "thrown@api.example", "owner": "thrown-owner@api.example", "admin": "thrown-admin@api.example"}


class Person:
    """Signed in by a session, with a token that may do everything the person may."""

    def __init__(self, base, email, password=PASSWORD):
        self.base = base
        self.session = requests.Session()
        self.me = self.ask("POST", "auth/sign-in", json={"email": email, "password": password})
        self.cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)

    def make_token(self, name="api tests"):
        kinds = ["profile", "bookings", "payments", "provider"] + ["admin"] * self.me["is_admin"]
        scopes = [f"{kind}:{way}" for kind in kinds for way in ("read", "write")]
        made = self.ask("POST", "tokens", json={"name": name, "scopes": scopes, "days": 1})
        return made["secret"], made["token"]["id"]

    def ask(self, method, path, **more):
        answer = self.session.request(method, f"{self.base}/api/v1/{path}", timeout=30, **more)
        if not answer.ok:
            raise SystemExit(f"{method} {path} for the town was refused with {answer.status_code}: {answer.text[:400]}")
        return answer.json() if answer.content else None

    def post(self, path, **body):
        return self.ask("POST", path, json=body)

    def list(self, path):
        joint = "&" if "?" in path else "?"
        return self.ask("GET", f"{path}{joint}limit=30")["items"]

    def ids(self, path):
        return [item["id"] for item in self.list(path)]


class Visitor(Person):
    """Nobody, whose browser is known by what it holds."""

    def __init__(self, base, service, times):
        self.base = base
        self.session = requests.Session()
        self.held = [hold(self, service, at) for at in times]
        self.cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)


def register(base, email):
    """Nobody's session: who registers is signed in by it."""
    answer = requests.post(f"{base}/api/v1/auth/register", json={"email": email, "password": THROWN_PASSWORD, "name": "Ada Bell"}, timeout=30)
    answer.raise_for_status()
    return answer.json()["id"]


def hold(customer, service, starts_at):
    return customer.post("bookings", service_id=service, starts_at=starts_at)["id"]


def pay(customer, booking, email=PEOPLE["customer"]):
    contact = {"name": "Ines Calloway", "email": email, "phone": "+351 912 345 678"}
    customer.post(f"bookings/{booking}/payment", tender="card", payment_method="pm_card_visa", contact=contact)
    return booking


def sql(text):
    command = [os.environ.get("PSQL", "psql"), os.environ["DATABASE_URL"], "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def in_minutes(minutes):
    at = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def day(ahead):
    return (date.today() + timedelta(days=ahead)).isoformat()
