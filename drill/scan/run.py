"""sqlmap against every field that strangers can fill in, and the operator's searches.

    run.py BASE_URL REPORT_FOLDER [--full]

Prints a line for each address, with what it answered, how much sqlmap tried and found, and how often the server failed. Ends with 1 when a
parameter can be injected into, when an address is no address or nothing of it was tried, when the server answered 5xx, when sqlmap did not
come to a verdict, or when a secret is in the server's log (beside the folder).
"""

import http.cookiejar
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

BASE, FOLDER = sys.argv[1], Path(sys.argv[2])
IS_FULL = "--full" in sys.argv
# In short every field by what an answer tells at once: another page, or an error. In full by everything, and cookies and headers, too. Unions want
# one of the others first; stacked and timed ones take minutes.
DEPTH = ["--level=3", "--risk=2"] if IS_FULL else ["--level=1", "--risk=1", "--technique=BE"]
LIMIT_S = 3600 if IS_FULL else 150
# What is refused is no failure, and no reason to stop.
REFUSED = "400,401,403,404,405,409,410,413,415,422,429"
NOWHERE = (404, 405)
PASSWORDS = ("merrow-demo-1", "not-this-one", "a phrase nobody has")
# What no log knows: passwords that are sent, and keys of the gateway.
SECRETS = (*PASSWORDS, "sk_test_sandbox", "whsec_sandbox")
MARTA = {"name": "Marta Quill", "email": "marta@example.com", "phone": "+351 912 345 678"}


class Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Someone with cookies of their own."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(Unmoved, urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path, body=None):
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(BASE + path, data=data, headers={"Content-Type": "application/json", "Origin": BASE})
        with self.opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    @property
    def cookie(self):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)


def signed_in(email):
    browser = Browser()
    browser.ask("/api/v1/auth/sign-in", {"email": email, "password": "merrow-demo-1"})
    return browser


class Town:
    """What is there to name: a provider, a service with free times, a stranger who holds some of them, a link to pay by."""

    def __init__(self):
        stranger, owner = Browser(), signed_in("bram@tolliver.example")
        self.provider = stranger.ask("/api/v1/search?q=tolliver&limit=1")["items"][0]["provider"]
        services = stranger.ask(f"/api/v1/providers/{self.provider['id']}/services")["items"]
        service = next(one for one in services if one["add_ons"] and not one["needs_approval"])
        self.service, self.add_on, self.person = service["id"], service["add_ons"][0]["id"], service["people"][0]["resource_id"]
        day = lambda ahead: (date.today() + timedelta(days=ahead)).isoformat()
        self.day = day(40)
        query = f"service_id={self.service}&from={self.day}&to={day(55)}"
        days = stranger.ask(f"/api/v1/providers/{self.provider['id']}/availability?{query}")["days"]
        # Far from each other, so that each of them can be had.
        self.times = [one["slots"][0]["starts_at"] for one in days if one["slots"]]
        self.held = [self.hold(stranger, at) for at in self.times[:2]]
        self.paid = [self.pay(stranger, self.hold(stranger, at)) for at in self.times[2:5]]
        self.cookie = stranger.cookie
        asked = {"service_id": self.service, "starts_at": f"{day(88)}T03:00:00Z", "is_outside_hours": True, "is_paid_by_link": True}
        made = owner.ask("/api/v1/bookings/by-hand", asked | {"customer_name": "Rui", "customer_email": "rui@example.com"})
        self.pay_path = urlsplit(made["pay_url"]).path

    def hold(self, stranger, at):
        return stranger.ask("/api/v1/bookings", {"service_id": self.service, "starts_at": at})["id"]

    def pay(self, stranger, booking):
        address = {"street": "14 Lantern Lane", "town": "Merrow"}
        body = {"tender": "card", "payment_method": "pm_card_visa", "contact": MARTA, "address": address}
        stranger.ask(f"/api/v1/bookings/{booking}/payment", body)
        return booking


def targets(town):
    """Name, address, body, cookie. What is to be tried is every value in query and body, or where a star stands in the address."""
    slug, provider, service, day = town.provider["slug"], town.provider["id"], town.service, town.day
    at, free, moved = town.times[5:8]
    held, to_pay = town.held
    to_move, to_note, to_cancel = town.paid
    marta = "name=Marta&email=marta%40example.com&phone=%2B351912345678&notes=Ring&tip_minor=0"
    address = "address.street=14+Lantern+Lane&address.postcode=M1&address.town=Merrow&address.extra=Second+floor"
    details = "details[name]=Marta&details[email]=marta%40example.com&details[phone]=%2B351912345678&details[notes]=Ring&details[tip_minor]=0"
    details += "&details[address][street]=14+Lantern+Lane&details[address][town]=Merrow"
    text = json.dumps

    yield "search", "/search?q=tap&category=plumbing&place=Merrow", None, ""
    # Filters by the API: the same queries, and pages a tenth of the size to compare.
    yield "search, filters", "/api/v1/search?q=tap&limit=1&price_max_minor=5000&rating_min=4&language=en", None, ""
    yield "search, more filters", f"/api/v1/search?q=tap&limit=1&mode=at_customer&sort=price&currency=EUR&free_on={day}&free_at=18:00", None, ""
    yield "search, places", "/api/v1/search?q=tap&lat=38.7&lng=-9.1&radius_km=5&cursor=abc&place=Merrow&category=plumbing&instant=true", None, ""
    yield "places", "/do/booking/suggest_places", "text=Mer", ""
    yield "provider page", f"/p/{slug}?service={service}&from={day}&day={day}&reviews=abc", None, ""
    yield "why not", f"/p/{slug}/why?service={service}&day={day}&time=10:00", None, ""
    yield "reviews API", f"/api/v1/providers/{provider}/reviews?limit=1&cursor=abc", None, ""
    yield "availability API", (
        f"/api/v1/providers/{provider}/availability?service_id={service}&from={day}&to={day}&tz=Europe/Lisbon&resource_id={town.person}&extra_min=0"
        f"&ignoring={held}"
    ), None, town.cookie
    yield "why not API", f"/api/v1/providers/{provider}/availability/explain?service_id={service}&at={at}", None, ""
    yield "theme", "/theme", "theme=dark", ""

    yield "sign in", "/sign-in", "email=ada@example.com&password=not-this-one&next=/", ""
    yield "register", "/register", "email=ada@example.com&password=short&name=Ada&next=/", ""
    yield "forgotten password", "/forgot-password", "email=ada@example.com", ""
    for path in ("reset-password", "confirm-email", "change-email", "claim", "invitations"):
        yield f"{path}, link", f"/{path}/abc*", None, ""
    yield "reset-password", "/reset-password/abc", "password=not-this-one", ""
    yield "claim", "/claim/abc", "password=not-this-one", ""
    yield "pay link", f"{town.pay_path}*", "go=1", ""
    yield "sign in API", "/api/v1/auth/sign-in", text({"email": "ada@example.com", "password": "not-this-one"}), ""
    yield "register API", "/api/v1/auth/register", text({"email": "ada@example.com", "password": "a phrase nobody has", "name": "Ada"}), ""
    yield "password-reset API", "/api/v1/auth/password-reset", text({"email": "ada@example.com"}), ""
    yield "new password API", "/api/v1/auth/password-reset/confirm", text({"secret": "abc", "password": "not-this-one"}), ""
    yield "confirm API", "/api/v1/auth/email/confirm", text({"secret": "abc"}), ""
    yield "change API", "/api/v1/auth/email/change/confirm", text({"secret": "abc"}), ""
    yield "claim API", "/api/v1/auth/claim", text({"secret": "abc", "password": "not-this-one"}), ""

    yield "book", "/book", f"service_id={service}&starts_at={at}&resource_id={town.person}&add_on={town.add_on}&notes=Ring&from={held}", ""
    wanted = {"service_id": service, "starts_at": free, "resource_id": town.person, "add_ons": [town.add_on], "notes": "Ring"}
    yield "bookings API", "/api/v1/bookings", text(wanted | {"address": {"street": "14 Lantern Lane", "town": "Merrow"}}), ""
    yield "checkout", f"/checkout/{held}", f"{marta}&{address}", town.cookie
    yield "hold left", "/do/booking/hold_left", f"booking={held}", town.cookie
    yield "pay", "/do/payment/pay", f"booking={to_pay}&{details}", town.cookie
    yield "payment state", "/do/payment/state", f"booking={to_pay}", town.cookie
    paying = {"tender": "card", "tip_minor": 0, "contact": MARTA, "notes": "Ring", "address": {"street": "14 Lantern Lane", "town": "Merrow"}}
    yield "payment API", f"/api/v1/bookings/{to_pay}/payment", text(paying), town.cookie
    yield "bookings", "/bookings?cursor=abc", None, town.cookie
    yield "bookings list API", f"/api/v1/bookings?as=customer&status=held&from={at}&to={moved}&cursor=abc&limit=5", None, town.cookie
    yield "notes", f"/bookings/{to_note}/notes", "notes=Ring+twice", town.cookie
    yield "move", f"/bookings/{to_move}/reschedule?starts_at={moved}&from={day}", None, town.cookie
    yield "move API", f"/api/v1/bookings/{to_move}/reschedule", text({"starts_at": moved, "resource_id": town.person}), town.cookie
    yield "cancel API", f"/api/v1/bookings/{to_cancel}/cancellation", text({"reason": "Rain"}), town.cookie
    yield "webhook", "/api/v1/webhooks/stripe", text({"id": "evt_1", "type": "charge.updated"}), ""

    admin = signed_in("vesna@fettle.example").cookie
    yield "admin, people", "/admin/people?q=ada", None, admin
    yield "admin, audit", "/admin/audit?q=booking", None, admin


def kind_of(body):
    return "application/json" if body and body.startswith("{") else "application/x-www-form-urlencoded"


def status_of(path, body, cookie):
    """What the address answers to what is in order."""
    headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin", "Content-Type": kind_of(body)}
    if cookie:
        headers["Cookie"] = cookie
    request = urllib.request.Request(BASE + path.replace("*", ""), data=body.encode() if body else None, headers=headers)
    try:
        with urllib.request.build_opener(Unmoved).open(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def scan(target):
    name, path, body, cookie = target
    began = time.monotonic()
    status = status_of(path, body, cookie)
    command = [str(Path(sys.executable).parent / "sqlmap"), "-u", BASE + path, "--batch", "--flush-session", "--disable-coloring", "--dbms=PostgreSQL", *DEPTH]
    command += ["--threads=2", "--timeout=30", "--ignore-redirects", f"--ignore-code={REFUSED}", f"--output-dir={FOLDER / 'sqlmap' / name}"]
    command += [f"--headers=Origin: {BASE}\nSec-Fetch-Site: same-origin\nContent-Type: {kind_of(body)}"]
    if body:
        command += ["--method=POST", f"--data={body}"]
    if cookie:
        command += [f"--cookie={cookie}"]
    try:
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False).stdout
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace") + "\n[CRITICAL] out of time"
    (FOLDER / f"{name}.log").write_text(text)
    failures = sum(int(count) for code, count in re.findall(r"(\d{3}) \([^)]*\) - (\d+) times", text) if code >= "500")
    holes = re.findall(r"^Parameter: (.+)$", text, re.MULTILINE)
    tried = len(set(re.findall(r"testing for SQL injection on (.+)", text)))
    is_over = "do not appear to be injectable" in text or bool(holes)
    wrong = []
    if holes:
        wrong.append("INJECTABLE: " + ", ".join(holes))
    elif not is_over:
        wrong.append("no verdict: " + (re.findall(r"\[CRITICAL\] (.+)", text) or ["see its log"])[-1])
    if tried == 0:
        wrong.append("nothing was tried")
    if status in NOWHERE:
        wrong.append("there is no such address")
    if status >= 500 or failures:
        wrong.append(f"{failures or 1} answers were 5xx")
    verdict = "; ".join(wrong) or f"{tried} parameters, none injectable"
    print(f"{name:<22} {status} {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return not wrong


def judge_log():
    lines = (FOLDER.parent / "server.log").read_text(errors="replace").splitlines()
    found = [number for number, line in enumerate(lines, 1) if any(secret in line for secret in SECRETS)]
    print("server's log           " + (f"HAS A SECRET IN IT: look at line {found[0]}" if found else "no secret in it"))
    return not found


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(scan, list(targets(Town()))))
    outcomes.append(judge_log())
    print(f"{outcomes.count(True)} passed, {outcomes.count(False)} failed")
    sys.exit(0 if all(outcomes) else 1)


main()
