"""sqlmap against every field that strangers can fill in, and the operator's searches.

    run.py BASE_URL REPORT_FOLDER [--full PROGRESS BUILD]

Prints a line for each target, with what it answered, how much sqlmap tried and found, and how often the server failed. Ends with 1 when a
field of strangers is no target, when a parameter can be injected into, when a field was not tried, when a target is no address, when the server
answered 5xx, when sqlmap did not come to a verdict, or when a secret is in the server's log (beside the folder). In full it goes on where the one
before was interrupted: PROGRESS names the targets that have held, for this BUILD of the server.
"""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from targets import targets
from town import PASSWORD, Browser, Town
from truth import left, strange

BASE, FOLDER, PROGRESS = sys.argv[1], Path(sys.argv[2]), sys.argv[4:6]
IS_FULL = "--full" in sys.argv
# In short every field by what an answer tells at once: another page, or an error; some 20 requests each. In full by everything, 300 to 400 each.
# Headers are tried where something is looked up by them or kept of them, and not at each address.
DEPTH = ["--level=3", "--risk=2", "--skip=user-agent,referer,cookie"] if IS_FULL else ["--level=1", "--risk=1", "--technique=BE"]
LIMIT_S = 600 if IS_FULL else 100
AT_ONCE = 2
# What is refused is no failure, and no reason to stop.
REFUSED = "400,401,403,404,405,409,410,413,415,422,429"
NOWHERE = (404, 405)
# What no log knows: passwords that are sent, and keys of the gateway.
SECRETS = (PASSWORD, "not-this-one", "a phrase nobody has", "sk_test_sandbox", "whsec_sandbox")


class Progress:
    """What has held already, by name. The file says in its first line which build it is about; without a file nothing is kept."""

    def __init__(self, path=None, build=""):
        self.path, self.build, self.lock = path and Path(path), build, Lock()
        lines = self.path.read_text().splitlines() if self.path and self.path.exists() else []
        self.held = lines[1:] if lines[:1] == [build] else []

    def note(self, name):
        with self.lock:
            self.held.append(name)
            if self.path:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text("\n".join([self.build, *self.held, ""]))

    def forget(self):
        if self.path:
            self.path.unlink(missing_ok=True)


class Log:
    """The server's, read on from where it was."""

    def __init__(self, path):
        self.path, self.at, self.lock = path, 0, Lock()

    def secrets(self):
        """Whole lines with a secret in them that have come since."""
        with self.lock, self.path.open("rb") as file:
            file.seek(self.at)
            text = file.read()
            text = text[: text.rfind(b"\n") + 1]
            self.at += len(text)
        lines = text.decode(errors="replace").splitlines()
        return [line for line in lines if any(secret in line for secret in SECRETS)]


class Scanner:
    """One sqlmap a target, so many at once."""

    def __init__(self, routes, progress):
        self.routes, self.progress, self.log = routes, progress, Log(FOLDER.parent / "server.log")
        self.running = set()

    def stop(self, *_):
        """What has held is noted already, and what is under way has not."""
        for process in list(self.running):
            process.kill()
        os._exit(130)

    def command(self, target):
        headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin", "Content-Type": target.kind} | target.headers
        command = [str(Path(sys.executable).parent / "sqlmap"), "-u", BASE + target.path, "--batch", "--flush-session", "--disable-coloring"]
        # It tells each payload, which are counted.
        command += [*DEPTH, "-v", "3", "--dbms=PostgreSQL", "--timeout=30", "--ignore-redirects", f"--ignore-code={REFUSED}"]
        command += [f"--output-dir={FOLDER / 'sqlmap' / target.name}"]
        command += ["--headers=" + "\n".join(f"{name}: {value}" for name, value in headers.items())]
        if target.verb != "GET":
            command += [f"--method={target.verb}"]
        if target.text:
            command += [f"--data={target.text}"]
        return command + ([f"--cookie={target.cookie}"] if target.cookie else [])

    def told(self, target):
        """What sqlmap says of the target."""
        process = subprocess.Popen(self.command(target), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.running.add(process)
        late = ""
        try:
            text = process.communicate(timeout=LIMIT_S)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            text, late = process.communicate()[0], "\n[CRITICAL] out of time"
        self.running.discard(process)
        text = text.decode(errors="replace") + late
        (FOLDER / f"{target.name}.log").write_text(text)
        return text

    def scan(self, target):
        """How many fields and requests it took; None where something is wrong."""
        began = time.monotonic()
        status = status_of(target)
        count = len(target.fields(self.routes.find(target.verb, address(target))))
        text = self.told(target)
        failures = sum(int(times) for code, times in re.findall(r"(\d{3}) \([^)]*\) - (\d+) times", text) if code >= "500")
        holes = re.findall(r"^Parameter: (.+)$", text, re.MULTILINE)
        tried = len(set(re.findall(r"\[WARNING\] (.+ parameter '.+') does not seem to be injectable", text)))
        requests = text.count("[PAYLOAD] ")
        wrong = []
        if holes:
            wrong.append("INJECTABLE: " + ", ".join(holes))
        elif "do not appear to be injectable" not in text:
            wrong.append("no verdict: " + (re.findall(r"\[CRITICAL\] (.+)", text) or ["see its log"])[-1])
        if not holes and tried < count:
            wrong.append(f"{count - tried} of {count} fields were not tried")
        if status in NOWHERE:
            wrong.append("there is no such address")
        if status >= 500 or failures:
            wrong.append(f"{failures or 1} answers were 5xx")
        wrong += [f"THE SERVER'S LOG HAS A SECRET IN IT: {line[:200]}" for line in self.log.secrets()]
        verdict = "; ".join(wrong) or "none injectable"
        print(f"{target.name:<25} {status} {count:>2} fields {requests:>5} requests {time.monotonic() - began:>4.0f} s  {verdict}", flush=True)
        if wrong:
            return None
        self.progress.note(target.name)
        return count, requests


def address(target):
    return target.plain_path.partition("?")[0]


def status_of(target):
    """What the address answers to what is in order."""
    body = None if target.body is None else target.text.replace("*", "").encode()
    headers = {name: value.replace("*", "") for name, value in (target.headers | {"Cookie": target.cookie}).items() if value}
    return Browser(BASE).send(target.verb, target.plain_path, body, target.kind, headers)[0]


def tried_by(all_targets, routes):
    fields = set()
    for target in all_targets:
        route = routes.find(target.verb, address(target))
        if route is None:
            raise SystemExit(f"{target.name}: {target.verb} {address(target)} is no route")
        fields |= target.fields(route)
    return fields


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    town = Town(BASE)
    routes, fields = strange(town)
    all_targets = list(targets(town))
    missing = left(fields, tried_by(all_targets, routes))
    if missing:
        print("\n".join(missing), "drill/scan/targets.py has what is tried, drill/scan/truth.py what is not, and why.", sep="\n")
        sys.exit(1)
    print(f"{len(fields)} fields at {len(routes.open)} routes are open to strangers; {len(all_targets)} targets", flush=True)
    progress = Progress(*PROGRESS)
    ahead = [target for target in all_targets if target.name not in progress.held]
    if len(ahead) < len(all_targets):
        print(f"{len(all_targets) - len(ahead)} of them held already", flush=True)
    scanner = Scanner(routes, progress)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, scanner.stop)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(scanner.scan, ahead))
    held = [outcome for outcome in outcomes if outcome]
    tried, requests = (sum(outcome[at] for outcome in held) for at in (0, 1))
    print(f"{len(held)} passed with {tried} fields and {requests} requests in {time.monotonic() - began:.0f} s, {len(outcomes) - len(held)} failed")
    # The next one begins anew.
    progress.forget()
    sys.exit(0 if len(held) == len(outcomes) else 1)


main()
