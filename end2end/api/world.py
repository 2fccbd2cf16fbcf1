"""What the demo town is given before the runs begin: something for every call to find, and spare things to end or take away."""

import time
import uuid
from datetime import date

from letters import SECRETS, Letters
from people import MANAGER, PEOPLE, THROWN, THROWN_PASSWORD, Person, Visitor, day, hold, in_minutes, pay, register, sql

EVERY_DAY = [{"weekday": day, "from_min": 480, "to_min": 1200} for day in range(1, 8)]


def offers(person, provider, service):
    """Free times that can all be taken, one beside the other."""
    query = f"service_id={service}&from={day(1)}&to={day(20)}"
    days = person.ask("GET", f"providers/{provider}/availability?{query}")["days"]
    taken, until = [], ""
    for slot in (slot for one in days for slot in one["slots"]):
        if slot["starts_at"] >= until:
            taken.append(slot["starts_at"])
            until = slot["ends_at"]
    # Every second: what is between leaves room for buffers.
    return taken[::2]


def elsewhere(customer, house):
    """A provider other than `house` whom customers visit and whose service is booked at once; its service and its free times. Nobody who takes
    part changes its hours, so that there is always something to book."""
    for found in customer.list("search?mode=at_provider&instant=true"):
        provider = found["provider"]["id"]
        for service in customer.list(f"providers/{provider}/services"):
            if provider == house or service["mode"] != "at_provider" or service["needs_approval"]:
                continue
            times = offers(customer, provider, service["id"])
            if len(times) >= 35:
                return provider, service["id"], times
    raise SystemExit("The town has no provider with 35 free times.")


def desk(owner, customer, shop, categories):
    """What a team keeps: people, things, services, blocks, hours, and bookings at every step."""
    at = f"providers/{shop}"
    hands = [owner.post(f"{at}/resources", kind="person", name=f"Hand {number}")["id"] for number in range(10)]
    rooms = [owner.post(f"{at}/resources", kind="room", name=f"Room {number}")["id"] for number in range(7)]

    def sell(name, needs_approval=False):
        people = [{"resource_id": hand} for hand in hands]
        body = {"name": name, "category_id": categories[0], "mode": "at_provider", "duration_min": 30, "price_minor": 5000}
        return owner.post(f"{at}/services", **body, assignment="first_free", needs_approval=needs_approval, people=people)["id"]

    def by_hand(minutes):
        body = {"service_id": quick, "starts_at": in_minutes(minutes), "customer_name": "Rui", "is_free": True, "is_outside_hours": True}
        return owner.post("bookings/by-hand", **body)["booking"]["id"]

    quick, asking = sell("A quick look"), sell("A longer look", needs_approval=True)
    times = offers(customer, shop, asking)
    asked = [pay(customer, hold(customer, asking, at)) for at in times[:8]]
    for hand in hands[-2:]:
        owner.ask("PUT", f"{at}/schedules", json={"resource_id": hand, "hours": EVERY_DAY})
    for number in range(4):
        owner.ask("PUT", f"{at}/schedule-overrides", json={"date": day(30 + number), "ranges": []})
    span = lambda number: {"starts_at": in_minutes(90_000 + number * 120), "ends_at": in_minutes(90_060 + number * 120)}
    calendar = lambda number: {"resource_id": hands[number], "url": f"https://calendar.example/{number}.ics"}
    return {
        "provider_id": [shop],
        "service_id": [quick],
        "services_spare": [sell(f"Something else {number}") for number in range(6)],
        "resource_id": hands[:4],
        "resources_spare": rooms[1:],
        "rooms": rooms[:1],
        "with_hours": hands[-2:],
        "blocks": [owner.post(f"{at}/blocks", resource_id=rooms[0], during=span(number))["id"] for number in range(6)],
        "time_off_id": [owner.post(f"{at}/time-off", from_date=day(300 + number), resource_id=hands[0])["id"] for number in range(6)],
        "calendar_id": [owner.post(f"{at}/imported-calendars", **calendar(number))["id"] for number in range(4)],
        "invitation_id": [
            owner.post(f"{at}/team/invitations", email=f"asked-{number}@api.example", role="member")["invitation_id"] for number in range(4)
        ],
        "reviews": [review["id"] for review in owner.list(f"{at}/reviews") if not review["reply"]],
        "to_approve": asked[:4],
        "to_decline": asked[4:],
        # Over by now, and about to begin.
        "to_finish": [by_hand(-40) for _ in range(4)],
        "to_miss": [by_hand(-40) for _ in range(4)],
        "to_start": [by_hand(20) for _ in range(4)],
        "soon": [by_hand(20) for _ in range(4)],
        "to_cancel": [by_hand(60 * 24 * 55 + number * 60) for number in range(4)],
        "ahead": [by_hand(60 * 24 * 60 + number * 60) for number in range(4)],
        "done": owner.ids("bookings?as=provider&status=completed"),
        "bookings": owner.ids("bookings?as=provider"),
        "times": [in_minutes(60 * 24 * 70 + number * 60) for number in range(40)],
        "kept": [quick, asking, *hands, rooms[0]],
    }


def new_id():
    """As the house makes them: a UUIDv7."""
    chance = uuid.uuid4().int
    milliseconds = time.time_ns() // 1_000_000
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | (chance >> 64 & 0xFFF) << 64 | 2 << 62 | chance & (1 << 62) - 1))


def give_up():
    """Jobs that have given up, and letters that were refused, for the operator to try again. Ids of both, by kind."""
    jobs, mails = ([new_id() for _ in range(4)] for _ in range(2))
    payload = '{"what": "reset", "email": "nobody@api.example"}'
    rows = [f"('{job}', 'account.write', '{payload}', now(), now(), now())" for job in jobs]
    sql(f"insert into jobs (id, kind, payload, run_at, created_at, dead_at) values {', '.join(rows)}")
    text = "'password_reset', 'nobody@api.example', 'A letter', 'Good day.', 'Good day.'"
    rows = [f"('{mail}', 'test:{mail}', {text}, 'failed', 'refused', now())" for mail in mails]
    columns = "id, cause, template, to_address, subject, html, plain, status, failure, created_at"
    sql(f"insert into mails ({columns}) values {', '.join(rows)}")
    return {"jobs": jobs, "mails": mails}


class Town:
    def __init__(self, base):
        self.base = base
        self.people = people = {name: Person(base, email) for name, email in PEOPLE.items()}
        customer, owner, admin = people["customer"], people["owner"], people["admin"]
        self.shop = shop = owner.me["workplaces"][0]["provider_id"]
        admin.ask("PATCH", "admin/settings", json={"holds_per_person": 20})
        kept = {person.me["id"] for person in people.values()}
        thrown = {name: register(base, email) for name, email in THROWN.items()}
        manager = register(base, MANAGER)
        kept |= {manager, *thrown.values()}
        strangers = [one for one in admin.ids("admin/people") if one not in kept]
        colleagues, others = strangers[:4], strangers[4:]
        application = customer.post("provider-applications", name="Brook and Daughters", zone="Europe/Lisbon", currency="EUR", country="PT")
        team = {one: "member" for one in colleagues} | {manager: "manager", thrown["owner"]: "owner"}
        rows = [f"('{shop}', '{one}', '{role}', now())" for one, role in team.items()]
        sql(f"insert into provider_members (provider_id, account_id, role, created_at) values {', '.join(rows)}")
        sql(f"update accounts set is_admin = true where id = '{thrown['admin']}'")
        sql(f"update providers set status = 'submitted', submitted_at = now() where id = '{application['provider_id']}'")
        people["manager"] = Person(base, MANAGER, THROWN_PASSWORD)
        tokens = {name: person.make_token() for name, person in people.items()}
        self.secrets = {name: secret for name, (secret, _) in tokens.items()}

        categories = owner.ids("categories")
        self.at_desk = desk(owner, customer, shop, categories)
        provider, service, times = elsewhere(customer, shop)
        letters = Letters(base, owner, shop, service, times[20 : 20 + SECRETS])
        waiting = [one for one in admin.ids("admin/providers?status=submitted") if one != application["provider_id"]]
        active = [one for one in admin.ids("admin/providers?status=active") if one not in (shop, provider)]
        for one in active[:2]:
            admin.post(f"admin/providers/{one}/suspension", reason="Papers have run out")
        self.everyone = {
            "today": date.today().isoformat(),
            "thrown": THROWN["customer"],
            "thrown_password": THROWN_PASSWORD,
            "provider_id": [provider],
            "service_id": [service],
            "resource_id": self.at_desk["resource_id"],
            "category_id": categories,
            "times": times[20 + SECRETS :],
            "people": others,
            "account_id": colleagues,
            "waiting": waiting,
            "suspended": active[:2],
            "active": active[2:],
            # Nobody and nothing that a run stands on ends by chance.
            "kept": [*kept, *letters.accounts, shop, provider, service, *(token for _, token in tokens.values())],
        }
        held = [hold(customer, service, at) for at in times[:6]]
        paid = [pay(customer, hold(customer, service, at)) for at in times[6:14]]
        people["visitor"] = visitor = Visitor(base, service, times[14:18])
        # Something that stories of support can go on with.
        support = people["support"]
        for at in times[18:20]:
            pay(support, hold(support, service, at), PEOPLE["support"])
        support.ask("PUT", f"favourites/{provider}")
        self.kept_sessions = []
        self.may_end = {name: self.spare(name) for name in THROWN}
        self.own = {
            "bookings": customer.ids("bookings"),
            "done": customer.ids("bookings?status=completed"),
            "ahead": paid[:4],
            "to_cancel": paid[4:],
            "to_pay": held[:3],
            "to_release": held[3:],
            "payments": customer.ids("payments"),
            "applications": [application["provider_id"]],
        }
        self.visitors = {"bookings": visitor.held, "to_pay": visitor.held[:2], "to_release": visitor.held[2:]}
        self.all_of_them = {
            "bookings": admin.ids("admin/bookings"),
            "payments": admin.ids("admin/payments?status=paid"),
        }
        self.given_up = give_up()
        secrets = letters.read()
        # Whoever has one joins by it, and who asks for the customer is there for that.
        self.invitations = {"secret_to_join": secrets.pop("secret_to_join")}
        self.letters = secrets

    def spare(self, name):
        """Sessions and tokens of theirs that nobody uses."""
        others = [Person(self.base, PEOPLE[name]) for _ in range(2)]
        sessions = self.people[name].list("sessions")
        self.kept_sessions += [one["id"] for one in sessions if one["is_current"]]
        return {
            "sessions": [one["id"] for one in sessions if not one["is_current"]],
            "tokens": [person.make_token("spare")[1] for person in others for _ in range(3)],
        }

    def known(self, *parts):
        """What one run knows; later parts win."""
        found = {key: value for part in (self.everyone, *parts) for key, value in part.items()}
        found["kept"] = [*self.everyone["kept"], *self.at_desk["kept"], *self.kept_sessions]
        return found
