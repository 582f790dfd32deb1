//! What a frontend reads of a desk to draw a form.

use guichet_tests::server::Server;
use serde_json::{Value, json};

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
            {"value": "low", "label": "Low"}, {"value": "normal", "label": "Normal"},
            {"value": "high", "label": "High"}, {"value": "critical", "label": "Critical"},
        ])
    );
    let french = requester.get("/v1/desks/SUP").expect(200);
    assert_eq!(
        french["urgencies"][0],
        json!({"value": "very_low", "label": "Très basse"})
    );
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
