"""Schemathesis against a running server, once for each of those who may come, each asking for every call.

    run.py BASE_URL REPORT_FOLDER

API_AS="owner admin" runs only these. Prints what it finds, and last a line `N passed, N failed`. Ends with 1 when something failed, when a
run went nowhere, or when nobody got through to a call.
"""

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from world import Town

HERE = Path(__file__).parent
# Invented requests for each call, beside those that its description asks for; stories are several times as many. What the runs take follows from it.
EXAMPLES = 3
PHASES = ("coverage", "fuzzing", "stateful")

OPERATOR = "/admin/|/payments/{id}/refunds"
# What a team keeps.
DESK = (
    "/providers/{id}/(blocks|earnings|imported|resources|schedule|settings|team|time-off)|/(services|blocks)/{id}|POST .*/providers/{id}/services"
    "|/reviews/{id}/reply|/bookings/by-hand"
)
# The provider's side of a booking.
WORK = "/bookings/{id}/(approval|decline|start|completion|on-the-way|delay)"
WRITING = "(POST|PUT|PATCH|DELETE) .*"
GATEWAY = "/webhooks/"

# Calls that need not succeed for anyone here.
UNREACHED = {
    "POST /auth/password-reset/confirm": "by a secret that only a letter knows; end2end/tests/account.spec.ts opens it",
    "POST /auth/email/confirm": "by a secret that only a letter knows; end2end/tests/account.spec.ts opens it",
    "POST /auth/email/change/confirm": "by a secret that only a letter knows; domain/src/account/tests.rs opens it",
    "POST /auth/claim": "by a secret that only a letter knows; end2end/tests/checkout.spec.ts opens it",
    "POST /invitations/acceptance": "by a secret that only a letter knows; domain/src/provider/tests.rs opens it",
    "POST /admin/jobs/{id}/retry": "in a house that is well no job has given up",
    "POST /admin/mails/{id}/retry": "in a house that is well no letter was refused",
}


class Run:
    """`shut`: what this person is refused whatever is sent, besides what the description says of the way in. `is_brief`: someone else asks
    for the same with everything that is wrong, too. `has_own`: bookings and the like of their own, which a story can go on with."""

    def __init__(self, name, who, known, shut, is_brief=False, has_own=True):
        self.name, self.who, self.known, self.shut, self.is_brief, self.has_own = name, who, known, shut, is_brief, has_own

    def is_shut(self, name, ways):
        way_in = "token" if "Authorization" in self.who else "session"
        # Webhooks ask nobody who they are.
        is_open = not ways or any(not way if self.name == "visitor" else way_in in way for way in ways)
        short = name.replace("/api/v1", "")
        return not is_open or bool(self.shut and re.search(self.shut.replace("{", r"\{").replace("}", r"\}"), short))

    def settings(self, calls):
        """Schemathesis's, in TOML: little of what is refused anyway, and no story that would end there."""
        shut = [name for name, ways in calls.items() if self.is_shut(name, ways)]
        text = (HERE / "schemathesis.toml").read_text()
        text = text.replace("[generation]\n", f"[generation]\nmax-examples = {EXAMPLES}\n", 1)
        # Whoever may do little finds few stories with a second step.
        stories = EXAMPLES * (12 if self.is_brief else 4)
        text = text.replace("[phases.stateful]\n", f"[phases.stateful]\ngeneration.max-examples = {stories}\n", 1)
        if self.is_brief:
            text += "\n[[operations]]\ninclude-path-regex = '.'\nphases.coverage.generation.mode = \"positive\"\n"
        if shut:
            names = "|".join(re.escape(name) for name in shut)
            text += f"\n[[operations]]\ninclude-name-regex = '^({names})$'\ngeneration.max-examples = 1\n"
            text += 'phases.coverage.generation.mode = "positive"\nphases.stateful.enabled = false\n'
        return text


def runs(town):
    token = lambda name: {"Authorization": f"Bearer {town.secrets[name]}"}
    cookie = {"Cookie": town.people["customer"].cookie}
    work = {kind: ids for kind, ids in town.at_desk.items() if kind == "soon" or kind.startswith("to_")}
    desk = town.known(town.at_desk)
    return [
        Run("owner", token("owner"), desk, f"{OPERATOR}|{GATEWAY}"),
        Run("customer", token("customer"), town.known(town.own), f"{OPERATOR}|{DESK}|{WORK}|{GATEWAY}"),
        Run("admin", token("admin"), town.known(work, town.all_of_them), f"{DESK}|{GATEWAY}"),
        Run("session", cookie, town.known(town.own), f"{OPERATOR}|{DESK}|{WORK}|{GATEWAY}"),
        Run("visitor", {"Cookie": town.visitor.cookie}, town.known(town.visitors), ""),
        Run("manager", token("manager"), desk, f"{OPERATOR}|{GATEWAY}", is_brief=True),
        Run("support", token("support"), town.known(town.all_of_them), f"{OPERATOR}|{WRITING}({DESK}|{WORK})|{GATEWAY}", is_brief=True, has_own=False),
        Run("member", token("member"), desk, f"{OPERATOR}|{WRITING}({DESK})|{GATEWAY}", is_brief=True),
    ]


def play(base, folder, calls, run):
    """How many checks passed and failed, and how often each call was answered what in which phase."""
    paths = {kind: folder / f"{run.name}.{kind}" for kind in ("xml", "log", "toml", "json")}
    for path in paths.values():
        path.unlink(missing_ok=True)
    paths["toml"].write_text(run.settings(calls))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(paths["toml"]), "run", f"{base}/api/v1/openapi.json"]
    command += ["--url", base, "--no-color", "--report-junit-path", str(paths["xml"]), "--phases", ",".join(PHASES)]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "FETTLE_BASE": base,
        "FETTLE_RUN": run.name,
        "FETTLE_WHO": json.dumps(run.who),
        "FETTLE_WORLD": json.dumps(run.known),
        "FETTLE_COUNTS": str(paths["json"]),
    }
    began = time.monotonic()
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    paths["log"].write_text(ended.stdout)
    if ended.returncode:
        print(ended.stdout, flush=True)
    passed = failed = 0
    if paths["xml"].exists():
        for case in xml.parse(paths["xml"]).iter("testcase"):
            is_bad = case.find("failure") is not None or case.find("error") is not None
            failed += is_bad
            passed += not is_bad and case.find("skipped") is None
    if ended.returncode and not failed:
        failed = 1
    counts = json.loads(paths["json"].read_text()) if paths["json"].exists() else {"calls": {}, "steps": 0}
    asked = Counter()
    for key, count in counts["calls"].items():
        asked[key.split("|")[1]] += count
    told = ", ".join(f"{asked[phase]} {phase}" for phase in PHASES)
    print(f"as {run.name}: {passed} passed, {failed} failed in {time.monotonic() - began:.0f} s ({told}, {counts['steps']} later steps)", flush=True)
    return passed, failed, counts


def shortcomings(calls, outcomes, is_whole, without_own):
    """What was not even tried, or nobody got through to; one sentence each."""
    reached = set()
    for name, counts in outcomes.items():
        phases = {key.split("|")[1] for key in counts["calls"]}
        for phase in PHASES:
            if phase not in phases:
                yield f"{name} asked nothing in the phase {phase}"
        if counts["steps"] == 0 and name not in without_own:
            yield f"{name} never went on with what a first step was told"
        asked = {key.split("|")[0] for key in counts["calls"]}
        for call in calls.keys() - asked:
            yield f"{name} never asked for {call}"
        reached |= {key.split("|")[0] for key in counts["calls"] if key.split("|")[2].startswith("2")}
    if not is_whole:
        return
    for call in sorted(calls):
        is_excused = call.replace("/api/v1", "") in UNREACHED
        if call not in reached and not is_excused:
            yield f"nobody got through to {call}"
        if call in reached and is_excused:
            yield f"{call} succeeds, so it need not be excused"
    known = {call.replace("/api/v1", "") for call in calls}
    for call in UNREACHED.keys() - known:
        yield f"{call} is excused and not there"


def main():
    base, folder = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    document = requests.get(f"{base}/api/v1/openapi.json", timeout=30).json()
    calls = {f"{method.upper()} {path}": call["security"] for path, item in document["paths"].items() for method, call in item.items()}
    everyone = runs(Town(base))
    only = os.environ.get("API_AS", "").split()
    unknown = set(only) - {run.name for run in everyone}
    if unknown:
        sys.exit(f"API_AS: there is no {', '.join(sorted(unknown))}; there are {', '.join(run.name for run in everyone)}")
    wanted = [run for run in everyone if not only or run.name in only]
    # Two at a time: while one thinks of a request the server answers another. Those that take longest begin.
    with ThreadPoolExecutor(2) as pool:
        scores = list(pool.map(lambda run: play(base, folder, calls, run), wanted))
    passed, failed = (sum(score[at] for score in scores) for at in (0, 1))
    found = list(shortcomings(calls, {run.name: score[2] for run, score in zip(wanted, scores)}, is_whole=not only, without_own=[run.name for run in wanted if not run.has_own]))
    for sentence in found:
        print(f"✗ {sentence}")
    print(f"{passed} passed, {failed + len(found)} failed")
    sys.exit(1 if failed or found or not passed else 0)


if __name__ == "__main__":
    main()
