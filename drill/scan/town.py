"""Those who come, and what they can name: made anew for each scan, by the ways that are open to everyone."""

import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.request
from datetime import date, timedelta
from urllib.parse import quote, urlsplit

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MARTA = {"name": "Marta Quill", "email": "marta@example.com", "phone": "+351 912 345 678"}
PASSWORD = "merrow-demo-1"
# One pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "78da6364f8cf500f00038601805a347d6b0000000049454e44ae426082"
)


class Unmoved(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Someone with cookies of their own."""

    def __init__(self, base):
        self.base = base
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(Unmoved, urllib.request.HTTPCookieProcessor(self.jar))

    def send(self, method, path, body=None, kind=FORM, more=None):
        """Status, headers and what came, whatever it was."""
        headers = {"Content-Type": kind, "Origin": self.base, "Sec-Fetch-Site": "same-origin"} | (more or {})
        # Links may hold letters that are none of addresses.
        request = urllib.request.Request(self.base + quote(path, safe="/%?=&:+,;@~!$'()[]"), data=body, headers=headers, method=method)
        try:
            with self.opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read()

    def ask(self, path, body=None):
        data = json.dumps(body).encode() if body else None
        status, _, content = self.send("POST" if body else "GET", path, data, JSON)
        if status >= 300:
            raise SystemExit(f"{path} for the town was refused with {status}: {content[:400].decode(errors='replace')}")
        return json.loads(content)

    @property
    def cookie(self):
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)


def signed_in(base, email):
    browser = Browser(base)
    browser.ask("/api/v1/auth/sign-in", {"email": email, "password": PASSWORD})
    return browser


class Town:
    """A provider, a service with free times, a stranger who holds some of them and has paid for others, links with secrets."""

    def __init__(self, base):
        self.stranger, owner = Browser(base), signed_in(base, "bram@tolliver.example")
        self.provider = self.stranger.ask("/api/v1/search?q=tolliver&limit=1")["items"][0]["provider"]
        services = self.stranger.ask(f"/api/v1/providers/{self.provider['id']}/services")["items"]
        service = next(one for one in services if one["add_ons"] and not one["needs_approval"])
        self.service, self.add_on, self.person = service["id"], service["add_ons"][0]["id"], service["people"][0]["resource_id"]
        self.category = "plumbing"
        day = lambda ahead: (date.today() + timedelta(days=ahead)).isoformat()
        self.day = day(40)
        query = f"service_id={self.service}&from={self.day}&to={day(80)}"
        days = self.stranger.ask(f"/api/v1/providers/{self.provider['id']}/availability?{query}")["days"]
        # Far from each other, so that each of them can be had.
        self.times = [one["slots"][0]["starts_at"] for one in days if one["slots"]]
        self.to_move, self.to_note, self.to_cancel, self.to_call_off, self.proposed = (self.pay(self.hold()) for _ in range(5))
        owner.ask(f"/api/v1/bookings/{self.proposed}/reschedule", {"starts_at": self.times.pop(0)})
        self.held, self.to_pay, self.to_release = (self.hold() for _ in range(3))
        self.photo, self.spare_photo = self.photos(f"/bookings/{self.to_note}", 2)
        (self.held_photo,) = self.photos(f"/checkout/{self.held}", 1)
        self.feed = found(r"/feeds/([^/\"]+)/calendar", owner.send("POST", "/bookings/feed", b""))[0]
        asked = {"service_id": self.service, "starts_at": f"{day(88)}T03:00:00Z", "is_outside_hours": True, "is_paid_by_link": True}
        made = owner.ask("/api/v1/bookings/by-hand", asked | {"customer_name": "Rui", "customer_email": "rui@example.com"})
        self.pay_path = urlsplit(made["pay_url"]).path

    @property
    def bookings(self):
        paid = (self.to_move, self.to_note, self.to_cancel, self.to_call_off, self.proposed)
        return (*paid, self.held, self.to_pay, self.to_release)

    @property
    def cookie(self):
        return self.stranger.cookie

    def hold(self):
        return self.stranger.ask("/api/v1/bookings", {"service_id": self.service, "starts_at": self.times.pop(0)})["id"]

    def pay(self, booking):
        address = {"street": "14 Lantern Lane", "town": "Merrow"}
        body = {"tender": "card", "payment_method": "pm_card_visa", "contact": MARTA, "address": address}
        status = self.stranger.ask(f"/api/v1/bookings/{booking}/payment", body)["booking"]["status"]
        until = time.monotonic() + 20
        while status != "confirmed":
            if time.monotonic() > until:
                raise SystemExit(f"the town's booking is paid for and still {status}")
            time.sleep(0.1)
            status = self.stranger.ask(f"/api/v1/bookings/{booking}")["status"]
        return booking

    def photos(self, page, count):
        """Sends so many; their ids."""
        head = b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="sink.png"\r\nContent-Type: image/png\r\n\r\n'
        body = (head + PICTURE + b"\r\n") * count + b"--edge--\r\n"
        self.stranger.send("POST", f"{page}/photos", body, "multipart/form-data; boundary=edge")
        ids = sorted(set(found(r"/photos/([0-9a-f-]{36})", self.stranger.send("GET", page))))
        if len(ids) != count:
            raise SystemExit(f"{page} has {len(ids)} of {count} photos")
        return ids


def found(pattern, answer):
    status, _, content = answer
    ids = re.findall(pattern, content.decode(errors="replace"))
    if not ids:
        raise SystemExit(f"the town was answered {status}, and there is no {pattern} in it")
    return ids
