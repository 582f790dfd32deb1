use super::*;

const CANONICAL: &str = r#"{"id":"0198f1c2-0000-7000-8000-00000000002a","stream":"SUP-1","version":3,"type":"ticket-commented.v1","at":"2026-03-01T10:00:00.000123Z","occurred_at":"2026-03-01T09:59:00.000000Z","by":"00000000-0000-0000-0000-000000000001","channel":"rest","command_id":"00000000-0000-0000-0000-000000000002","command_digest":"0000000000000000000000000000000000000000000000000000000000000000","correlation_id":"00000000-0000-0000-0000-000000000003","data":{"a":"}\"{","b":{"c":[{}]}}}"#;

fn read(stored: &str) -> Envelope<'_> {
    envelope(stored.as_bytes()).unwrap()
}

#[test]
fn both_readers_say_the_same_of_an_event_as_it_is_written() {
    let fast = written_order(CANONICAL.as_bytes()).unwrap();
    assert_eq!(fast, strict::envelope(CANONICAL.as_bytes()).unwrap());
    assert_eq!(fast.version, 3);
    assert_eq!(fast.at.timestamp_subsec_micros(), 123);
    assert_eq!(&CANONICAL[fast.data], r#"{"a":"}\"{","b":{"c":[{}]}}"#);
}

#[test]
fn members_in_another_order_are_read_all_the_same() {
    let moved = CANONICAL.replace(
        r#""stream":"SUP-1","version":3,"#,
        r#""version": 3, "stream":"SUP-1","#,
    );
    assert!(written_order(moved.as_bytes()).is_none());
    assert_eq!((read(&moved).stream, read(&moved).version), ("SUP-1", 3));
}

#[test]
fn what_is_not_an_envelope_is_refused() {
    for (from, to) in [
        (r#""version":3,"#, ""),
        (r#""version":3"#, r#""version":0"#),
        (r#""version":3"#, r#""version":03"#),
        (r#""version":3"#, r#""version":99999999999999999999"#),
        (r#""channel":"rest""#, r#""channel":"mail""#),
        (r#""SUP-1""#, r#""SUP/1""#),
        (r#""SUP-1""#, r#""\u0053UP-1""#),
        (r#""data":{"#, r#""more":1,"data":{"#),
        (r#"[{}]}}}"#, r#"[{}]}},"more":1}"#),
        (r#"[{}]}}}"#, r#"[{}]}}"#),
        (r#"0000-000000000002""#, r#"0000-00000000000g""#),
        ("2026-03-01T10:00:00", "2026-02-30T10:00:00"),
        ("2026-03-01T10:00:00.000123Z", "2026-03-01T10:00:00.123Z"),
        (r#""0198f1c2-"#, r#""0198F1C2-"#),
        (r#""channel":"#, r#""causation_id":null,"channel":"#),
        (r#""channel":"rest""#, r#""channel":"rest","channel":"rest""#),
        (r#""stream":"#, r#""stre\u0061m":"#),
        (r#""rest""#, r#""re\u0073t""#),
        ("2026-03-01T10", "0000-03-01T10"),
        ("2026-03-01T10", "2026-03-01T24"),
        (r#""data":{"a":"}\"{","b":{"c":[{}]}}"#, r#""data":[]"#),
        (r#""data":{"a":"}\"{","b":{"c":[{}]}}"#, r#""data":"a""#),
        (r#""data":{"a":"}\"{","b":{"c":[{}]}}"#, r#""data":null"#),
    ] {
        let broken = CANONICAL.replacen(from, to, 1);
        assert_ne!(broken, CANONICAL, "{from}");
        assert!(envelope(broken.as_bytes()).is_err(), "{from} -> {to} was read");
    }
}

#[test]
fn a_line_is_cut_at_its_fixed_parts() {
    let line = format!(r#"{{"position":17,"event":{CANONICAL}}}"#);
    assert_eq!(event_line(line.as_bytes()), Some((17, CANONICAL.as_bytes())));
    for broken in [
        format!(r#"{{"position":017,"event":{CANONICAL}}}"#),
        format!(r#"{{"position":0,"event":{CANONICAL}}}"#),
        format!(r#"{{"position":-17,"event":{CANONICAL}}}"#),
        format!(r#"{{"position":17.0,"event":{CANONICAL}}}"#),
        format!(r#"{{"position": 17,"event":{CANONICAL}}}"#),
        format!(r#"{{"position":17, "event":{CANONICAL}}}"#),
        format!(r#"{{"position":17,"event":{CANONICAL}}} "#),
        format!(r#"{{"event":{CANONICAL},"position":17}}"#),
        format!(r#"{{"position":{},"event":{CANONICAL}}}"#, NUMBER_MAX + 1),
    ] {
        assert_eq!(event_line(broken.as_bytes()), None, "{broken}");
    }
    // What is cut off at the end is the event's own brace, or something stands after it.
    for broken in [
        format!(r#"{{"position":17,"event":{CANONICAL}"#),
        format!(r#"{{"position":17,"event":{CANONICAL},"more":1}}"#),
    ] {
        let (position, event) = event_line(broken.as_bytes()).unwrap();
        assert_eq!(position, 17);
        assert!(envelope(event).is_err(), "{broken} was read");
    }
    assert!(envelope(event_line(line.as_bytes()).unwrap().1).is_ok());
}
