"""Schemathesis against a running server, once for each of those who may come, each asking for every call.

    run.py BASE_URL REPORT_FOLDER [--short | --full]
    run.py --names

As it is, for the tests, the requests are the same each time. In a drill (short or full) there are more of them, from a seed of its own that is
printed; API_SEED=… asks by that one again. API_AS="owner admin" runs only these; --names tells which there are. The house has to be a fresh one.

Prints what it finds, and last a line `N passed, N failed`. Ends with 1 when something failed, when a run went nowhere, or when nobody got
through to a call.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests

from people import THROWN
from world import Town

HERE = Path(__file__).parent
PHASES = ("coverage", "fuzzing", "stateful")


class Depth(NamedTuple):
    """`examples`: invented requests for each call, beside those that its description asks for; stories are several times as many. What the runs
    take follows from it. Without a seed every time has another."""

    examples: int
    phases: tuple
    seed: int | None = None

    @property
    def stories(self):
        # Few of them have a second step.
        return self.examples * 12

    def settled(self):
        return self._replace(seed=self.seed or int(os.environ.get("API_SEED") or random.SystemRandom().randrange(1, 2**32)))


DEPTHS = {
    None: Depth(3, PHASES, seed=20261121),
    # What the description itself asks for is the same each time, and most of the work.
    "--short": Depth(6, PHASES[1:]),
    "--full": Depth(50, PHASES),
}

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


class Run:
    """`way`: by token or by session. `known`: what they know of the town. `shut`: what this person is refused whatever is sent, besides what the
    description says of the way in. `person`: who it is, where the run has another name. `is_brief`: someone else asks for the same with
    everything that is wrong, too. `is_beyond_tokens`: asks only for what tokens may not, since a run by token asks for the rest."""

    def __init__(self, name, way, known, shut="", person=None, is_brief=False, is_beyond_tokens=False):
        self.name, self.way, self.known, self.shut, self.person = name, way, known, shut, person or name
        self.is_brief, self.is_beyond_tokens = is_brief, is_beyond_tokens

    def who(self, town):
        if self.way == "token":
            return {"Authorization": f"Bearer {town.secrets[self.person]}"}
        return {"Cookie": town.people[self.person].cookie}

    def wanted(self, calls):
        """Those that are asked for, by name."""
        if not self.is_beyond_tokens:
            return calls
        return {name: ways for name, ways in calls.items() if ways and not any("token" in way for way in ways)}

    def is_shut(self, name, ways):
        # Webhooks ask nobody who they are.
        is_open = not ways or any(not way if self.name == "visitor" else self.way in way for way in ways)
        short = name.replace("/api/v1", "")
        return not is_open or bool(self.shut and re.search(self.shut.replace("{", r"\{").replace("}", r"\}"), short))

    def settings(self, calls, depth):
        """Schemathesis's, in TOML: little of what is refused anyway, and no story that would end there."""
        shut = [name for name, ways in calls.items() if self.is_shut(name, ways)]
        text = f"seed = {depth.seed}\n" + (HERE / "schemathesis.toml").read_text()
        text = text.replace("[generation]\n", f"[generation]\nmax-examples = {depth.examples}\n", 1)
        text = text.replace("[phases.stateful]\n", f"[phases.stateful]\ngeneration.max-examples = {depth.stories}\n", 1)
        if self.is_brief:
            text += "\n[[operations]]\ninclude-path-regex = '.'\nphases.coverage.generation.mode = \"positive\"\n"
        if shut:
            text += f"\n[[operations]]\ninclude-name-regex = '{any_of(shut)}'\ngeneration.max-examples = {max(1, depth.examples // 10)}\n"
            text += 'phases.coverage.generation.mode = "positive"\nphases.stateful.enabled = false\n'
        return text


def any_of(names):
    return f"^({'|'.join(re.escape(name) for name in names)})$"


def at_desk(town):
    return town.known(town.at_desk)


def as_customer(town):
    return town.known(town.own, town.may_end["customer"])


def as_admin(town):
    work = {kind: ids for kind, ids in town.at_desk.items() if kind == "soon" or kind.startswith("to_")}
    return town.known(work, town.all_of_them, town.given_up)


def beyond_tokens(name):
    return lambda town: town.known(town.may_end[name], {"thrown": THROWN[name]})


OF_OTHERS = f"{OPERATOR}|{DESK}|{WORK}|{GATEWAY}"
# Those that take longest begin.
RUNS = [
    Run("owner", "token", at_desk, f"{OPERATOR}|{GATEWAY}"),
    Run("customer", "token", as_customer, OF_OTHERS),
    Run("admin", "token", as_admin, f"{DESK}|{GATEWAY}"),
    Run("session", "session", lambda town: as_customer(town) | town.invitations, OF_OTHERS, person="customer"),
    Run("visitor", "session", lambda town: town.known(town.visitors, town.letters)),
    Run("manager", "token", at_desk, f"{OPERATOR}|{GATEWAY}", is_brief=True),
    Run("support", "token", lambda town: town.known(town.all_of_them), f"{OPERATOR}|{WRITING}({DESK}|{WORK})|{GATEWAY}", is_brief=True),
    Run("member", "token", at_desk, f"{OPERATOR}|{WRITING}({DESK})|{GATEWAY}", is_brief=True),
    Run("owner-session", "session", beyond_tokens("owner"), person="owner", is_brief=True, is_beyond_tokens=True),
    Run("admin-session", "session", beyond_tokens("admin"), person="admin", is_brief=True, is_beyond_tokens=True),
]


def play(town, folder, calls, run, depth):
    """How many checks passed and failed, and how often each call was answered what in which phase."""
    paths = {kind: folder / f"{run.name}.{kind}" for kind in ("xml", "log", "toml", "json")}
    for path in paths.values():
        path.unlink(missing_ok=True)
    paths["toml"].write_text(run.settings(calls, depth))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(paths["toml"]), "run", f"{town.base}/api/v1/openapi.json"]
    command += ["--url", town.base, "--no-color", "--report-junit-path", str(paths["xml"]), "--phases", ",".join(depth.phases)]
    if run.is_beyond_tokens:
        command += ["--include-name-regex", any_of(calls)]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "FETTLE_BASE": town.base,
        "FETTLE_RUN": run.name,
        "FETTLE_WHO": json.dumps(run.who(town)),
        "FETTLE_WORLD": json.dumps(run.known(town)),
        "FETTLE_COUNTS": str(paths["json"]),
        "FETTLE_STORIES": str(depth.stories),
    }
    began = time.monotonic()
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    paths["log"].write_text(ended.stdout)
    if ended.returncode:
        print(ended.stdout, flush=True)
    passed = failed = 0
    if paths["xml"].exists():
        for case in xml.parse(paths["xml"]).iter("testcase"):
            bad = [found for kind in ("failure", "error") for found in case.iter(kind)]
            failed += bool(bad)
            passed += not bad and case.find("skipped") is None
            if bad:
                print(f"✗ as {run.name}: {case.get('name')}: {gist(bad[0])}", flush=True)
    if ended.returncode and not failed:
        failed = 1
    counts = json.loads(paths["json"].read_text()) if paths["json"].exists() else {"calls": {}, "seeds": 0, "stories": 0, "later": 0}
    asked = Counter()
    for key, count in counts["calls"].items():
        asked[key.split("|")[1]] += count
    told = ", ".join(f"{asked[phase]} {phase}" for phase in depth.phases)
    told += f" in {counts['stories']} stories by {counts['seeds']} seeds, {counts['later']} later steps"
    print(f"as {run.name}: {passed} passed, {failed} failed in {time.monotonic() - began:.0f} s ({told})", flush=True)
    return passed, failed, counts


def gist(found):
    """Of what JUnit's report says went wrong: what was held against which call's answer."""
    text = found.text or found.get("message") or ""
    held = [line.strip(" -") for line in text.splitlines() if line.startswith("- ") or line.strip().startswith("Received:")]
    asked = re.search(r"curl -X (\w+) .* (http\S+)$", text, re.MULTILINE)
    return ": ".join([*(asked.groups() if asked else ()), *held] or text.splitlines()[:1])


def shortcomings(asked, outcomes, depth, is_whole):
    """What was not even tried, or nobody got through to; one sentence each. `asked`: the calls of each run."""
    reached = set()
    for name, counts in outcomes.items():
        tried = {key.split("|")[1] for key in counts["calls"]}
        for phase in depth.phases:
            if phase not in tried:
                yield f"{name} asked nothing in the phase {phase}"
        if counts["later"] == 0:
            yield f"{name} never went on with what a first step was told"
        if counts["stories"] < depth.stories:
            yield f"{name} told {counts['stories']} of {depth.stories} stories"
        for call in sorted(asked[name].keys() - {key.split("|")[0] for key in counts["calls"]}):
            yield f"{name} never asked for {call}"
        own = {key.split("|")[0] for key in counts["calls"] if key.split("|")[2].startswith("2")}
        if not own:
            yield f"{name} got through to nothing"
        reached |= own
    if is_whole:
        for call in sorted({call for calls in asked.values() for call in calls} - reached):
            yield f"nobody got through to {call}"


def main():
    if sys.argv[1:] == ["--names"]:
        print("\n".join(run.name for run in wanted_runs()))
        return
    base, folder = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    depth = DEPTHS[sys.argv[3] if len(sys.argv) > 3 else None].settled()
    wanted = wanted_runs()
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {depth.seed}", flush=True)
    document = requests.get(f"{base}/api/v1/openapi.json", timeout=30).json()
    calls = {f"{method.upper()} {path}": call["security"] for path, item in document["paths"].items() for method, call in item.items()}
    asked = {run.name: run.wanted(calls) for run in wanted}
    town = Town(base)
    # Two at a time: while one thinks of a request the server answers another.
    with ThreadPoolExecutor(2) as pool:
        scores = list(pool.map(lambda run: play(town, folder, asked[run.name], run, depth), wanted))
    passed, failed = (sum(score[at] for score in scores) for at in (0, 1))
    # By chance alone not every call has a request in order.
    is_whole = len(wanted) == len(RUNS) and "coverage" in depth.phases
    found = list(shortcomings(asked, {run.name: score[2] for run, score in zip(wanted, scores)}, depth, is_whole))
    for sentence in found:
        print(f"✗ {sentence}")
    print(f"{passed} passed, {failed + len(found)} failed")
    sys.exit(1 if failed or found or not passed else 0)


def wanted_runs():
    only = os.environ.get("API_AS", "").split()
    names = [run.name for run in RUNS]
    unknown = set(only) - set(names)
    if unknown:
        sys.exit(f"API_AS: there is no {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [run for run in RUNS if not only or run.name in only]


if __name__ == "__main__":
    main()
