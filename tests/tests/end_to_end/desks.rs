//! What a frontend reads of a desk to draw a form.

use guichet_tests::{client::Client, server::Server};
use serde_json::{Value, json};

/// A value without anything that is optional.
fn value(id: &str, label: &str) -> Value {
    json!({"value": id, "label": label, "description": null, "parent": null, "retired": false})
}

/// Fault U6: the priorities and urgencies of a desk were served nowhere.
#[test]
fn each_priority_and_urgency_of_a_desk_is_served_with_its_label_and_can_be_asked_for() {
    let server = Server::start();
    let requester = server.client("requester-1");
    let desk = requester
        .with("Accept-Language", "en")
        .get("/v1/desks/SUP")
        .expect(200);
    assert_eq!(
        desk["priorities"],
        json!([
            value("low", "Low"),
            value("normal", "Normal"),
            value("high", "High"),
            value("critical", "Critical"),
        ])
    );
    let french = requester.get("/v1/desks/SUP").expect(200);
    assert_eq!(french["urgencies"][0], value("very_low", "Très basse"));
    let ticket =
        json!({"desk": "SUP", "type": "question", "summary": "Une demande", "description": "Longue."});
    let opened = requester.open(&ticket);
    assert_eq!(
        (&opened["priority"], &opened["urgency"]),
        (&desk["default_priority"], &desk["default_urgency"])
    );
    for (list, member) in [("priorities", "priority"), ("urgencies", "urgency")] {
        let values = desk[list].as_array().unwrap();
        assert!(values.len() > 3, "{values:?}");
        for value in values {
            let mut ticket = ticket.clone();
            ticket[member] = Value::clone(&value["value"]);
            assert_eq!(requester.open(&ticket)[member], value["value"]);
        }
    }
}

fn in_english(server: &Server, name: &str) -> Client {
    server.client(name).with("Accept-Language", "en")
}

/// A form as text: the order of its members is part of it.
fn form(client: &Client, path: &str) -> (String, Value) {
    let answer = client.get(path);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/schema+json")
    );
    (answer.text(), answer.json())
}

/// Fault U8: forms were French whatever was asked, and their fields stood in the order of their names. The forms of actions were served
/// nowhere.
#[test]
fn forms_of_types_and_of_actions_are_served_by_language_and_in_their_order() {
    let server = Server::start();
    let (french, english) = (server.client("requester-1"), in_english(&server, "requester-1"));
    let path = "/v1/desks/SUP/types/incident/schema";
    let (text, fr) = form(&french, path);
    let (_, en) = form(&english, path);
    let order = ["product", "equipment", "location", "since", "steps"];
    let places = order.map(|name| text.find(&format!("\"{name}\":{{")).unwrap());
    assert!(places.is_sorted(), "{text}");
    assert_eq!(en["x-order"], json!(order));
    assert_eq!(
        (&fr["title"], &en["title"]),
        (&json!("Signaler un incident"), &json!("Report an incident"))
    );
    let title = |form: &Value| form["properties"]["steps"]["title"].clone();
    assert_eq!(
        (title(&fr), title(&en)),
        (json!("Comment reproduire"), json!("How to reproduce it"))
    );

    let desk = english.get("/v1/desks/sup").expect(200);
    let resolve = desk["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["id"] == "resolve")
        .unwrap();
    let (_, resolving) = form(&english, resolve["schema"].as_str().unwrap());
    let resolution = &resolving["properties"]["resolution"];
    assert_eq!(
        resolution["oneOf"][1],
        json!({"const": "wont_do", "title": "Won't do"})
    );
    for path in ["take/schema", "nothing/schema", "resolve/schema?from=closed"] {
        let _ = english
            .get(&format!("/v1/desks/SUP/transitions/{path}"))
            .refused(404, "not-found");
    }
    let wrong = english
        .get("/v1/desks/SUP/transitions/resolve/schema?from=A%20b")
        .refused(422, "invalid");
    assert_eq!(wrong["errors"][0]["pointer"], "from");
}

/// The ids of a page of values, and the cursor of the next.
fn ids(page: &Value) -> (Vec<&str>, Option<&str>) {
    let items = page["items"].as_array().unwrap();
    let ids = items.iter().map(|item| item["value"].as_str().unwrap());
    (ids.collect(), page["next_cursor"].as_str())
}

#[test]
fn an_administrator_keeps_a_long_list_and_tickets_choose_from_it() {
    let server = Server::start();
    let (admin, requester) = (server.client("admin"), in_english(&server, "requester-1"));
    let path = "/v1/desks/SUP/lists/location/values";
    assert_eq!(
        requester.get(path).expect(200),
        json!({"items": [], "next_cursor": null, "total": 0})
    );
    let building = |number: usize| json!({"value": format!("b{number}"), "label": {"fr": format!("Bâtiment {number}"), "en": format!("Building {number}")}});
    let buildings: Vec<Value> = (0..120).map(building).collect();
    let told = admin.post(path, &json!({"values": buildings})).expect(200);
    assert_eq!(told["changed"], 120);
    let room = json!({"value": "hall", "label": {"fr": "Hall", "en": "Hall"}, "parent": "b7", "description": {"fr": "Rez-de-chaussée", "en": "Ground floor"}});
    let told = admin
        .post(path, &json!({"values": [building(3), room]}))
        .expect(200);
    assert_eq!(told["changed"], 1);
    // What is so already is no change, and no event.
    assert_eq!(
        admin.post(path, &json!({"values": [building(3)]})).expect(200),
        json!({"changed": 0, "position": null})
    );

    let first = requester.get(&format!("{path}?limit=100")).expect(200);
    let (of_first, cursor) = ids(&first);
    assert_eq!(
        (of_first[..3].to_vec(), of_first.len(), &first["total"]),
        (vec!["b0", "b1", "b2"], 100, &json!(121))
    );
    let second = requester
        .get(&format!("{path}?limit=100&cursor={}", cursor.unwrap()))
        .expect(200);
    let (of_second, end) = ids(&second);
    assert_eq!((of_second.len(), of_second[20], end), (21, "hall", None));
    assert_eq!(second["items"][20]["description"], "Ground floor");
    // In either language, whatever the case and the accents.
    for (query, found) in [
        ("q=BATIMENT%2017", vec!["b17", "b117"]),
        ("q=ground", vec![]),
        ("parent=b7", vec!["hall"]),
        ("top=true&q=hall", vec![]),
    ] {
        let page = requester.get(&format!("{path}?{query}")).expect(200);
        assert_eq!(ids(&page).0, found, "{query}");
    }
}

/// A desk whose list of places has one, the hall.
fn with_a_hall(admin: &Client) -> &'static str {
    let path = "/v1/desks/SUP/lists/location/values";
    let hall = json!({"value": "hall", "label": {"fr": "Hall", "en": "Hall"}, "description": {"fr": "Rez-de-chaussée", "en": "Ground floor"}});
    let _ = admin.post(path, &json!({"values": [hall]})).expect(200);
    path
}

#[test]
fn tickets_choose_from_a_long_list_and_keep_what_is_retired() {
    let server = Server::start();
    let (admin, requester) = (server.client("admin"), in_english(&server, "requester-1"));
    let path = with_a_hall(&admin);
    let incident = |location: &str| {
        json!({
            "desk": "SUP", "type": "incident", "summary": "Une fuite", "description": "D'eau.",
            "fields": {"product": "Plomberie", "location": location},
        })
    };
    let opened = requester.open(&incident("hall"));
    let refused = requester
        .post("/v1/tickets", &incident("attic"))
        .refused(422, "invalid");
    assert_eq!(
        refused["errors"],
        json!([{"pointer": "/fields/location", "code": "value", "detail": "is no current value of the list location"}])
    );

    // A retired value is not chosen any more, and stays where it is.
    let mut retired = room_of(&admin, path, "hall");
    retired["retired"] = json!(true);
    let _ = admin.post(path, &json!({"values": [retired]})).expect(200);
    let _ = requester
        .post("/v1/tickets", &incident("hall"))
        .refused(422, "invalid");
    let ticket = format!("/v1/tickets/{}", opened["key"].as_str().unwrap());
    let edited = server
        .client("agent")
        .patch(&ticket, &json!({"fields": {"product": "Toiture"}}))
        .expect(200);
    assert_eq!(
        edited["fields"],
        json!({"product": "Toiture", "location": "hall"})
    );
    // A page that sends its whole form again changes nothing by it, and a change of the type can be taken back.
    for edit in [
        json!({"fields": {"product": "Cave", "location": "hall"}}),
        json!({"type": "question"}),
        json!({"type": "incident"}),
    ] {
        let edited = server.client("agent").patch(&ticket, &edit).expect(200);
        assert_eq!(edited["fields"]["location"], "hall", "{edit}");
    }
    assert_eq!(requester.get(&format!("{path}?q=hall")).expect(200)["total"], 0);
    let page = requester.get(&format!("{path}?q=hall&state=retired")).expect(200);
    assert_eq!(
        (&page["items"][0]["retired"], &page["total"]),
        (&json!(true), &json!(1))
    );

    // All of it is in the log, and comes back with it.
    let server = server.restart();
    let page = in_english(&server, "requester-1")
        .get(&format!("{path}?state=all&limit=1"))
        .expect(200);
    assert_eq!(page["total"], 1);
}

/// A value as it is, to be sent again.
fn room_of(client: &Client, path: &str, id: &str) -> Value {
    let read = |language: &str| {
        let page = client
            .with("Accept-Language", language)
            .get(&format!("{path}?q={id}"))
            .expect(200);
        page["items"][0].clone()
    };
    let (fr, en) = (read("fr"), read("en"));
    let both = |member: &str| json!({"fr": fr[member], "en": en[member]});
    json!({"value": id, "label": both("label"), "description": both("description"), "parent": fr["parent"]})
}

#[test]
fn every_fault_of_a_change_of_a_list_is_named() {
    let server = Server::start();
    let admin = in_english(&server, "admin");
    let values = json!({"values": [
        {"value": "a\nb", "label": {"fr": "", "en": "A"}},
        {"value": "b", "label": {"fr": "B", "en": "B"}, "parent": "nowhere"},
        {"value": "b", "label": {"fr": "B", "en": "B"}},
    ]});
    let told = admin
        .post("/v1/desks/SUP/lists/location/values", &values)
        .refused(422, "invalid");
    let pointers: Vec<&str> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/values/0/value",
            "/values/0/label/fr",
            "/values/2/value",
            "/values/1/parent"
        ]
    );
    let one = json!({"values": [{"value": "a", "label": {"fr": "A", "en": "A"}}]});
    let told = admin
        .post("/v1/desks/SUP/lists/resolution/values", &one)
        .refused(422, "invalid");
    assert_eq!(
        told["errors"][0]["detail"],
        "names a list that stands in the desk's definition, and changes with it"
    );
    let _ = admin
        .post("/v1/desks/SUP/lists/nothing/values", &one)
        .refused(404, "not-found");
    let _ = server
        .client("agent")
        .post("/v1/desks/SUP/lists/location/values", &one)
        .refused(403, "not-permitted");
    assert_eq!(
        admin.get("/v1/desks/SUP/lists/location/values").expect(200)["total"],
        0
    );
}
