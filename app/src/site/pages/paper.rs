//! Terms and privacy, in words that can be read.

use super::help::{Paper, PaperProps};
use leptos::prelude::*;

#[component]
pub fn TermsPage() -> impl IntoView {
    let text = |text: &'static str| view! { <p>{text}</p> }.into_any();
    let sections = vec![
        ("who", "Who does what", text("Providers offer their services here and do the work. Fettle finds the time, takes the payment and passes it on. The agreement about the work itself is between you and the provider.")),
        ("booking", "Bookings", text("A booking is agreed when it is confirmed on the page and by e-mail. Price, tax, commission and cancellation steps are fixed at that moment and do not change afterwards.")),
        ("paying", "Paying", text("You pay the price shown, once, in the currency shown. There are no fees on top. Providers are paid the price less our commission of usually 10 % of the service, and the whole tip.")),
        ("cancelling", "Cancelling", view! { <p>"The steps shown at the booking decide what comes back. They are explained in "<a class="link" href="/help/cancelling">"the refund promise"</a>"."</p> }.into_any()),
        ("conduct", "Being decent", text("Say who you are, keep to what you agreed, be there, and write reviews about what happened. Who cheats, threatens or discriminates loses their account.")),
        ("liability", "When something goes wrong", text("Tell the provider first, and us if that does not help. We are answerable for what we do ourselves; the provider for the work. Nothing here takes away rights the law gives you.")),
        ("changes", "Changes", text("When these terms change we say so before the change holds. Bookings already made keep the terms they were made under.")),
    ];
    Paper(PaperProps { title: "Terms".into(), lead: "What you can expect of us and of each other. Written to be read.".into(), sections })
}

#[component]
pub fn PrivacyPage() -> impl IntoView {
    let text = |text: &'static str| view! { <p>{text}</p> }.into_any();
    let sections = vec![
        (
            "what",
            "What we keep",
            text(
                "Your name, e-mail address and phone number; your bookings, payments and reviews; which devices are signed in; and a record of who did what, so that mistakes can be found. No card number ever reaches us.",
            ),
        ),
        (
            "why",
            "Why",
            text(
                "To book, to pay, to tell you what happens, and to keep accounts as the law asks. We do not sell data and show no advertising.",
            ),
        ),
        (
            "who",
            "Who sees what",
            text(
                "A provider sees your name and note when you book, and your exact address and phone number once the booking is confirmed. Reviews show your first name and initial. The payment company gets what it needs to take a payment.",
            ),
        ),
        (
            "cookies",
            "Cookies",
            text(
                "One keeps you signed in and your held time yours, one remembers light or dark, one carries a sentence from one page to the next. There are no others.",
            ),
        ),
        (
            "long",
            "How long",
            text(
                "Bookings and payments are kept as long as tax law asks. Sign-in records are deleted when they expire. Links in e-mails stop working after a while.",
            ),
        ),
        (
            "rights",
            "What you can do",
            text(
                "See and change your details in your settings, sign out everywhere, and ask us to delete your account. What accounts must keep is then kept without your name where possible.",
            ),
        ),
    ];
    Paper(PaperProps { title: "Privacy".into(), lead: "What we know about you, what for, and for how long.".into(), sections })
}
