"""What sqlmap is let loose on. A form or call that strangers get to and that is not here breaks the drill (`truth.py`)."""

import json
from dataclasses import dataclass, field

from town import FORM, JSON, MARTA, PASSWORD, signed_in
from truth import names_in


@dataclass(frozen=True)
class Target:
    """Tried is what stands before a star in address, cookies and headers, every value in the body (text of a form, members, or parts), and, where the
    address has no star, every value in its query."""

    name: str
    path: str
    body: object = None
    cookie: str = ""
    method: str = ""
    headers: dict = field(default_factory=dict)

    @property
    def verb(self):
        return self.method or ("GET" if self.body is None else "POST")

    @property
    def plain_path(self):
        return self.path.replace("*", "")

    @property
    def kind(self):
        return JSON if isinstance(self.body, dict) else "multipart/form-data; boundary=edge" if isinstance(self.body, list) else FORM

    @property
    def text(self):
        """As it is sent, with stars where sqlmap would not find by itself what is to be tried."""
        if isinstance(self.body, dict):
            return json.dumps(self.body)
        return parts(self.body) if isinstance(self.body, list) else self.body

    def fields(self, route):
        words = zip(route.split("/"), self.path.partition("?")[0].split("/"))
        found = {f"path {name.strip('{}')}" for name, word in words if "*" in word}
        if "*" not in self.path:
            found |= {f"query {name}" for name in names_in(self.path.partition("?")[2])}
        names = leaves(self.body) if isinstance(self.body, dict) else dict(self.body) if isinstance(self.body, list) else names_in(self.body or "")
        found |= {f"body {name}" for name in names} | {f"header {name.lower()}" for name, value in self.headers.items() if "*" in value}
        found |= {f"header cookie {one.strip().partition('=')[0]}" for one in self.cookie.split(";") if "*" in one}
        return {f"{self.verb} {route} {one}" for one in found}


def leaves(value, name=""):
    """`address.street`, `add_ons[]`."""
    if isinstance(value, dict):
        return {leaf for key, inner in value.items() for leaf in leaves(inner, f"{name}.{key}" if name else key)}
    return {leaf for inner in value for leaf in leaves(inner, f"{name}[]")} if isinstance(value, list) else {name}


def parts(pairs):
    """A form with a file, of which the name is tried. Its content is no picture, so that nothing is added and all is read."""
    text = ""
    for name, value in pairs:
        if name == "photo":
            text += f'--edge\r\nContent-Disposition: form-data; name="photo"; filename="{value}*"\r\nContent-Type: image/png\r\n\r\nnothing\r\n'
        else:
            text += f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}*\r\n'
    return text + "--edge--\r\n"


NAMED = "name=Marta&email=marta%40example.com&phone=%2B351912345678&notes=Ring&tip_minor=0"
PLACED = "address.street=14+Lantern+Lane&address.postcode=M1&address.town=Merrow&address.extra=Second+floor"
DETAILS = "details[name]=Marta&details[email]=marta%40example.com&details[phone]=%2B351912345678&details[notes]=Ring&details[tip_minor]=0"
DETAILS += "&details[address][street]=14+Lantern+Lane&details[address][town]=Merrow"
PLACE = {"street": "14 Lantern Lane", "town": "Merrow"}
WHOLE_PLACE = PLACE | {"district": "Millbank", "postcode": "M1", "extra": "Second floor", "lat": 38.7, "lng": -9.1}
TYPED = [(name, value) for name, value in MARTA.items()] + [("notes", "Ring"), ("tip_minor", "0"), ("photo", "sink.png")]
TYPED += [(f"address.{name}", value) for name, value in PLACE.items()] + [("address.postcode", "M1"), ("address.extra", "Second floor")]


def targets(town):
    # Holds last a quarter of an hour, so what needs them comes first.
    yield from paying(town)
    yield from finding(town)
    yield from coming_in(town)
    yield from holding(town)
    yield from booked(town)
    yield from changing(town)
    admin = signed_in(town.stranger.base, "vesna@fettle.example").cookie
    yield Target("admin, people", "/admin/people?q=ada", None, admin)
    yield Target("admin, audit", "/admin/audit?q=booking", None, admin)


def paying(town):
    held, to_pay, to_release, cookie = town.held, town.to_pay, town.to_release, town.cookie
    yield Target("checkout", f"/checkout/{held}*", f"{NAMED}&{PLACED}", cookie)
    yield Target("checkout, with a photo", f"/checkout/{held}", [("photo", "sink.png")], cookie)
    yield Target("checkout, photos", f"/checkout/{held}*/photos", TYPED, cookie)
    yield Target("checkout, no photo", f"/checkout/{held}*/photos/{town.held_photo}*/remove", "", cookie)
    yield Target("checkout, look", f"/checkout/{held}*", None, cookie)
    yield Target("checkout, return", f"/checkout/{to_pay}*/return", None, cookie)
    yield Target("hold left", "/do/booking/hold_left", f"booking={held}", cookie)
    yield Target("pay", "/do/payment/pay", f"booking={to_pay}&{DETAILS}", cookie)
    yield Target("payment state", "/do/payment/state", f"booking={to_pay}", cookie)
    declined = {"tender": "card", "payment_method": "pm_card_chargeDeclined", "is_hosted": False}
    given = {"tip_minor": 0, "contact": MARTA, "notes": "Ring"}
    yield Target("payment API", f"/api/v1/bookings/{to_pay}*/payment", declined | given | {"address": PLACE}, cookie)
    yield Target("payment API, address", f"/api/v1/bookings/{to_pay}/payment", {"tender": "card", "address": WHOLE_PLACE}, cookie)
    yield Target("payment API, look", f"/api/v1/bookings/{to_pay}*/payment", None, cookie)
    yield Target("pay link", f"{town.pay_path}*", "go=1")
    yield Target("pay link, look", f"{town.pay_path}*")
    yield Target("release", f"/checkout/{to_release}*/release", "", cookie)
    yield Target("release API", f"/api/v1/bookings/{to_release}*/hold", None, cookie, "DELETE")
    # A key is good for one request, so nothing else is tried under it.
    yield Target("release API, key", f"/api/v1/bookings/{to_release}*/hold", None, cookie, "DELETE", {"Idempotency-Key": "once-1*"})


def finding(town):
    slug, provider, service, day, at = town.provider["slug"], town.provider["id"], town.service, town.day, town.times[0]
    api = f"/api/v1/providers/{provider}"
    yield Target("search", "/search?q=tap&category=plumbing&place=Merrow")
    # Filters by the API: the same queries, and pages a tenth of the size to compare.
    yield Target("search, filters", "/api/v1/search?q=tap&limit=1&price_max_minor=5000&rating_min=4&language=en")
    yield Target("search, more", f"/api/v1/search?q=tap&limit=1&mode=at_customer&sort=price&currency=EUR&free_on={day}&free_at=18:00")
    yield Target("search, places", "/api/v1/search?q=tap&lat=38.7&lng=-9.1&radius_km=5&cursor=abc&place=Merrow&category=plumbing&instant=true")
    yield Target("places", "/do/booking/suggest_places", "text=Mer")
    yield Target("category", f"/c/{town.category}*")
    yield Target("provider page", f"/p/{slug}?service={service}&with={town.person}&from={day}&day={day}&at={at}&reviews=abc")
    yield Target("provider page, name", f"/p/{slug}*")
    yield Target("QR code", f"/p/{slug}*/qr.svg")
    yield Target("why not", f"/p/{slug}/why?service={service}&day={day}&time=10:00")
    yield Target("why not, name", f"/p/{slug}*/why")
    yield Target("provider API", f"{api}*")
    yield Target("services API", f"{api}*/services")
    yield Target("reviews API", f"{api}/reviews?limit=1&cursor=abc")
    yield Target("reviews API, provider", f"{api}*/reviews")
    days = f"service_id={service}&from={day}&to={day}"
    more = f"tz=Europe/Lisbon&resource_id={town.person}&extra_min=0&ignoring={town.held}"
    yield Target("availability API", f"{api}/availability?{days}&{more}", None, town.cookie)
    yield Target("availability API, provider", f"{api}*/availability?{days}")
    yield Target("why not API", f"{api}/availability/explain?service_id={service}&at={at}")
    yield Target("why not API, provider", f"{api}*/availability/explain?service_id={service}&at={at}")
    yield Target("theme", "/theme", "theme=dark")


def coming_in(town):
    # What a browser calls itself is kept with the session.
    called = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0*"}
    yield Target("sign in", "/sign-in", f"email=ines%40merrow.example&password={PASSWORD}&next=/", headers=called)
    yield Target("sign in, look", "/sign-in?next=/bookings")
    yield Target("register", "/register", "email=ada@example.com&password=short&name=Ada&next=/")
    yield Target("register, look", "/register?next=/bookings")
    yield Target("forgotten password", "/forgot-password", "email=ada@example.com")
    for path in ("reset-password", "confirm-email", "change-email", "claim", "invitations"):
        yield Target(f"{path}, look", f"/{path}/abc*")
    for path in ("confirm-email", "change-email"):
        yield Target(path, f"/{path}/abc*", "")
    for path in ("reset-password", "claim"):
        yield Target(path, f"/{path}/abc*", "password=not-this-one")
    yield Target("calendar feed", f"/feeds/{town.feed}*/calendar.ics")
    auth = "/api/v1/auth"
    yield Target("sign in API", f"{auth}/sign-in", {"email": "ada@example.com", "password": "not-this-one"})
    yield Target("register API", f"{auth}/register", {"email": "ada@example.com", "password": "a phrase nobody has", "name": "Ada"})
    yield Target("password-reset API", f"{auth}/password-reset", {"email": "ada@example.com"})
    yield Target("new password API", f"{auth}/password-reset/confirm", {"secret": "abc", "password": "not-this-one"})
    yield Target("confirm API", f"{auth}/email/confirm", {"secret": "abc"})
    yield Target("change API", f"{auth}/email/change/confirm", {"secret": "abc"})
    yield Target("claim API", f"{auth}/claim", {"secret": "abc", "password": "not-this-one"})
    yield Target("token", "/api/v1/bookings?limit=1", headers={"Authorization": "Bearer abc*"})
    signature = {"Stripe-Signature": "t=1,v1=abc*"}
    yield Target("webhook", "/api/v1/webhooks/stripe", {"id": "evt_1", "type": "charge.updated"}, headers=signature)


def holding(town):
    at, free = town.times[:2]
    chosen = f"service_id={town.service}&starts_at={at}&resource_id={town.person}&add_on={town.add_on}&from={town.held}"
    yield Target("book", "/book", f"{chosen}&{NAMED}&{PLACED}")
    wanted = {"service_id": town.service, "starts_at": free}
    yield Target("bookings API", "/api/v1/bookings", wanted | {"resource_id": town.person, "add_ons": [town.add_on], "notes": "Ring"})
    yield Target("bookings API, address", "/api/v1/bookings", wanted | {"address": WHOLE_PLACE})


def booked(town):
    note, cookie, api = town.to_note, town.cookie, f"/api/v1/bookings/{town.to_note}"
    yield Target("bookings", "/bookings?cursor=abc", None, "; ".join(f"{one}*" for one in cookie.split("; ")))
    yield Target("bookings ahead", "/bookings?ahead=abc", None, cookie)
    span = f"from={town.times[0]}&to={town.times[2]}"
    side = f"as=customer&provider={town.provider['id']}&status=held"
    yield Target("bookings list API", f"/api/v1/bookings?{side}&{span}&cursor=abc&limit=5", None, cookie)
    yield Target("booking, look", f"/bookings/{note}*", None, cookie)
    for part in ("confirmed", "cancel", "reschedule", "calendar.ics", "receipt", "no-show"):
        yield Target(f"{part}, look", f"/bookings/{note}*/{part}", None, cookie)
    yield Target("photo", f"/bookings/{note}*/photos/{town.photo}*", None, cookie)
    yield Target("booking API", f"{api}*", None, cookie)
    for part in ("timeline", "calendar.ics", "cancellation"):
        yield Target(f"{part} API", f"{api}*/{part}", None, cookie)
    yield Target("move API, booking", f"{api}*/reschedule?starts_at={town.times[2]}", None, cookie)


def changing(town):
    note, cookie, day, moved = town.to_note, town.cookie, town.day, town.times[2]
    api = "/api/v1/bookings"
    yield Target("notes", f"/bookings/{note}*/notes", "notes=Ring+twice", cookie)
    yield Target("photos", f"/bookings/{note}*/photos", [("photo", "sink.png")], cookie)
    yield Target("no photo", f"/bookings/{note}*/photos/{town.spare_photo}*/remove", "", cookie)
    for part in ("accept", "start", "complete", "on-my-way"):
        yield Target(part, f"/bookings/{note}*/{part}", "", cookie)
    yield Target("decline", f"/bookings/{note}*/decline", "reason=Rain", cookie)
    yield Target("running late", f"/bookings/{note}*/running-late", "minutes=10", cookie)
    yield Target("no-show", f"/bookings/{note}*/no-show", "absent=provider", cookie)
    yield Target("no-show API", f"{api}/{note}*/no-show", {"absent": "provider"}, cookie)
    yield Target("move, look", f"/bookings/{town.to_move}/reschedule?starts_at={moved}&from={day}", None, cookie)
    yield Target("move by the clock", f"/bookings/{town.to_move}/reschedule?date={day}&time=10:00", None, cookie)
    yield Target("move API, look", f"{api}/{town.to_move}/reschedule?starts_at={moved}", None, cookie)
    yield Target("move", f"/bookings/{town.to_move}*/reschedule", f"starts_at={moved}", cookie)
    yield Target("move API", f"{api}/{town.to_move}*/reschedule", {"starts_at": moved, "resource_id": town.person}, cookie)
    seen = f"expected_starts_at={moved}"
    # Another time than was proposed: they are asked, and the proposal stays.
    for part in ("withdraw", "consent", "refuse"):
        yield Target(part, f"/bookings/{town.proposed}*/{part}", seen, cookie)
    yield Target("answer API", f"{api}/{town.proposed}*/reschedule/answer", {"answer": "accept", "expected_starts_at": moved}, cookie)
    yield Target("cancel", f"/bookings/{town.to_cancel}*/cancel", "reason=Rain&expected_refund_minor=1", cookie)
    yield Target("cancel API", f"{api}/{town.to_call_off}*/cancellation", {"reason": "Rain", "expected_refund_minor": 1}, cookie)
