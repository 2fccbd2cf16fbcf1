"""What strangers can fill in, from those who know: the table of who may (which a test holds to the router), the description of the API, and the
forms and links of every page that is open to a guest. A field is a line such as `POST /book body notes`."""

import json
import re
from collections import deque
from fnmatch import fnmatchcase
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

ROLES = Path(__file__).parents[2] / "tests/doors/roles"
METHODS = ("get", "post", "put", "patch", "delete")

# What is not tried, and why. A line without a field breaks the drill, too.
EXCUSED = {
    "GET /api/docs/{*rest} path rest": "names a file of the program itself",
    "* header idempotency-key": "read at one door for all calls, and tried at DELETE /api/v1/bookings/{id}/hold",
    "POST /checkout/{id}/photos/{photo}/remove body *": "the same form, read by the same function, as at /checkout/{id}/photos",
}
# This page reads its address by the same words as the call, whose answers are a tenth of its size.
TWINS = ("GET /search query ", "GET /api/v1/search query ")


class Routes:
    """Every route, which of them are open (whoever is not signed in gets past the door there), and what these have besides forms and links. Of
    the open ones those are pages that are there for anyone."""

    def __init__(self, api):
        self.open, self.pages, self.patterns, self.fields = set(), [], {}, set()
        roles, pages = ((ROLES / name).read_text() for name in ("mod.rs", "pages.rs"))
        texts = dict(re.findall(r'const ([A-Z_]+): &str = "([^"]*)";', roles + pages))
        rows = re.findall(r'\(\s*"([A-Z]+)(?: \d+)?",\s*"([^"]+)",\s*("[a-z]+"|[A-Z_]+),\s*("[^"]*"|[A-Z_]+)', pages)
        if len(rows) < 100:
            raise SystemExit(f"{ROLES}/pages.rs is written in another way: {len(rows)} rows are read")
        for method, address, who, body in rows:
            letters, body = (text[1:-1] if text.startswith('"') else texts.get(text, "") for text in (who, body))
            route = re.sub(r"\{(\*?\w+)=\w+\}", r"{\1}", address.partition("?")[0])
            # The first letter is the visitor's: asked to sign in, or not.
            self.add(method, route, not letters.startswith("a"))
            if method == "GET" and "i" in letters and (method, route) in self.open and route not in self.pages:
                self.pages.append(route)
            self.fields |= self.line(method, route, "body", re.findall(r"(?:^|&)([^=&]+)=", body))
        for route, item in api["paths"].items():
            for method, call in ((method, item[method]) for method in METHODS if method in item):
                # Without ways to sign in it asks for none; with an empty one none is needed.
                self.add(method.upper(), route, any(not way for way in call.get("security") or [{}]))
                self.fields |= self.described(method.upper(), route, call, api)

    def add(self, method, route, is_open):
        parts = ["[^/]+" if part.startswith("{") else re.escape(part) for part in route.split("/")]
        self.patterns[method, route] = re.compile("/".join(parts))
        if is_open:
            self.open.add((method, route))
            self.fields |= self.line(method, route, "path", re.findall(r"\{\*?(\w+)\}", route))

    def line(self, method, route, place, names):
        return {f"{method} {route} {place} {name}" for name in names} if (method, route) in self.open else set()

    def described(self, method, route, call, api):
        found = set()
        for given in call.get("parameters", []):
            if given["in"] != "path":
                found |= self.line(method, route, given["in"], [given["name"].lower() if given["in"] == "header" else given["name"]])
        for content in call.get("requestBody", {}).get("content", {}).values():
            found |= self.line(method, route, "body", members(content.get("schema", {}), api["components"]["schemas"]))
        return found

    def find(self, method, path):
        """The one with the fewest words left open."""
        fitting = [route for (its, route), pattern in self.patterns.items() if its == method and pattern.fullmatch(path)]
        return min(fitting, key=lambda route: route.count("{"), default=None)


def members(schema, known, name=""):
    """`address.street`, `add_ons[]`: whatever can be given."""
    if "$ref" in schema:
        return members(known[schema["$ref"].rsplit("/", 1)[1]], known, name)
    parts = [part for word in ("allOf", "oneOf", "anyOf") for part in schema.get(word, []) if part.get("type") != "null"]
    inner = {found for part in parts for found in members(part, known, name)}
    for key, value in schema.get("properties", {}).items():
        inner |= members(value, known, f"{name}.{key}" if name else key)
    if "items" in schema:
        inner |= members(schema["items"], known, f"{name}[]")
    return inner or ({name} if name else set())


class Page(HTMLParser):
    """Its links, and its forms with the names in them, wherever these stand."""

    def __init__(self):
        super().__init__()
        self.links, self.forms, self.controls, self.inside = [], [], [], None

    def handle_starttag(self, tag, pairs):
        given = dict(pairs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self.inside = given
            self.forms.append(given)
        elif tag in ("input", "select", "textarea", "button"):
            self.controls.append((given.get("form"), self.inside, given))

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = None

    def sends(self):
        """Method, address and names; a button may have an address of its own for the form it stands in."""
        for form in self.forms:
            own = [given for of, inside, given in self.controls if (of == form.get("id") if of else inside is form)]
            names = {given["name"] for given in own if given.get("name")}
            for action in {form.get("action") or "", *(given["formaction"] for given in own if given.get("formaction"))}:
                yield (form.get("method") or "get").upper(), action, names


def seeds(town, routes):
    """Addresses of each page, with things of the town in them."""
    secrets = {"/pay/": urlsplit(town.pay_path).path.rsplit("/", 1)[1], "/feeds/": town.feed}
    for route in routes.pages:
        words = re.findall(r"\{(\w+)\}", route)
        secret = next((secret for start, secret in secrets.items() if route.startswith(start)), "abc")
        known = {"secret": secret, "slug": town.category if route.startswith("/c/") else town.provider["slug"], "photo": town.photo}
        if not set(words) <= {"id", *known}:
            raise SystemExit(f"drill/scan/truth.py does not know what stands in {route}")
        bookings = [town.to_note] if "photo" in words else town.bookings if "id" in words else [""]
        for booking in bookings:
            yield re.sub(r"\{(\w+)\}", lambda word: (known | {"id": booking})[word[1]], route)


def crawled(town, routes):
    """Of each page that a guest gets to: what its forms send, and what its links ask. A link is followed where it asks something new."""
    found, seen, queue = set(), set(), deque(seeds(town, routes))
    while queue:
        path = queue.popleft()
        _, headers, content = town.stranger.send("GET", path)
        page = Page()
        if headers.get_content_type() == "text/html":
            page.feed(content.decode(errors="replace"))
        for method, action, names in page.sends():
            if method == "DIALOG":
                continue
            to = urlsplit(urljoin(path, action))
            route = routes.find(method, to.path)
            if route is None:
                found.add(f"{method} {to.path} has no row in tests/doors/roles")
                continue
            found |= routes.line(method, route, "query" if method == "GET" else "body", names)
            found |= routes.line(method, route, "query", names_in(to.query))
        for link in [*page.links, *filter(None, [headers.get("Location")])]:
            to = urlsplit(urljoin(town.stranger.base + path, link))
            route = routes.find("GET", to.path)
            if f"{to.scheme}://{to.netloc}" != town.stranger.base or ("GET", route) not in routes.open:
                continue
            asked = routes.line("GET", route, "query", names_in(to.query))
            if not asked | {route} <= seen:
                seen |= asked | {route}
                queue.append(to._replace(scheme="", netloc="", fragment="").geturl())
            found |= asked
    return found


def names_in(text):
    """Of a query, or of a form as it is sent."""
    return [name for name, _ in parse_qsl(text, keep_blank_values=True)]


def strange(town):
    """Routes, and all fields of strangers."""
    routes = Routes(town.stranger.ask("/api/v1/openapi.json"))
    return routes, routes.fields | crawled(town, routes)


def left(fields, tried):
    """What is wrong: fields that are neither tried nor excused, and excuses for nothing."""
    untried = {field for field in fields - tried if field.replace(*TWINS) not in tried}
    excused = {field: [pattern for pattern in EXCUSED if fnmatchcase(field, pattern)] for field in untried}
    idle = EXCUSED.keys() - {pattern for patterns in excused.values() for pattern in patterns}
    return [f"left untried: {field}" for field in sorted(untried) if not excused[field]] + [f"excused, but no field: {one}" for one in sorted(idle)]
