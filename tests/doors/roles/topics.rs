//! Topic by topic of the live socket: each role × what is the scene's, what is somebody else's, what is not there.

use super::{ABSENT, ADMIN, EVERYONE, ROLES, SIGNED_IN, Scene, role};
use crate::harness::{COOKIE, Doors, Listening, listen};
use crate::live::Client;
use crate::routes::filled;
use domain::live::Topic;
use serde_json::{Value, json};
use sqlx::PgPool;

/// Whose thing a topic names.
#[derive(Debug, Clone, Copy)]
enum Whose {
    /// The party's, or of the business that they have booked.
    Scenes,
    /// The guest's with the same business.
    Guests,
    /// Another business's, or of its customer.
    Others,
    Nobodys,
}

use Whose::*;

/// The topic as it is written, with `{thing}` in it, whose that is, and a letter a role: **i**n, **a**sked to sign in, **s**hut, **n**othing there,
/// **r**efused, for it is no topic.
type Row = (&'static str, Whose, &'static str);

macro_rules! topics {
    ($($kind:pat => [$($row:expr,)*],)*) => {
        const ROWS: &[(&str, &[Row])] = &[$((stringify!($kind), &[$($row,)*]),)*];

        /// By which its rows are found: a kind of topic that has none does not compile.
        fn kind_of(topic: Topic) -> &'static str {
            match topic {
                $($kind => stringify!($kind),)*
            }
        }
    };
}

topics! {
    Topic::Availability(_) => [
        ("availability:{provider}", Scenes, EVERYONE),
        ("availability:{provider}", Others, EVERYONE),
        // of whom nothing is ever told
        ("availability:{provider}", Nobodys, EVERYONE),
    ],
    Topic::Booking(_) => [
        ("booking:{booking}", Scenes, "nnniniiiii"),
        ("booking:{booking}", Guests, "ninnniiiii"),
        ("booking:{booking}", Others, "nnnninnnii"),
        ("booking:{booking}", Nobodys, "nnnnnnnnnn"),
    ],
    Topic::Me(_) => [
        ("me", Nobodys, SIGNED_IN),
        // Nobody can name somebody else's, nor their own as if it were.
        ("me:{person}", Scenes, "rrrrrrrrrr"),
    ],
    Topic::Provider(_) => [
        ("provider:{provider}", Scenes, "aannniiini"),
        ("provider:{provider}", Others, "aanninnnni"),
        // To admins every desk is open, and one of whom nothing is ever told, too.
        ("provider:{provider}", Nobodys, "aannnnnnni"),
    ],
    Topic::Admin => [("admin", Nobodys, ADMIN),],
}

fn named(scene: &Scene, whose: Whose, thing: &str) -> String {
    let found = match whose {
        Scenes => scene.of_scene(thing),
        Guests => scene.thing(role("guest"), thing),
        Others => scene.others(role("owner"), thing),
        Nobodys => return ABSENT.to_owned(),
    };
    found.unwrap_or_else(|| panic!("{whose:?} {thing} is not there")).clone()
}

async fn connected(doors: &Doors, server: &Listening, scene: &Scene, who: usize) -> Client {
    let cookie = scene.browser(doors, who).await.cookie;
    let headers: Vec<_> = cookie.map(|cookie| ("cookie", format!("{COOKIE}={cookie}"))).into_iter().collect();
    Client::connect(server, &headers).await.expect("connects")
}

/// What the socket says to it. News of what the scene is made of may come first.
async fn answered(client: &mut Client, topic: &str) -> Value {
    client.say(json!({ "op": "subscribe", "topic": topic })).await;
    loop {
        let frame = client.hear().await.expect("an answer");
        if frame["op"] != "event" && frame["topic"] == topic {
            return frame;
        }
    }
}

fn letter(answer: &Value) -> char {
    match (answer["op"].as_str(), answer["code"].as_str()) {
        (Some("subscribed"), _) => 'i',
        (_, Some("unauthenticated")) => 'a',
        (_, Some("forbidden")) => 's',
        (_, Some("not_found")) => 'n',
        (_, Some("unknown_topic")) => 'r',
        _ => '!',
    }
}

#[sqlx::test(migrations = "./migrations")]
async fn every_role_listens_where_its_cell_says(db: PgPool) {
    let doors = Doors::new(db);
    let mut scene = Scene::of(&doors).await;
    scene.bring(&doors, &["booking"]).await;
    let server = listen(&doors.state, &doors.router).await;
    let mut wrong = Vec::new();
    for (kind, rows) in ROWS {
        assert!(!rows.is_empty(), "say who may listen to {kind}");
        for (who, name) in ROLES.iter().enumerate() {
            let mut client = connected(&doors, &server, &scene, who).await;
            for (pattern, whose, letters) in *rows {
                assert_eq!(letters.len(), ROLES.len(), "{pattern} of {whose:?}");
                let topic = filled(pattern, |thing| named(&scene, *whose, thing));
                let parsed = Topic::parse(&topic, scene.account(who));
                assert!(parsed.is_none_or(|parsed| kind_of(parsed) == *kind), "{topic} is none of {kind}");
                let answer = answered(&mut client, &topic).await;
                let (got, wanted) = (letter(&answer), letters.chars().nth(who).expect("a letter for each role"));
                if got != wanted {
                    wrong.push(format!("{name} {pattern} of {whose:?}: {got} instead of {wanted}: {answer}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
