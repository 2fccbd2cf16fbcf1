//! What each letter says. Pure: facts in, letter out.

use super::letter::Letter;
use super::model::Template;
use super::service::LinkMail;
use crate::money::{Currency, Money};
use crate::scheduling::zone;
use crate::time::{Instant, Span};

/// What letters about a booking need to know, as stored.
#[derive(Debug, Clone)]
pub(super) struct BookingFacts {
    pub reference: String,
    pub provider_name: String,
    pub service_name: String,
    pub person_name: Option<String>,
    pub customer_name: String,
    pub during: Span,
    pub zone: String,
    /// Where it happens, in one line.
    pub place: String,
    /// The same for the staff: about where, until it was confirmed.
    pub place_for_staff: String,
    /// The customer's; empty until it was confirmed.
    pub phone_for_staff: String,
    pub currency: Currency,
    pub total_minor: i64,
    pub earned_minor: i64,
    pub refunded_minor: i64,
    pub is_paid_elsewhere: bool,
    pub notes: String,
    pub answer_by: Option<Instant>,
    pub end_reason: Option<String>,
    pub cancelled_by: Option<String>,
    pub proposed_start: Option<Instant>,
    /// For the customer (a claim link for guests) or the staff.
    pub address: String,
    pub is_guest: bool,
}

impl BookingFacts {
    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.currency).to_string()
    }
    fn when(&self) -> String {
        format!("{} to {}", moment(self.during.starts_at, &self.zone), clock(self.during.ends_at, &self.zone))
    }
    fn what(&self) -> String {
        match &self.person_name {
            Some(person) => format!("{} with {person}", self.service_name),
            None => self.service_name.clone(),
        }
    }
    fn for_customer(&self, letter: Letter) -> Letter {
        let letter = letter
            .fact("What", self.what())
            .fact("Who", &*self.provider_name)
            .fact("When", self.when())
            .fact("Where", &*self.place)
            .fact("Booking", &*self.reference)
            .because(format!("You get this because you booked with {} on Fettle.", self.provider_name));
        if self.is_guest {
            letter
                .act("See your booking", &*self.address)
                .small("The button also lets you set a password, so that you can see this booking on any device.")
        } else {
            letter.act("See your booking", &*self.address)
        }
    }
    fn for_provider(&self, letter: Letter) -> Letter {
        letter
            .fact("What", self.what())
            .fact("Customer", &*self.customer_name)
            .fact("Phone", &*self.phone_for_staff)
            .fact("When", self.when())
            .fact("Where", &*self.place_for_staff)
            .fact("Note", &*self.notes)
            .fact("You earn", if self.is_paid_elsewhere { String::new() } else { self.money(self.earned_minor) })
            .fact("Booking", &*self.reference)
            .act("Open the booking", &*self.address)
            .because(format!("You get this because you look after bookings of {}.", self.provider_name))
    }
}

/// The letter a booking's fact asks for; None for templates that are not about bookings.
pub(super) fn about_booking(template: Template, b: &BookingFacts) -> Option<Letter> {
    let day = short_day(b.during.starts_at, &b.zone);
    let provider = &b.provider_name;
    Some(match template {
        Template::BookingConfirmed | Template::BookingAccepted => {
            let heading = if template == Template::BookingAccepted { format!("{provider} said yes") } else { "You are booked".to_owned() };
            let letter = Letter::new(format!("{heading}: {} on {day}", b.service_name), heading)
                .say(format!("{provider} has it in the calendar for {}.", moment(b.during.starts_at, &b.zone)));
            b.for_customer(letter).fact("Paid", paid(b)).small("The attached file puts it into your calendar.")
        }
        Template::BookingRequested => {
            let letter = Letter::new(format!("Asked: {} on {day}", b.service_name), format!("We asked {provider}")).say(format!(
                "They answer by {}. Your card is charged only if they accept.",
                b.answer_by.map_or_else(String::new, |at| moment(at, &b.zone))
            ));
            b.for_customer(letter.fact("To pay", b.money(b.total_minor)))
        }
        Template::BookingDeclined => b.for_customer(
            Letter::new(format!("Not this time: {} on {day}", b.service_name), format!("{provider} could not take it"))
                .say(format!("Your card was not charged, and nothing is kept back.{}", reason(b))),
        ),
        Template::BookingLapsed => b.for_customer(
            Letter::new(format!("No answer: {} on {day}", b.service_name), format!("{provider} did not answer in time"))
                .say("The request has ended. Your card was not charged. Other times and providers are a search away."),
        ),
        Template::BookingChanged => b.for_customer(
            Letter::new(format!("New time: {} on {day}", b.service_name), "Your booking has moved")
                .say(format!("It is now on {}.", moment(b.during.starts_at, &b.zone))),
        ),
        Template::ChangeProposed => b.for_customer(
            Letter::new(format!("{provider} asks for another time"), format!("{provider} would like to move your booking")).say(format!(
                "They propose {}. Nothing changes unless you agree; if you do not, you get everything back.",
                b.proposed_start.map_or_else(String::new, |at| moment(at, &b.zone))
            )),
        ),
        Template::BookingCancelled => {
            let letter = Letter::new(format!("Cancelled: {} on {day}", b.service_name), "Your booking is cancelled");
            let letter = match b.cancelled_by.as_deref() {
                Some("provider") => letter.say(format!("{provider} had to cancel.{}", reason(b))),
                Some("operator") => letter.say(format!("We had to cancel it.{}", reason(b))),
                _ => letter.say("You cancelled it."),
            };
            b.for_customer(letter)
                .fact("Paid", paid(b))
                .fact("You get back", refunded(b))
                .small("Refunds go to the card you paid with and take 5 to 10 days to appear.")
        }
        Template::CustomerAbsent => b
            .for_customer(
                Letter::new(format!("{provider} says nobody was there"), format!("{provider} says that nobody was there"))
                    .say("The booking has ended, and nothing goes back. If that is not how it was, please tell us."),
            ),
        Template::ProviderAbsent => {
            let (back, title) = (refunded(b), "We are sorry that nobody came");
            let subject = if back.is_empty() { title.to_owned() } else { format!("You get {back} back") };
            let letter = Letter::new(subject, title).say(format!("You told us that {provider} did not come, and the booking has ended."));
            b.for_customer(letter.fact("Paid", paid(b)).fact("You get back", back))
                .small("Refunds go to the card you paid with and take 5 to 10 days to appear.")
        }
        Template::BookingReminder => b.for_customer(
            Letter::new(format!("Tomorrow: {} with {provider}", b.service_name), format!("See you {}", moment(b.during.starts_at, &b.zone)))
                .say("Plans changed? You can move or cancel it from the booking's page, which shows what you would get back."),
        ),
        Template::ReviewRequest => b.for_customer(
            Letter::new(format!("How was {provider}?"), format!("How was {provider}?"))
                .say("Two sentences help the next person choose. You have seven days; nobody sees it before both sides have written or the seven days are over."),
        ),
        Template::PaymentFailed => b.for_customer(
            Letter::new(format!("Your card was declined: {} on {day}", b.service_name), "Your card was declined")
                .say(format!(
                    "{provider} accepted, but the charge did not go through. Nothing was charged. Use another card by {} to keep the time.",
                    b.answer_by.map_or_else(String::new, |at| moment(at, &b.zone))
                )),
        ),
        Template::ProviderNewBooking => {
            b.for_provider(Letter::new(format!("New booking: {} on {day}", b.service_name), format!("{} booked {}", b.customer_name, b.service_name)).say("It is in your calendar."))
        }
        Template::ProviderNewRequest => b.for_provider(
            Letter::new(format!("Answer needed: {} on {day}", b.service_name), format!("{} asks for {}", b.customer_name, b.service_name))
                .say(format!("Please accept or decline by {}. After that it ends by itself.", b.answer_by.map_or_else(String::new, |at| moment(at, &b.zone)))),
        ),
        Template::ProviderBookingChanged => {
            b.for_provider(Letter::new(format!("Moved: {} to {day}", b.service_name), format!("{} moved to another time", b.customer_name)).say("Your calendar is up to date."))
        }
        Template::ProviderBookingCancelled => {
            b.for_provider(Letter::new(format!("Cancelled: {} on {day}", b.service_name), format!("The booking of {} is cancelled", b.customer_name)).say("The time is free again."))
        }
        Template::ProviderSaidAbsent => {
            let title = format!("{} says that nobody came", b.customer_name);
            Letter::new(title.clone(), title)
                .say("The booking has ended, and everything they paid goes back. If that is not how it was, please tell us.")
                .fact("What", b.what())
                .fact("When", b.when())
                .fact("Booking", &*b.reference)
                .act("Open the booking", &*b.address)
                .because(format!("You get this because you look after bookings of {}.", b.provider_name))
        }
        _ => return None,
    })
}

/// What letters about a business need to know.
#[derive(Debug, Clone)]
pub(super) struct ProviderFacts {
    pub name: String,
    pub reason: Option<String>,
    pub address: String,
}

pub(super) fn about_provider(template: Template, p: &ProviderFacts) -> Option<Letter> {
    let name = &p.name;
    let because = p.reason.as_deref().filter(|r| !r.is_empty()).map(|r| format!("The reason given: {r}"));
    let letter = match template {
        Template::ApplicationReceived => Letter::new(format!("We have your application for {name}"), "Thank you, it is with us")
            .say("Someone reads every application, usually within two working days. You can go on editing meanwhile.")
            .act("See your application", &*p.address),
        Template::ApplicationApproved => Letter::new(format!("{name} is open on Fettle"), format!("{name} can be booked now"))
            .say("Customers find you from this moment. Check your hours once more, then share your page.")
            .act("Open your day", &*p.address),
        Template::ApplicationRejected => Letter::new(format!("About your application for {name}"), "Not yet")
            .say("We could not admit the business as it stands. You can mend it and send it in again.")
            .act("Mend and send again", &*p.address),
        Template::ProviderSuspended => Letter::new(format!("{name} is suspended"), format!("{name} takes no new bookings for now"))
            .say("It is hidden from search. Bookings that exist stand, and you can look after them as before.")
            .act("Open your day", &*p.address),
        Template::ProviderReinstated => Letter::new(format!("{name} is back"), format!("{name} can be booked again"))
            .say("The suspension has ended; you are visible in search again.")
            .act("Open your day", &*p.address),
        _ => return None,
    };
    let letter = match because {
        Some(sentence) => letter.say(sentence),
        None => letter,
    };
    Some(letter.because(format!("You get this because you look after {name} on Fettle.")))
}

/// Letters about an account; None for other templates.
pub(super) fn about_link(mail: &LinkMail) -> Option<Letter> {
    let hours = mail.valid_hours;
    let until = if hours >= 48 { format!("{} days", hours / 24) } else { format!("{hours} hours") };
    let once = format!("The link works once and for {until}.");
    let hello = if mail.name.is_empty() { String::new() } else { format!("Hello {}. ", mail.name) };
    Some(match mail.template {
        Template::ConfirmEmail => Letter::new("Confirm your e-mail address", "Is this your address?")
            .say(format!("{hello}Confirm it, and you can see all your bookings, write to providers and review them."))
            .act("Confirm my address", &*mail.url)
            .small(once)
            .because("You get this because someone registered on Fettle with this address. If it was not you, do nothing."),
        Template::ResetPassword => Letter::new("Choose a new password", "Choose a new password")
            .say(format!("{hello}Someone, hopefully you, asked for a new password. Until you choose one, the old one stays."))
            .act("Choose a new password", &*mail.url)
            .small(once)
            .because("You get this because a new password was asked for on Fettle. If it was not you, do nothing."),
        Template::ChangeEmail => Letter::new("Confirm your new e-mail address", "Is this your new address?")
            .say("Confirm it, and we write to you here from now on.")
            .act("Use this address", &*mail.url)
            .small(once)
            .because("You get this because an account on Fettle wants to use this address. If it was not you, do nothing."),
        Template::EmailChangeRequested => Letter::new("Your account is to get another e-mail address", "Is your address to change?")
            .say(format!(
                "{hello}Someone, hopefully you, asked us to write to another address from now on. Nothing changes until the link \
                 sent there is opened."
            ))
            .say("If it was not you, choose a new password now: that puts an end to it.")
            .act("Look at your account", &*mail.url)
            .because("You get this because it concerns the safety of your Fettle account."),
        Template::EmailChanged => Letter::new("Your e-mail address was changed", "Your address was changed")
            .say(format!(
                "{hello}From now on we write to your new address. If this was not you, choose a new password at once and tell us."
            ))
            .act("Look at your account", &*mail.url)
            .because("You get this because this was the address of your Fettle account."),
        Template::PasswordChanged => Letter::new("Your password was changed", "Your password was changed")
            .say(format!("{hello}All other devices were signed out. If this was not you, choose a new password at once."))
            .act("Choose a new password", &*mail.url)
            .because("You get this because it concerns the safety of your Fettle account."),
        Template::AlreadyRegistered => Letter::new("You already have an account", "You already have an account")
            .say(format!(
                "{hello}Someone registered with your address again. If it was you, open this once: what you booked there joins your account, \
                 and you sign in as always."
            ))
            .act("It was me", &*mail.url)
            .small(once)
            .because("You get this because someone registered on Fettle with this address. If it was not you, do nothing."),
        Template::NewDevice => Letter::new("A new device signed in to your account", "Was this you?")
            .say(format!("{hello}Someone signed in to your account with {}, which we have not seen before.", mail.subject))
            .say("If it was you, there is nothing to do. If not, end that session and choose a new password.")
            .act("Look at your sessions", &*mail.url)
            .because("You get this because it concerns the safety of your Fettle account."),
        Template::ManyFailures => Letter::new("Someone is trying to sign in to your account", "Several sign-ins failed")
            .say(format!("{hello}The password was wrong several times within an hour. Nobody got in."))
            .say("If you use the same password elsewhere, choose a new one.")
            .act("Look at your account", &*mail.url)
            .because("You get this because it concerns the safety of your Fettle account."),
        Template::ClaimAccount => Letter::new("See your booking on any device", "Make the booking yours")
            .say(format!("{hello}Choose a password and you can see, move and cancel your bookings anywhere."))
            .act("Set a password", &*mail.url)
            .small(once)
            .because("You get this because you booked on Fettle as a guest."),
        Template::TeamInvitation => Letter::new(format!("Join {} on Fettle", mail.subject), format!("Join {}", mail.subject))
            .say("You are invited to the team: its calendar, its bookings, its day.")
            .act("Join the team", &*mail.url)
            .small(once)
            .because(format!("You get this because someone at {} invited you. If you do not know them, do nothing.", mail.subject)),
        Template::PayBooking => Letter::new(format!("Pay for your booking with {}", mail.subject), "One step is left")
            .say(format!("{hello}{} wrote your booking down. Pay it here to make it certain.", mail.subject))
            .act("Pay now", &*mail.url)
            .small(format!("The link works for {until}; after that the time is free for others."))
            .because(format!("You get this because you arranged a booking with {}.", mail.subject)),
        _ => return None,
    })
}

fn paid(b: &BookingFacts) -> String {
    if b.is_paid_elsewhere || b.total_minor == 0 { String::new() } else { b.money(b.total_minor) }
}

fn refunded(b: &BookingFacts) -> String {
    if b.is_paid_elsewhere || b.total_minor == 0 { String::new() } else { b.money(b.refunded_minor) }
}

fn reason(b: &BookingFacts) -> String {
    b.end_reason.as_deref().filter(|r| !r.is_empty()).map_or_else(String::new, |r| format!(" They wrote: “{r}”"))
}

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// `Tuesday 9 June at 14:30`, in the place's zone.
fn moment(at: Instant, zone_name: &str) -> String {
    let local = zone::local(at, zone::stored(zone_name));
    let (_, month, day) = local.date.ymd();
    let weekday = DAYS[usize::from(local.weekday()) - 1];
    format!("{weekday} {day} {} at {:02}:{:02}", MONTHS[usize::from(month) - 1], local.minute / 60, local.minute % 60)
}

fn clock(at: Instant, zone_name: &str) -> String {
    let local = zone::local(at, zone::stored(zone_name));
    format!("{:02}:{:02}", local.minute / 60, local.minute % 60)
}

/// `9 June`.
fn short_day(at: Instant, zone_name: &str) -> String {
    let (_, month, day) = zone::local(at, zone::stored(zone_name)).date.ymd();
    format!("{day} {}", MONTHS[usize::from(month) - 1])
}
