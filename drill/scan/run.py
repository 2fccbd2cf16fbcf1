"""sqlmap against the forms that strangers can reach, and the operator's searches.

    run.py BASE_URL REPORT_FOLDER [--full]

Prints a line for each, with what sqlmap found and how often the server failed. Ends with 1 when a parameter can be injected into, when the
server answered 5xx, when sqlmap did not come to a verdict, or when a password that was sent is in the server's log (beside the folder).
"""

import json
import re
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BASE, FOLDER = sys.argv[1], Path(sys.argv[2])
IS_FULL = "--full" in sys.argv
# Without a database that waits, boolean, error and union take a few seconds a parameter; stacked and timed ones take minutes.
DEPTH = ["--level=3", "--risk=2"] if IS_FULL else ["--level=1", "--risk=1", "--technique=BEU"]
LIMIT_S = 3600 if IS_FULL else 150
FORM = "application/x-www-form-urlencoded"
# What is refused is no failure, and no reason to stop.
REFUSED = "400,401,403,404,405,409,410,413,415,422"


def ask(path, body=None):
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(BASE + path, data=data, headers={"Content-Type": "application/json", "Origin": BASE})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read()), answer.headers.get("Set-Cookie", "").split(";")[0]


def targets():
    """Name, address, body, cookie. What is to be tried is every value in address and body."""
    found, _ = ask("/api/v1/search?limit=1")
    provider = found["items"][0]["provider"]
    services, _ = ask(f"/api/v1/providers/{provider['id']}/services")
    service = services["items"][0]["id"]
    _, admin = ask("/api/v1/auth/sign-in", {"email": "vesna@fettle.example", "password": "merrow-demo-1"})
    day, at = "2027-01-12", "2027-01-12T10:00:00Z"
    yield "search", "/search?q=tap&category=plumbing&place=Merrow", None, ""
    # Filters by the API: the same queries, and pages a tenth of the size to compare.
    yield "search, filters", "/api/v1/search?q=tap&limit=1&price_max_minor=5000&rating_min=4&language=en", None, ""
    yield "search, more filters", f"/api/v1/search?q=tap&limit=1&mode=at_customer&sort=price&currency=EUR&free_on={day}", None, ""
    yield "provider page", f"/p/{provider['slug']}?service={service}&from={day}", None, ""
    yield "sign in", "/sign-in", "email=ada@example.com&password=not-this-one", ""
    yield "register", "/register", "email=ada@example.com&password=short&name=Ada", ""
    yield "forgotten password", "/forgot-password", "email=ada@example.com", ""
    yield "book", "/book", f"service_id={service}&starts_at={at}", ""
    yield "bookings", "/bookings?cursor=abc", None, ""
    yield "places", "/do/booking/suggest_places", "text=Mer", ""
    yield "search API", f"/api/v1/search?q=tap&lat=38.7&lng=-9.1&radius_km=5&cursor=abc&free_on={day}", None, ""
    yield "availability API", f"/api/v1/providers/{provider['id']}/availability?service_id={service}&from={day}&to={day}&tz=Europe/Lisbon", None, ""
    yield "sign in API", "/api/v1/auth/sign-in", '{"email": "ada@example.com", "password": "not-this-one"}', ""
    yield "admin, people", "/admin/people?q=ada", None, admin
    yield "admin, audit", "/admin/audit?q=booking", None, admin


def scan(target):
    name, path, body, cookie = target
    began = time.monotonic()
    command = [str(Path(sys.executable).parent / "sqlmap"), "-u", BASE + path, "--batch", "--flush-session", "--disable-coloring", "--dbms=PostgreSQL", *DEPTH]
    command += ["--threads=2", "--timeout=30", "--ignore-redirects", f"--ignore-code={REFUSED}", f"--output-dir={FOLDER / 'sqlmap' / name}"]
    command += [f"--headers=Origin: {BASE}\nSec-Fetch-Site: same-origin"]
    if body:
        command += ["--method=POST", f"--data={body}"]
    if cookie:
        command += [f"--cookie={cookie}"]
    try:
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, check=False).stdout
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace") + "\n[CRITICAL] out of time"
    (FOLDER / f"{name}.log").write_text(text)
    failures = sum(int(count) for status, count in re.findall(r"(\d{3}) \([^)]*\) - (\d+) times", text) if status >= "500")
    holes = re.findall(r"^Parameter: (.+)$", text, re.MULTILINE)
    tried = len(set(re.findall(r"testing for SQL injection on (.+)", text)))
    is_over = "do not appear to be injectable" in text or bool(holes)
    if holes:
        verdict = "INJECTABLE: " + ", ".join(holes)
    elif not is_over:
        verdict = "no verdict: " + (re.findall(r"\[CRITICAL\] (.+)", text) or ["see its log"])[-1]
    else:
        verdict = f"{tried} parameters, none injectable"
    if failures:
        verdict += f"; {failures} answers were 5xx"
    print(f"{name:<20} {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return is_over and not holes and not failures


FOLDER.mkdir(parents=True, exist_ok=True)
with ThreadPoolExecutor(2) as pool:
    outcomes = list(pool.map(scan, targets()))
log = (FOLDER.parent / "server.log").read_text(errors="replace")
outcomes.append(all(secret not in log for secret in ("merrow-demo-1", "not-this-one")))
print("server's log         " + ("no password in it" if outcomes[-1] else "HAS A PASSWORD IN IT"))
print(f"{outcomes.count(True)} passed, {outcomes.count(False)} failed")
sys.exit(0 if all(outcomes) else 1)
