"""Schemathesis against a running server, once for each of those who may come.

    run.py BASE_URL REPORT_FOLDER

Prints what it finds, and last a line `N passed, N failed`. Ends with 1 when something failed.
"""

import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import requests

HERE = Path(__file__).parent
PASSWORD = "merrow-demo-1"
PEOPLE = {
    "customer": "ines@merrow.example",
    "owner": "bram@tolliver.example",
    "support": "support@fettle.example",
    "admin": "vesna@fettle.example",
}
# Of the account's own safety: for sessions, not for tokens. Signing out would end the run's own session; visitors do it.
OWN = "^/api/v1/(auth|sessions|tokens)"
LEAVING = "^/api/v1/(auth/sign-out|sessions/)"
GATEWAY = "^/api/v1/webhooks"
OPERATOR = "^/api/v1/admin"
# What a team keeps.
DESK = "/providers/{id}/(blocks|earnings|imported|resources|schedule|settings|team|time-off)|^/api/v1/(services|blocks|provider-applications)"


class Person:
    """Signed in by a session, with a token that may do everything the person may."""

    def __init__(self, base, email):
        self.base = base
        self.session = requests.Session()
        self.me = self.ask("POST", "auth/sign-in", json={"email": email, "password": PASSWORD})
        kinds = ["profile", "bookings", "payments", "provider"] + ["admin"] * self.me["is_admin"]
        scopes = [f"{kind}:{way}" for kind in kinds for way in ("read", "write")]
        token = self.ask("POST", "tokens", json={"name": "api tests", "scopes": scopes, "days": 1})
        self.secret = token["secret"]
        self.cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.session.cookies)

    def ask(self, method, path, **more):
        answer = self.session.request(method, f"{self.base}/api/v1/{path}", timeout=30, **more)
        answer.raise_for_status()
        return answer.json()

    def ids(self, path, name="id"):
        joint = "&" if "?" in path else "?"
        return [item[name] for item in self.ask("GET", f"{path}{joint}limit=30")["items"]]


def world(people):
    """Ids and times of the demo town, by the name they have in requests."""
    owner, admin = people["owner"], people["admin"]
    shop = owner.me["workplaces"][0]["provider_id"]
    services = owner.ids(f"providers/{shop}/services")
    own = {person.me["id"] for person in people.values()}
    today = date.today()
    slots = []
    for service in services[:2]:
        query = f"service_id={service}&from={today}&to={date.fromordinal(today.toordinal() + 13)}"
        days = owner.ask("GET", f"providers/{shop}/availability?{query}")["days"]
        slots += [slot["starts_at"] for day in days for slot in day["slots"]][::3]
    return {
        "today": today.isoformat(),
        "provider_id": [shop] + admin.ids("admin/providers")[:2],
        "service_id": services,
        "resource_id": owner.ids(f"providers/{shop}/resources"),
        "time_off_id": owner.ids(f"providers/{shop}/time-off"),
        "calendar_id": owner.ids(f"providers/{shop}/imported-calendars"),
        "category_id": owner.ids("categories"),
        "reviews": owner.ids(f"providers/{shop}/reviews"),
        "slots": slots[:60],
        # Nobody who takes part here is to be suspended by chance.
        "people": [one for one in admin.ids("admin/people") if one not in own],
        "account_id": [one for one in admin.ids("admin/people") if one not in own],
    }


def runs(people, known):
    """Name, whose headers, what is left out or alone looked at, cases a call, and what they know."""
    customer, owner, support, admin = (people[name] for name in ("customer", "owner", "support", "admin"))
    mine = lambda bookings, payments: known | {"bookings": bookings, "payments": payments}
    own = mine(customer.ids("bookings"), customer.ids("payments"))
    shop = mine(owner.ids("bookings?as=provider"), [])
    all_of_them = mine(admin.ids("admin/bookings"), admin.ids("admin/payments"))
    token = lambda person: {"Authorization": f"Bearer {person.secret}"}
    quick = ["--phases", "fuzzing", "-n", "3"]
    thorough = lambda phases, cases: ["--phases", phases, "-n", str(cases)]
    return [
        ("visitor", {}, quick, known),
        ("session", {"Cookie": customer.cookie}, ["--include-path-regex", OWN, "--exclude-path-regex", LEAVING, *thorough("coverage,fuzzing", 6)], own),
        ("customer", token(customer), ["--exclude-path-regex", f"{OWN}|{GATEWAY}|{OPERATOR}|{DESK}", *thorough("coverage,fuzzing,stateful", 6)], own),
        ("owner", token(owner), ["--include-path-regex", f"{DESK}|/bookings", *thorough("coverage,fuzzing,stateful", 6)], shop),
        ("support", token(support), ["--exclude-path-regex", f"{OWN}|{GATEWAY}", *quick], all_of_them),
        ("admin", token(admin), ["--include-path-regex", f"{OPERATOR}|/payments", *thorough("coverage,fuzzing,stateful", 6)], all_of_them),
    ]


def play(base, folder, name, headers, options, known):
    report = folder / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"{base}/api/v1/openapi.json", "--url", base, "--no-color", "--report-junit-path", str(report), *options]
    for header, value in headers.items():
        command += ["-H", f"{header}: {value}"]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "FETTLE_WORLD": json.dumps(known)}
    began = time.monotonic()
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (folder / f"{name}.log").write_text(ended.stdout)
    if ended.returncode:
        print(ended.stdout, flush=True)
    passed = failed = 0
    if report.exists():
        for case in xml.parse(report).iter("testcase"):
            is_bad = case.find("failure") is not None or case.find("error") is not None
            failed += is_bad
            passed += not is_bad and case.find("skipped") is None
    if ended.returncode and not failed:
        failed = 1
    print(f"as {name}: {passed} passed, {failed} failed in {time.monotonic() - began:.0f} s", flush=True)
    return passed, failed


def main():
    base, folder = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    people = {name: Person(base, email) for name, email in PEOPLE.items()}
    known = world(people)
    only = os.environ.get("API_AS", "").split()
    wanted = [run for run in runs(people, known) if not only or run[0] in only]
    # Two at a time: while one thinks of a request the server answers another.
    with ThreadPoolExecutor(2) as pool:
        scores = list(pool.map(lambda run: play(base, folder, *run), wanted))
    passed, failed = (sum(score[at] for score in scores) for at in (0, 1))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
