//! The digest of the rows: the same for every reader of one log, and changed by what a reader is shown.

use domain::{
    Event, Personal,
    ticket::{FieldValue, TicketEvent, Visibility},
};
use event_log::{Envelope, Position};
use serde_json::json;
use std::fs;
use views::digest::{Decoded, Offline};

use crate::world::{World, comment, keyed, keyless, open_field, opened, organization, personal};

fn some_tickets() -> World {
    let mut world = World::new();
    let mut opening = opened("Écran noir");
    opening.fields = [
        ("floor".to_owned(), FieldValue::Open(json!([3, 0.1, "\u{1}\"\\"]))),
        (
            "phone".to_owned(),
            FieldValue::Personal(Personal::new(personal("").subject, json!("0102030405"))),
        ),
    ]
    .into();
    opening.shared_with = [organization("commune-b"), organization("commune-a")].into();
    let key = world.ticket(opening);
    world.happens(&key, comment("redémarré", Visibility::Internal));
    world
}

#[test]
fn the_digested_bytes_are_those_that_are_specified() {
    // Written once by hand from the text of the format, and never to be changed.
    use sha2::{Digest, Sha256};
    let mut world = World::empty(Default::default());
    let mut opening = opened("Écran noir");
    opening.fields = [
        ("a".to_owned(), open_field("\u{1}\"\\é")),
        (
            "b".to_owned(),
            FieldValue::Personal(Personal::new(personal("").subject, json!("secret"))),
        ),
        ("c".to_owned(), FieldValue::Open(json!(0.1))),
    ]
    .into();
    world.ticket(opening);
    let event = world.log.read(Position(0), 1).unwrap().remove(0).envelope.id.0;
    let account = "00000000-0000-0000-0000-000000000001";
    let at = 1_772_442_001_000_000_i64;
    let lines = format!(
        "guichet-queue-digest/1\n{{\"ticket\":\"SUP-1\",\"opened_at_position\":1,\"desk_version\":1,\
         \"type\":\"question\",\"summary\":\"{event}/summary\",\"status\":\"open\",\"category\":null,\
         \"response_required\":false,\"status_rank\":null,\"priority\":\"normal\",\"priority_rank\":null,\
         \"urgency\":\"medium\",\"urgency_rank\":null,\"requester\":\"{account}\",\"created_by\":\"{account}\",\
         \"assignee\":null,\"organization\":null,\"private\":false,\"shared_with\":[],\
         \"fields\":{{\"a\":\"\\u0001\\\"\\\\é\",\"b\":{{\"commitment\":\"{event}/fields/b\"}},\"c\":0.1}},\
         \"created_at\":{at},\"updated_at\":{at},\"version\":1,\"public_events\":1,\"position\":1}}\n"
    );
    let hash = Sha256::digest(lines);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(world.digest(), hex);
    assert_eq!(world.offline(keyless(), Position(1)), hex);
}

#[test]
fn who_has_no_key_digests_the_same_and_so_does_who_has_lost_one() {
    let mut world = some_tickets();
    let digest = world.digest();
    assert_eq!(world.offline(keyed(), world.log.head()), digest);
    assert_eq!(world.offline(keyless(), world.log.head()), digest);
    world.open = keyless();
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    assert_eq!(world.found("écran"), Vec::<String>::new());
    assert_eq!(world.digest(), digest);
}

/// As a reader decodes it that has the events for other purposes too.
fn decoded(position: Position, envelope: &Envelope) -> Decoded {
    let data = envelope.data.get();
    let mut opened = serde_json::from_str(data).unwrap();
    keyless()(envelope.id.0, &mut opened).unwrap();
    let stamp = views::event::stamp(position, envelope);
    let event = Event::decode(&envelope.event_type, opened).unwrap();
    Decoded::new(envelope.stream.as_str(), stamp, event, data.as_bytes())
}

#[test]
fn events_decoded_elsewhere_are_folded_to_the_same_digest() {
    let mut world = some_tickets();
    world.name_account(7, "Ada");
    let digest = world.digest();
    let mut offline = Offline::new(keyless());
    for recorded in world.log.read(Position(0), 100).unwrap() {
        offline.fold_decoded(decoded(recorded.position, &recorded.envelope));
    }
    assert_eq!((offline.position(), offline.skipped()), (world.log.head(), 0));
    assert_eq!(offline.finish().unwrap(), digest);
}

#[test]
fn an_event_decoded_elsewhere_of_a_stream_of_another_kind_is_counted() {
    let world = some_tickets();
    let recorded = world.log.read(Position(0), 100).unwrap().pop().unwrap();
    let mut envelope = recorded.envelope;
    envelope.stream = "desk-SUP".parse().unwrap();
    let mut offline = Offline::new(keyless());
    offline.fold_decoded(decoded(recorded.position, &envelope));
    assert_eq!((offline.position(), offline.skipped()), (world.log.head(), 1));
}

#[test]
fn an_erased_field_stays_by_name_until_it_is_taken_away() {
    let mut world = some_tickets();
    world.open = keyless();
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    let before = world.digest();
    // What does not change the fields otherwise moves version, position and instant: the same for both.
    let taken = |world: &mut World, name: &str| {
        let mut edited = crate::searching::edited();
        edited.removed = [name.to_owned()].into();
        world.happens(&"SUP-1".parse().unwrap(), TicketEvent::Edited(Box::new(edited)));
        world.digest()
    };
    let other = taken(&mut world, "phone");
    assert_ne!(other, before);
    assert_eq!(world.offline(keyed(), world.log.head()), other);
}

#[test]
fn the_digest_is_that_of_a_prefix_of_the_log() {
    let mut world = some_tickets();
    let (head, digest) = (world.log.head(), world.digest());
    world.happens(&"SUP-1".parse().unwrap(), comment("encore", Visibility::Public));
    assert_ne!(world.digest(), digest);
    assert_eq!(world.offline(keyless(), head), digest);
}

#[test]
fn a_number_that_is_no_integer_is_kept_to_the_last_bit() {
    let mut world = World::new();
    let mut opening = opened("Écran noir");
    // Seventeen digits, which a quick reader of JSON gets wrong in the last one.
    let numbers = [
        48.856_612_999_999_996,
        2.352_221_900_000_000_3,
        5e-324,
        1.797_693_134_862_315_7e308,
    ];
    opening.fields = [("place".to_owned(), FieldValue::Open(json!(numbers)))].into();
    let key = world.ticket(opening);
    let opened = world.digest();
    assert_eq!(world.offline(keyed(), world.log.head()), opened);
    // Read back from the file and written again.
    world.reopen(|_| {});
    let mut edited = crate::searching::edited();
    edited.fields = [("floor".to_owned(), open_field("3"))].into();
    world.happens(&key, TicketEvent::Edited(Box::new(edited)));
    let kept = world.digest();
    world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
    assert_eq!(world.digest(), kept);
    assert_eq!(world.offline(keyed(), world.log.head()), kept);
}
