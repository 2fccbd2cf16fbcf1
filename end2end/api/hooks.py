"""Ids, times and keys of the running house in place of invented ones, so that calls get past their first question.

Which one is chosen follows from the invented value, so that a run can be repeated.
"""

import json
import os
import uuid
import zlib
from datetime import date, timedelta

import schemathesis

WORLD = json.loads(os.environ.get("FETTLE_WORLD", "{}"))
TODAY = date.fromisoformat(WORLD["today"]) if "today" in WORLD else None
KEYS = 0

# What `{id}` stands for, by the first words of the address; longer ones first.
IDS = {
    "admin/jobs": "jobs",
    "admin/mails": "mails",
    "admin/payments": "payments",
    "admin/people": "people",
    "admin/providers": "provider_id",
    "blocks": "blocks",
    "bookings": "bookings",
    "payments": "payments",
    "provider-applications": "provider_id",
    "providers": "provider_id",
    "reviews": "reviews",
    "services": "service_id",
    "sessions": "sessions",
    "tokens": "tokens",
}


def is_id(value):
    try:
        uuid.UUID(value)
        return True
    except (ValueError, AttributeError, TypeError):
        return False


def pick(kind, value):
    """One of ours three times out of four."""
    known = WORLD.get(kind) or []
    number = zlib.crc32(str(value).encode())
    return known[number // 4 % len(known)] if known and number % 4 else value


def replace(members, path):
    for name, value in list(members.items()):
        if name == "id" and is_id(value):
            head = path.removeprefix("/api/v1/")
            kind = next((kind for start, kind in IDS.items() if head.startswith(start)), None)
            members[name] = pick(kind, value)
        elif name in ("provider", "customer", "ignoring", "booking_id") and is_id(value):
            kinds = {"provider": "provider_id", "customer": "people"}
            members[name] = pick(kinds.get(name, "bookings"), value)
        elif name in WORLD and is_id(value):
            members[name] = pick(name, value)
        elif name in ("starts_at", "at") and isinstance(value, str) and "T" in value:
            members[name] = pick("slots", value)
        elif name in ("from", "to", "date", "free_on") and isinstance(value, str) and len(value) == 10 and TODAY:
            number = zlib.crc32(value.encode())
            late = 20 if name == "to" else 0
            if number % 4:
                members[name] = (TODAY + timedelta(days=number // 4 % 20 + late)).isoformat()


@schemathesis.hook
def before_call(context, case, kwargs):
    global KEYS
    # Later steps of a story name what earlier ones were told.
    is_story = case.meta is not None and case.meta.phase.name.value == "stateful"
    if not is_story:
        for members in (case.path_parameters, case.query, case.body):
            if isinstance(members, dict):
                replace(members, case.operation.path)
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if key and len(key) < 200 and all("!" <= letter <= "~" for letter in key):
        # A key is one request's; two that share one by chance would only ever be told so.
        KEYS += 1
        headers["Idempotency-Key"] = f"{key}.{KEYS}"
