//! Sealing segments, and reading them.

use std::io::Read;
use std::path::Path;

use event_log::archive::{
    SEGMENT_EVENT_BYTES, SEGMENT_EVENTS, SealError, Segment, SegmentError, parse_segment_name, segment_name,
};
use event_log::{Expected, Position};

use crate::drafts::*;

fn lines(sealed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    zstd::Decoder::new(sealed)
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    content
}

fn reseal(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

#[tokio::test]
async fn a_segment_is_what_its_form_says_and_nothing_else_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..3).await;
    let events = log.read(Position(0), 3).unwrap();
    let sealed = log.segment(Position(2), Position(3)).unwrap();
    let content = String::from_utf8(lines(&sealed)).unwrap();
    let hex = |digest: [u8; 32]| {
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let text = |at: usize| std::str::from_utf8(&events[at].bytes).unwrap();
    let before_end = format!(
        "{{\"guichet_segment\":1,\"epoch\":0,\"first\":2,\"last\":3,\"before\":\"{}\"}}\n\
         {{\"position\":2,\"event\":{}}}\n{{\"position\":3,\"event\":{}}}\n",
        hex(events[0].digest()),
        text(1),
        text(2)
    );
    let (wanted, end) = content.split_at(before_end.len());
    assert_eq!(wanted, before_end);
    assert_eq!(end, end_line(3, wanted));
    // The frame carries a checksum: bit 2 of its descriptor (RFC 8878, 3.1.1.1.1).
    assert_eq!((&sealed[..4], sealed[4] & 4), (&[0x28, 0xb5, 0x2f, 0xfd][..], 4));
    let segment = Segment::open(&sealed).unwrap();
    assert_eq!(
        (
            segment.epoch,
            segment.first,
            segment.last,
            segment.before,
            segment.digest_at_end()
        ),
        (
            0,
            Position(2),
            Position(3),
            events[0].digest(),
            events[2].digest()
        )
    );
    let read: Vec<_> = segment
        .events
        .iter()
        .map(|event| (event.position, &*event.bytes))
        .collect();
    assert_eq!(
        read,
        [(Position(2), &*events[1].bytes), (Position(3), &*events[2].bytes)]
    );
}

/// The segment of the second and third event of a log, its content, and that without the last line.
async fn segment_of_two() -> (Vec<u8>, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    fill(&log, 0..3).await;
    let sealed = log.segment(Position(2), Position(3)).unwrap();
    let content = String::from_utf8(lines(&sealed)).unwrap();
    let before_end = content[..content.find("{\"end\"").unwrap()].to_owned();
    (sealed, content, before_end)
}

fn opened(content: &str) -> SegmentError {
    Segment::open(&reseal(content.as_bytes())).unwrap_err()
}

#[tokio::test]
async fn lines_that_lie_are_found_even_with_a_good_digest() {
    let (_, _, before_end) = segment_of_two().await;
    let wrong = |from: &str, to: &str| {
        let changed = before_end.replacen(from, to, 1);
        assert_ne!(changed, before_end);
        // With the digest of the changed lines, so that it is the change itself that is found.
        opened(&(changed.clone() + &end_line(3, &changed)))
    };
    assert!(matches!(
        wrong("\"position\":3", "\"position\":4"),
        SegmentError::Event {
            position: Position(3)
        }
    ));
    assert!(matches!(
        wrong("{\"position\":3", " {\"position\":3"),
        SegmentError::Event {
            position: Position(3)
        }
    ));
    assert!(matches!(
        wrong("\"last\":3", "\"last\":4"),
        SegmentError::Event {
            position: Position(4)
        }
    ));
    assert!(matches!(
        wrong("\"last\":3", "\"last\":2"),
        SegmentError::End { last: Position(2) }
    ));
    assert!(matches!(wrong("\"last\":3", "\"last\":1"), SegmentError::Header));
    assert!(matches!(
        wrong("\"epoch\":0", "\"epoch\": 0"),
        SegmentError::Header
    ));
    assert!(matches!(
        wrong("segment\":1", "segment\":2"),
        SegmentError::UnknownFormat { format: 2 }
    ));
}

#[tokio::test]
async fn a_segment_that_is_cut_or_changed_or_too_long_is_refused() {
    let (sealed, content, before_end) = segment_of_two().await;
    assert!(matches!(
        opened(&before_end),
        SegmentError::End { last: Position(3) }
    ));
    assert!(matches!(
        opened(&(content.clone() + "\n")),
        SegmentError::End { last: Position(3) }
    ));
    assert!(matches!(
        opened(&content.replacen("note-taken", "note-faked", 1)),
        SegmentError::End { .. }
    ));
    assert!(matches!(
        opened(&content[..content.len() - 1]),
        SegmentError::End { .. }
    ));
    assert!(matches!(opened("no segment\n"), SegmentError::Header));
    assert!(matches!(
        Segment::open(b"no frame").unwrap_err(),
        SegmentError::Frame(_)
    ));
    assert!(matches!(
        Segment::open(&sealed[..sealed.len() - 2]).unwrap_err(),
        SegmentError::Frame(_)
    ));
    let bomb = reseal(&vec![b' '; 65 << 20]);
    assert!(matches!(
        Segment::open(&bomb).unwrap_err(),
        SegmentError::TooLarge { .. }
    ));
}

#[test]
fn an_old_segment_is_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let sealed = std::fs::read(fixtures.join("segment-v1.guichet.zst")).unwrap();
    let segment = Segment::open(&sealed).unwrap();
    assert_eq!(
        (segment.epoch, segment.first, segment.last, segment.before),
        (2, Position(1), Position(1), [0; 32])
    );
    assert_eq!(
        segment.events[0].bytes,
        std::fs::read(fixtures.join("event-v1.json")).unwrap()
    );
}

fn end_line(last: u64, lines: &str) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(lines);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{\"end\":{last},\"sha256\":\"{digest}\"}}\n")
}

#[tokio::test]
async fn ranges_outside_the_log_are_refused() {
    let dir = log_of(3).await;
    let log = open(dir.path());
    for (first, last) in [(0, 3), (1, 4), (3, 2), (4, 4)] {
        let refused = log.segment(Position(first), Position(last)).unwrap_err();
        assert!(
            matches!(
                refused,
                SealError::Range {
                    head: Position(3),
                    ..
                }
            ),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_next_segment_follows_from_what_is_archived() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    assert_eq!(log.next_segment(Position(0)).unwrap(), None);
    // As many small events as a segment holds, and one more.
    for number in 0..=SEGMENT_EVENTS / 1000 {
        let events = (0..1000).map(|event| draft(number * 1000 + event, "1")).collect();
        drop(log.append(commit(number, vec![to("a", Expected::Any, events)])));
    }
    log.settled().await.unwrap();
    let bytes = |first: u64, last: u64| -> u64 {
        let events = log.read_stored(
            Position(first - 1),
            usize::try_from(last + 1 - first).unwrap(),
            usize::MAX,
        );
        events.unwrap().iter().map(|event| event.bytes.len() as u64).sum()
    };
    let (first, last) = log.next_segment(Position(0)).unwrap().unwrap();
    assert_eq!(first, Position(1));
    assert!(last.0 < SEGMENT_EVENTS && bytes(1, last.0) >= SEGMENT_EVENT_BYTES);
    assert!(bytes(1, last.0 - 1) < SEGMENT_EVENT_BYTES);
    assert_eq!(log.next_segment(last).unwrap(), None);
    assert_eq!(log.next_segment(log.head()).unwrap(), None);
    let segment = Segment::open(&log.segment(first, last).unwrap()).unwrap();
    assert_eq!(segment.events.len() as u64, last.0);
}

#[test]
fn names_sort_as_positions_do_and_only_names_are_names() {
    let names = [(1, 9), (10, 99_999), (100_000, u64::MAX)]
        .map(|(first, last)| segment_name(Position(first), Position(last)));
    assert_eq!(names[0], "00000000000000000001-00000000000000000009.guichet.zst");
    assert!(names.is_sorted());
    assert_eq!(
        parse_segment_name(&names[1]),
        Some((Position(10), Position(99_999)))
    );
    assert_eq!(
        parse_segment_name(&names[2]),
        Some((Position(100_000), Position(u64::MAX)))
    );
    for other in [
        "1-9.guichet.zst",
        "00000000000000000000-00000000000000000009.guichet.zst",
        "00000000000000000009-00000000000000000001.guichet.zst",
        "+0000000000000000001-00000000000000000009.guichet.zst",
        "00000000000000000001-00000000000000000009.guichet.zst.tmp",
        "99999999999999999998-99999999999999999999.guichet.zst",
    ] {
        assert_eq!(parse_segment_name(other), None, "{other}");
    }
}
