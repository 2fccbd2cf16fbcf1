"""Requests in order for calls that invented values would never get past the questions of: half of the cases that are to be accepted are these."""

from datetime import date, timedelta

REASON = {"reason": "Papers have run out"}
CONTACT = {"name": "Ada Bell", "email": "ada.bell@api.example", "phone": "+351 912 345 678"}


class Good:
    """`known` is what the run knows of the town. What has to be new is numbered; `name` tells runs apart that go side by side."""

    def __init__(self, known, name):
        self.known = known
        self.name = name
        self.number = 0

    def one(self, kind):
        items = self.known.get(kind) or [None]
        return items[self.number % len(items)]

    def use(self, kind):
        """What opens something once; the last of them again and again."""
        left = self.known.get(kind) or [None]
        return left.pop(0) if len(left) > 1 else left[0]

    def email(self):
        return f"{self.name}-{self.number}@api.example"

    def day(self, ahead):
        return (date.fromisoformat(self.known["today"]) + timedelta(days=ahead)).isoformat()

    def span(self):
        # Every run has years of its own, far from whatever else is in the calendar.
        hours = sum(map(ord, self.name)) % 90 * 24 + self.number
        start = f"{self.day(130 + hours // 20)}T{hours % 20:02}"
        return {"starts_at": f"{start}:00:00Z", "ends_at": f"{start}:30:00Z"}

    def service(self):
        body = {"name": "A look", "category_id": self.one("category_id"), "mode": "at_provider", "duration_min": 30, "price_minor": 5000}
        return body | {"assignment": "first_free", "people": [{"resource_id": self.one("resource_id")}]}

    def policy(self):
        tiers = [{"before_min": 0, "refund_bp": 5000}]
        return {"horizon_days": 60, "min_notice_min": 60, "slot_step_min": 30, "hold_min": 15, "cancel_tiers": tiers}

    def body(self, call):
        """For `POST /bookings` and the like; None where any body will do."""
        self.number += 1
        make = BODIES.get(call)
        return make(self) if make else None

    def query(self, call):
        make = QUERIES.get(call)
        return make(self) if make else {}


BODIES = {
    "POST /auth/register": lambda good: {"email": good.email(), "password": good.known["thrown_password"], "name": "Ada Bell"},
    "POST /auth/sign-in": lambda good: {"email": good.known["thrown"], "password": good.known["thrown_password"]},
    "POST /auth/password-reset": lambda good: {"email": good.known["thrown"]},
    "POST /auth/password-reset/confirm": lambda good: {"secret": good.use("secret_to_reset"), "password": good.known["thrown_password"]},
    "POST /auth/email/confirm": lambda good: {"secret": good.use("secret_to_confirm")},
    "POST /auth/email/change/confirm": lambda good: {"secret": good.use("secret_to_change")},
    "POST /auth/claim": lambda good: {"secret": good.use("secret_to_claim"), "password": good.known["thrown_password"]},
    "POST /invitations/acceptance": lambda good: {"secret": good.use("secret_to_join")},
    "POST /auth/password": lambda good: {"current": good.known["thrown_password"], "password": good.known["thrown_password"]},
    "POST /auth/email/change": lambda good: {"email": good.email(), "password": good.known["thrown_password"]},
    "PATCH /me": lambda good: {"phone": "+351 912 345 678"},
    "POST /tokens": lambda good: {"name": "script", "scopes": ["profile:read"], "days": 1},
    "POST /bookings": lambda good: {"service_id": good.one("service_id"), "starts_at": good.one("times")},
    "POST /bookings/by-hand": lambda good: {
        "service_id": good.one("service_id"), "starts_at": good.one("times"), "customer_name": "Rui", "is_free": True, "is_outside_hours": True
    },
    "POST /bookings/{id}/cancellation": lambda good: {},
    "POST /bookings/{id}/decline": lambda good: {},
    "POST /bookings/{id}/no-show": lambda good: {"absent": "customer"},
    "POST /bookings/{id}/delay": lambda good: {"minutes": 10},
    "POST /bookings/{id}/reschedule": lambda good: {"starts_at": good.one("times")},
    "POST /bookings/{id}/reschedule/answer": lambda good: {"answer": "withdraw"},
    "POST /bookings/{id}/payment": lambda good: {"tender": "card", "payment_method": "pm_card_visa", "contact": CONTACT},
    "POST /bookings/{id}/review": lambda good: {"rating": 5},
    "POST /reviews/{id}/reply": lambda good: {"reply": "Thank you."},
    "POST /provider-applications": lambda good: {"name": "Brook and Sons", "zone": "Europe/Lisbon", "currency": "EUR", "country": "PT"},
    "PATCH /providers/{id}/settings": lambda good: {"policy": good.policy()},
    "POST /providers/{id}/services": Good.service,
    "PUT /services/{id}": Good.service,
    "POST /providers/{id}/resources": lambda good: {"kind": "room", "name": "Back room"},
    "PUT /providers/{id}/resources/{resource_id}": lambda good: {"kind": "room", "name": "Front room"},
    "POST /providers/{id}/team/invitations": lambda good: {"email": good.email(), "role": "member"},
    "PUT /providers/{id}/team/members/{account_id}": lambda good: {"role": "member"},
    "PUT /providers/{id}/schedules": lambda good: {"hours": [{"weekday": day, "from_min": 480, "to_min": 1140} for day in range(1, 8)]},
    "PUT /providers/{id}/schedule-overrides": lambda good: {"date": good.day(30 + good.number % 4), "ranges": []},
    "POST /providers/{id}/time-off": lambda good: {"from_date": good.day(400 + good.number % 100), "resource_id": good.one("resource_id")},
    "POST /providers/{id}/blocks": lambda good: {"resource_id": good.one("rooms"), "during": good.span()},
    "PUT /blocks/{id}": lambda good: {"resource_id": good.one("rooms"), "during": good.span()},
    "POST /providers/{id}/imported-calendars": lambda good: {
        "resource_id": good.one("resource_id"), "url": f"https://calendar.example/{good.name}-{good.number}.ics"
    },
    "POST /admin/categories": lambda good: {"name": f"Bees {good.number}", "slug": f"bees-{good.number}", "icon": "flower", "tone": 1},
    "PATCH /admin/settings": lambda good: {"hold_min": 20},
    "POST /admin/people/{id}/suspension": lambda good: REASON,
    "POST /admin/people/{id}/reinstatement": lambda good: REASON,
    "POST /admin/providers/{id}/approval": lambda good: {"is_approved": True},
    "POST /admin/providers/{id}/suspension": lambda good: REASON,
    "POST /admin/providers/{id}/reinstatement": lambda good: REASON,
    "POST /payments/{id}/refunds": lambda good: {"amount_minor": 1, "reason": "A leak came back"},
}

QUERIES = {
    "GET /admin/overview": lambda good: {"days": 28},
    "GET /admin/payments/{id}/refund": lambda good: {"amount_minor": 1},
    "GET /bookings/{id}/reschedule": lambda good: {"starts_at": good.one("times")},
    "GET /providers/{id}/availability": lambda good: {"service_id": good.one("service_id"), "from": good.day(1), "to": good.day(8)},
    "GET /providers/{id}/availability/explain": lambda good: {"service_id": good.one("service_id"), "at": good.one("times")},
    "DELETE /providers/{id}/schedule-overrides": lambda good: {"date": good.day(30 + good.number % 4)},
}
