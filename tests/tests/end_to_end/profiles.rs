//! Profiles: what their holders change and what not, pictures, the form of who is locked out, and acting for somebody else
//! (seed 002, F78-F83; seed 004, F183; complaint C17).

use std::io::Cursor;

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    home::DEMO_PASSWORD,
    people::{delete, put, quick},
};
use image::{ImageFormat, Rgba, RgbaImage};
use reqwest::Method;
use serde_json::{Value, json};

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[test]
fn one_changes_ones_own_profile_and_every_fault_of_it_is_named() {
    let server = quick().start();
    let holder = server.client("requester-1");
    let me = holder.get("/v1/me").expect(200);
    assert_eq!(me["profile"]["time_zone"], "Europe/Paris");
    assert_eq!(me["profile"]["default_view"], "create_ticket");
    let edit = json!({
        "name": " Requérante Une ", "language": "en", "time_zone": "Indian/Reunion", "phone": "+33 1 23 45 67 89",
        "default_view": "my_tickets", "preferences": {"columns": ["key", "summary"]},
    });
    let changed = holder.patch("/v1/me", &edit).expect(200);
    assert_eq!(changed["account"]["name"], "Requérante Une");
    let profile = &changed["profile"];
    assert_eq!(
        json!([
            profile["language"],
            profile["time_zone"],
            profile["phone"],
            profile["default_view"],
            profile["preferences"]
        ]),
        json!(["en", "Indian/Reunion", "+33 1 23 45 67 89", "my_tickets", {"columns": ["key", "summary"]}])
    );
    let back = json!({"phone": null, "time_zone": null, "default_view": null});
    let back = holder.patch("/v1/me", &back).expect(200);
    assert_eq!(back["profile"]["phone"], Value::Null);
    assert_eq!(back["profile"]["time_zone"], "Europe/Paris");
    assert_eq!(back["profile"]["default_view"], "create_ticket");
    let bad = json!({
        "name": "", "time_zone": "Mars/Olympus", "phone": "0".repeat(33), "default_view": "cellar",
    });
    let problem = holder.patch("/v1/me", &bad).refused(422, "invalid");
    let pointers: Vec<String> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/default_view", "/name", "/phone", "/time_zone"]);
    let stale = holder.with("If-Match", &format!("\"{}\"", me["version"]));
    let _ = stale.patch("/v1/me", &edit).refused(412, "stale-version");
}

#[test]
fn a_field_that_an_administrator_locks_is_changed_by_them_and_not_by_its_holder() {
    let server = quick().start();
    let (referent, teacher) = (server.client("referent"), server.client("teacher"));
    let locked = json!({"fields": ["time_zone", "avatar", "address"]});
    let path = "/v1/accounts/teacher/locked-fields";
    let _ = put(&teacher, path, &locked).refused(403, "not-permitted");
    let _ = put(&referent, path, &locked).expect(200);
    let zone = json!({"time_zone": "Indian/Reunion"});
    let problem = teacher.patch("/v1/me", &zone).refused(422, "invalid");
    assert_eq!(faults(&problem), [fault("/time_zone", "forbidden")]);
    let problem = set_picture(&teacher, picture(8, 8, ImageFormat::Png)).refused(422, "invalid");
    assert_eq!(faults(&problem), [fault("/file", "forbidden")]);
    let address = json!({"address": "teacher@people.example", "password": DEMO_PASSWORD});
    let problem = teacher.post("/v1/me/address", &address).refused(422, "invalid");
    assert_eq!(faults(&problem), [fault("/address", "forbidden")]);
    let changed = referent.patch("/v1/accounts/teacher", &zone).expect(200);
    assert_eq!(changed["time_zone"], "Indian/Reunion");
    let me = teacher.get("/v1/me").expect(200);
    assert_eq!(me["profile"]["time_zone"], "Indian/Reunion");
    assert_eq!(
        me["profile"]["locked_fields"],
        json!(["time_zone", "address", "avatar"])
    );
    // Of another establishment nothing can be changed, nor seen.
    let _ = referent
        .patch("/v1/accounts/requester-3", &zone)
        .refused(404, "not-found");
    let none = json!({"fields": []});
    let _ = put(&referent, path, &none).expect(200);
    let _ = teacher.patch("/v1/me", &json!({"time_zone": null})).expect(200);
}

/// A picture whose dots differ, as one of a camera does.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let dots = RgbaImage::from_fn(width, height, |x, y| {
        Rgba([
            (x * 7 % 256) as u8,
            (y * 5 % 256) as u8,
            ((x ^ y) % 256) as u8,
            255,
        ])
    });
    let mut bytes = Vec::new();
    image::DynamicImage::ImageRgba8(dots)
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn set_picture(client: &Client, bytes: Vec<u8>) -> Answer {
    Answer::of(client.request(Method::PUT, "/v1/me/avatar").body(bytes).send())
}

#[test]
fn a_picture_is_served_as_the_server_has_made_it_and_never_as_it_was_uploaded() {
    let server = quick().start();
    let (holder, agent) = (server.client("requester-1"), server.client("agent"));
    let hidden = b"<script>alert(document.cookie)</script>";
    let mut upload = picture(320, 200, ImageFormat::Png);
    upload.extend_from_slice(hidden);
    assert_eq!(set_picture(&holder, upload).status, 204);
    let path = holder.get("/v1/me").expect(200)["profile"]["avatar"].clone();
    let served = agent.get(path.as_str().unwrap());
    assert_eq!(
        (served.status, served.header("content-type")),
        (200, "image/jpeg")
    );
    assert_eq!(served.header("x-content-type-options"), "nosniff");
    let read = image::load_from_memory_with_format(&served.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((read.width(), read.height()), (128, 128));
    assert!(!guichet_tests::disk::holds(&served.bytes, hidden));
    let _ = server
        .client("requester-3")
        .get("/v1/accounts/requester-1/avatar")
        .refused(404, "not-found");

    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec();
    for (what, bytes) in [
        ("SVG", svg),
        ("nothing", Vec::new()),
        ("no picture", b"PNG, honestly".to_vec()),
        ("cut off", picture(320, 200, ImageFormat::Png)[..500].to_vec()),
        ("too wide", picture(8_193, 1, ImageFormat::Png)),
    ] {
        let answer = set_picture(&holder, bytes);
        assert_eq!(answer.status, 422, "{what}: {}", answer.text());
        assert_eq!(faults(&answer.json()), [fault("/file", "format")], "{what}");
    }
    let large = set_picture(&holder, vec![0; 5 * 1024 * 1024 + 1]);
    assert_eq!(large.status, 413, "{}", large.text());
    assert_eq!(
        agent.get(path.as_str().unwrap()).bytes,
        served.bytes,
        "a refused upload changes nothing"
    );
    assert_eq!(delete(&holder, "/v1/me/avatar").status, 204);
    let _ = agent.get(path.as_str().unwrap()).refused(404, "not-found");
}

#[test]
fn whoever_is_locked_out_reaches_support_and_can_be_erased_from_its_ticket() {
    let server = quick().start();
    let rescue = |body: &Value| server.nobody().post("/v1/auth/rescue", body);
    let bad = json!({"name": "", "contact": " ", "message": "", "references": vec!["SUP-1"; 11]});
    let problem = rescue(&bad).refused(422, "invalid");
    let pointers: Vec<String> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/contact", "/message", "/name", "/references"]);
    let words = [
        "Zéphyrine Quenouille",
        "06 12 34 56 78",
        "Le vase étrusque est tombé sur mon téléphone.",
    ];
    let body = json!({"name": words[0], "contact": words[1], "message": words[2], "references": ["SUP-1"]});
    let answer = rescue(&body);
    assert_eq!((answer.status, answer.text()), (202, String::new()));
    let head = server.head();
    let agent = server.client("agent");
    let key = agent.listed(&format!("at_least={head}&type=account_rescue"));
    assert_eq!(key.len(), 1);
    let ticket = agent.ticket(&key[0]);
    assert_eq!(
        (ticket["desk"].as_str(), ticket["description"].as_str()),
        (Some("SUP"), Some(words[2]))
    );
    assert_eq!(ticket["fields"]["contact_name"], words[0]);
    assert_eq!(ticket["fields"]["contact_address"], words[1]);
    let _ = server
        .client("requester-1")
        .get(&format!("/v1/tickets/{}", key[0]))
        .refused(404, "not-found");
    // What they wrote is theirs, not the server's: it goes with them.
    let events = server.client("auditor").feed(&key[0]);
    let person = events[0]["event"]["data"]["customer"].as_str().unwrap();
    let admin = server.client("admin");
    let reason = json!({"reason": "À sa demande."});
    let path = format!("/v1/persons/{person}/erasure");
    assert_eq!(admin.post(&path, &reason).status, 202);
    guichet_tests::people::until("the person is erased", || {
        let ticket = agent.ticket(&key[0]).to_string();
        words.iter().all(|word| !ticket.contains(word))
    });
}

#[test]
fn whoever_acts_for_somebody_else_stands_beside_them_for_ever() {
    let server = quick().start();
    let (agent, requester) = (server.client("agent"), server.client("requester-1"));
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Au téléphone", "description": "…"});
    let opened = agent.with("Guichet-On-Behalf-Of", "requester-1").open(&ticket);
    let names = |ticket: &Value| json!([ticket["requester"]["username"], ticket["created_by"]["username"]]);
    assert_eq!(names(&opened), json!(["requester-1", "agent"]));
    let key = opened["key"].as_str().unwrap();
    assert_eq!(names(&requester.ticket(key)), json!(["requester-1", "agent"]));
    let entries = requester.history(key);
    let first = &entries["items"][0];
    assert_eq!(
        json!([first["by"]["username"], first["on_behalf_of"]["username"]]),
        json!(["agent", "requester-1"])
    );
    let ids = |username: &str| {
        server
            .client("admin")
            .get(&format!("/v1/accounts/{username}"))
            .expect(200)["id"]
            .clone()
    };
    let event = &server.client("auditor").feed(key)[0]["event"];
    assert_eq!(
        (&event["by"], &event["on_behalf_of"]),
        (&ids("agent"), &ids("requester-1"))
    );
    // Nobody acts for whom they may not act for, and a name that nobody has is none that is hidden.
    let _ = requester
        .with("Guichet-On-Behalf-Of", "agent")
        .post("/v1/tickets", &ticket)
        .refused(422, "invalid");
    let _ = agent
        .with("Guichet-On-Behalf-Of", "nobody")
        .post("/v1/tickets", &ticket)
        .refused(422, "invalid");
    let own = requester
        .with("Guichet-On-Behalf-Of", "requester-1")
        .open(&ticket);
    assert_eq!(names(&own), json!(["requester-1", "requester-1"]));
}
