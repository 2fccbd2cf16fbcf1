"""What Schemathesis is told in every run: who asks, ids and times of the running house in place of invented ones, so that calls get past their
first question, and what has come of it, which run.py judges.

Which id is chosen follows from the invented value or from how many came before, so that a run can be repeated.
"""

import atexit
import hashlib
import hmac
import json
import os
import re
import time
import uuid
import zlib
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
import schemathesis
from schemathesis.engine import Status, events
from schemathesis.engine.run.stateful import _executor as stateful
from schemathesis.generation.overrides import store_components

from good import Good

BASE = os.environ.get("FETTLE_BASE", "")
NAME = os.environ.get("FETTLE_RUN", "nobody")
STORIES = int(os.environ.get("FETTLE_STORIES", "0"))
WORLD = json.loads(os.environ.get("FETTLE_WORLD", "{}"))
WHO = json.loads(os.environ.get("FETTLE_WHO", "{}"))
TODAY = date.fromisoformat(WORLD["today"]) if "today" in WORLD else None
WEBHOOK_SECRET = b"whsec_sandbox"
GOOD = Good(WORLD, NAME)
CASES = Counter()
KEYS = 0
# Of the house's answers to stories: later steps name what earlier ones were told.
TOLD = set()
IDS_AND_TIMES = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

# What `{id}` and its like stand for: the first kind of these of which the run knows any.
KINDS = [
    ("DELETE /bookings/{id}/hold", ["to_release", "bookings"]),
    ("POST /bookings/{id}/payment", ["to_pay", "bookings"]),
    ("POST /bookings/{id}/approval", ["to_approve", "bookings"]),
    ("POST /bookings/{id}/decline", ["to_decline", "bookings"]),
    ("POST /bookings/{id}/completion", ["to_finish", "bookings"]),
    ("POST /bookings/{id}/no-show", ["to_miss", "bookings"]),
    ("POST /bookings/{id}/start", ["to_start", "bookings"]),
    ("POST /bookings/{id}/(on-the-way|delay)", ["soon", "bookings"]),
    ("POST /bookings/{id}/cancellation", ["to_cancel", "bookings"]),
    ("(GET|POST) /bookings/{id}/(cancellation|reschedule)", ["ahead", "bookings"]),
    ("(GET|POST) /bookings/{id}/review", ["done", "bookings"]),
    ("POST /provider-applications/{id}/submission", ["applications", "provider_id"]),
    ("POST /admin/providers/{id}/approval", ["waiting"]),
    ("POST /admin/providers/{id}/suspension", ["active"]),
    ("POST /admin/providers/{id}/reinstatement", ["suspended"]),
    ("(GET|POST) /admin/people/{id}", ["people"]),
    ("(GET|POST) /admin/payments/{id}", ["payments"]),
    ("POST /admin/jobs/{id}", ["jobs"]),
    ("POST /admin/mails/{id}", ["mails"]),
    ("(PUT|DELETE) /services/{id}", ["services_spare"]),
    ("(GET|POST) /payments/{id}", ["payments"]),
    ("(PUT|DELETE) /blocks/{id}", ["blocks"]),
    ("POST /reviews/{id}", ["reviews"]),
    ("DELETE /sessions/{id}", ["sessions"]),
    ("DELETE /tokens/{id}", ["tokens"]),
    (".* /bookings/{id}", ["bookings"]),
    (".* /providers/{id}", ["provider_id"]),
]
KINDS = [(re.compile(start.replace("{", r"\{").replace("}", r"\}")), kinds) for start, kinds in KINDS]
# The last parameter of these names what is changed or ended.
SPARE = {
    "DELETE /providers/{id}/schedules/{resource_id}": "with_hours",
    "PUT /providers/{id}/resources/{resource_id}": "resources_spare",
    "DELETE /providers/{id}/resources/{resource_id}": "resources_spare",
}
ENDS = re.compile(r"^(PUT|DELETE) /(services|sessions|tokens)/|/(resources|members)/|^POST /admin/.*/(suspension|approval)$")
# They end the session that asks, or change what it was opened by or may do: a session that is thrown away asks, for visitors none.
THROWN = re.compile(r"^POST (/auth/(sign-out|password$|email/(change|confirmation)$)|/invitations/acceptance$)")
# They begin a session in place of the one that asks: none asks.
ANONYMOUS = re.compile(r"^POST /auth/(register|sign-in)$")


def call_of(case):
    return f"{case.operation.method.upper()} {case.operation.path.removeprefix('/api/v1')}"


def is_id(value):
    try:
        uuid.UUID(value)
        return True
    except (ValueError, AttributeError, TypeError):
        return False


def pick(kinds, value, always=False):
    """One of ours: always and in turn, or three times out of four."""
    known = next((WORLD[kind] for kind in kinds if WORLD.get(kind)), None)
    if not known:
        return value
    number = zlib.crc32(str(value).encode())
    if always:
        return known[GOOD.number % len(known)]
    return known[number // 4 % len(known)] if number % 4 else value


def kinds_of(call, name):
    if name in ("provider", "customer", "ignoring", "booking_id"):
        return {"provider": ["provider_id"], "customer": ["people"]}.get(name, ["bookings"])
    if name != "id":
        return [SPARE.get(call, name)]
    return next((kinds for start, kinds in KINDS if start.match(call)), [])


def replace(members, call, always):
    for name, value in list(members.items()):
        if not isinstance(value, str) or value in TOLD:
            continue
        if is_id(value):
            members[name] = pick(kinds_of(call, name), value, always)
        elif name in ("starts_at", "at") and "T" in value:
            members[name] = pick(["times"], value)
        elif name in ("from", "to", "date", "free_on") and len(value) == 10 and TODAY:
            number = zlib.crc32(value.encode())
            late = 20 if name == "to" else 0
            if number % 4:
                members[name] = (TODAY + timedelta(days=number // 4 % 20 + late)).isoformat()


def spare_what_is_needed(case, call):
    """Nobody who takes part is suspended by chance, and nothing that others stand on is ended."""
    if ENDS.search(call) and case.path_parameters:
        name = list(re.findall(r"\{(\w+)\}", call))[-1]
        if case.path_parameters.get(name) in WORLD.get("kept", []):
            case.path_parameters[name] = pick(kinds_of(call, name), case.path_parameters[name], always=True)
            if case.path_parameters[name] in WORLD["kept"]:
                case.path_parameters[name] = str(uuid.uuid5(uuid.NAMESPACE_OID, name))


class Thrown:
    """The session of someone who is there to be signed out; another one when it has been."""

    cookie = None

    @classmethod
    def get(cls):
        if cls.cookie is None:
            body = {"email": WORLD["thrown"], "password": WORLD["thrown_password"]}
            answer = requests.post(f"{BASE}/api/v1/auth/sign-in", json=body, timeout=30)
            answer.raise_for_status()
            cls.cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in answer.cookies)
        return cls.cookie


def say_who_asks(case, call):
    for name, value in WHO.items():
        case.headers[name] = value
    if "Cookie" in WHO and THROWN.search(call) and NAME != "visitor":
        case.headers["Cookie"] = Thrown.get()
    elif "Cookie" in WHO and (THROWN.search(call) or ANONYMOUS.search(call)):
        del case.headers["Cookie"]


def sign(case, kwargs):
    """A message that the gateway could have sent. What is sent is no JSON text, as the description has it, but the object in it."""
    event = {"id": f"evt_{NAME}_{CASES.total()}", "type": "charge.updated", "data": {"object": {"object": "charge"}}}
    body = json.dumps(event).encode()
    now = int(time.time())
    total = hmac.new(WEBHOOK_SECRET, f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    case.headers["stripe-signature"] = f"t={now},v1={total}"
    kwargs["data"] = body


def put_in_order(case, call):
    """Whether the case is one of those that are to be accepted, and was made one that can be."""
    if not case.meta.generation.mode.is_positive:
        return False
    is_story = case.meta.phase.name.value == "stateful"
    CASES[call] += 1
    # Other settings of the operator would change the town for everyone who goes side by side.
    if CASES[call] % 2 == 0 and call != "PATCH /admin/settings":
        return False
    body = GOOD.body(call)
    if body is not None and None not in body.values() and isinstance(case.body, dict):
        told = {name: value for name, value in case.body.items() if is_story and isinstance(value, str) and value in TOLD}
        case.body = body | told
    query = GOOD.query(call)
    if query and case.query is not None:
        case.query.update(query)
    return True


@schemathesis.hook
def before_call(context, case, kwargs):
    global KEYS
    call = call_of(case)
    if case.meta is not None:
        named = dict(case.path_parameters or {})
        is_good = put_in_order(case, call)
        for members in (case.path_parameters, case.query, case.body):
            if isinstance(members, dict):
                replace(members, call, is_good and members is case.path_parameters)
        spare_what_is_needed(case, call)
        if named != (case.path_parameters or {}):
            # Ours in place of an invented one. Schemathesis holds whatever was changed since a case was made for what an earlier answer told,
            # and expects that to be there.
            case._components = store_components(case)
        if call == "POST /webhooks/stripe" and case.meta.generation.mode.is_positive:
            sign(case, kwargs)
    say_who_asks(case, call)
    key = case.headers.get("Idempotency-Key")
    if key and len(key) < 200 and all("!" <= letter <= "~" for letter in key):
        # A key is one request's; two that share one by chance would only ever be told so.
        KEYS += 1
        case.headers["Idempotency-Key"] = f"{key}.{NAME}.{KEYS}"


# Operation, phase, status.
COUNTS = Counter()
STEPS = Counter(seeds=0, stories=0, later=0)
# What was ended, by the list it stood in.
GONE = {}
LISTS = re.compile(r"(DELETE|GET) (/sessions|/tokens|/providers/[^/]+/(?:time-off|imported-calendars))(?:/([^/]+))?")
SINGLE = re.compile(r"(DELETE|PUT) (?:/blocks|/services)/([^/]+)")


def sent(response):
    """`DELETE /tokens/0193…`, as it was really asked."""
    path = urlsplit(response.request.url).path
    return f"{response.request.method} {path.removeprefix('/api/v1')}"


@schemathesis.hook
def after_call(context, case, response):
    is_as_described = case.method.upper() == case.operation.method.upper()
    if case.meta is not None and is_as_described:
        phase = case.meta.phase.name.value
        COUNTS[f"{case.operation.method.upper()} {case.operation.path}|{phase}|{response.status_code}"] += 1
        if phase == "stateful":
            TOLD.update(IDS_AND_TIMES.findall(response.content.decode(errors="replace")))
    if not 200 <= response.status_code < 300:
        return
    asked = sent(response)
    if asked.startswith("POST /auth/sign-out"):
        Thrown.cookie = None
    if asked.startswith("DELETE "):
        listed, single = LISTS.fullmatch(asked), SINGLE.fullmatch(asked)
        if listed and listed[3]:
            GONE.setdefault(listed[2], set()).add(listed[3])
        if single:
            GONE.setdefault("alone", set()).add(single[2])


@schemathesis.check
def what_is_gone_stays_gone(ctx, response, case):
    """What was ended is in no list afterwards, and cannot be changed any more."""
    if not 200 <= response.status_code < 300:
        return
    asked = sent(response)
    listed, single = LISTS.fullmatch(asked), SINGLE.fullmatch(asked)
    if listed and listed[1] == "GET":
        text = response.content.decode(errors="replace")
        left = [one for one in GONE.get(listed[2], ()) if one in text]
        assert not left, f"{left[0]} was taken out of {listed[2]} and is still in it"
    if single and single[1] == "PUT":
        assert single[2] not in GONE.get("alone", ()), f"{single[2]} was deleted and can still be changed"


class Told:
    """Hands on what Schemathesis tells of its stories, and counts how often one went on with what an earlier step was told."""

    def __init__(self, listener):
        self.listener, self.is_well = listener, True

    def put(self, event):
        if isinstance(event, events.SuiteStarted):
            STEPS["seeds"] += 1
        if isinstance(event, events.SuiteFinished):
            self.is_well &= event.status in (Status.SUCCESS, Status.SKIP)
        if isinstance(event, events.ScenarioFinished):
            STEPS["stories"] += 1
            for case_id, node in event.recorder.cases.items():
                if node.transition is not None and node.is_transition_applied and event.recorder.find_response(case_id=case_id) is not None:
                    STEPS["later"] += 1
        self.listener.put(event)

    def is_enough(self):
        if STEPS["stories"] < STORIES:
            return False
        return STEPS["later"] > 0 or STEPS["stories"] >= 5 * STORIES


tell_by_one_seed = stateful.execute_state_machine_loop


def tell_all(*, event_queue, **others):
    """The house answers a story that is told again otherwise than the first time. Schemathesis takes that for the end of the phase, after some
    twenty stories of however many; here another seed begins until all are told. So it does while none has gone on, which is left to chance, and
    rare where little is allowed."""
    told = Told(event_queue)
    before = -1
    while told.is_well and before < STEPS["stories"] and not told.is_enough():
        before = STEPS["stories"]
        tell_by_one_seed(event_queue=told, **others)


stateful.execute_state_machine_loop = tell_all


@atexit.register
def tell():
    if "FETTLE_COUNTS" in os.environ:
        Path(os.environ["FETTLE_COUNTS"]).write_text(json.dumps({"calls": COUNTS, **STEPS}))
