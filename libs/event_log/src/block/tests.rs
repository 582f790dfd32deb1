//! What a block holds, and what is refused.

use super::*;

fn two_events() -> Bytes {
    let mut builder = BlockBuilder::new(7);
    builder.push(
        &[b"one", b"-", b"1"],
        Links {
            stream: 0,
            category: 3,
        },
        40,
    );
    builder.push(
        &[b"two"],
        Links {
            stream: 7,
            category: 7,
        },
        50,
    );
    builder.finish().remove(0).record().clone()
}

#[test]
fn a_block_gives_back_what_was_put_in() {
    let block = Block::decode(7, two_events()).unwrap();
    assert_eq!(
        (block.first(), block.last(), block.group_first()),
        (Position(7), Position(8), Position(7))
    );
    assert_eq!(block.event(Position(7)).unwrap(), "one-1");
    assert_eq!(block.event(Position(8)).unwrap(), "two");
    assert_eq!(block.event(Position(9)), None);
    assert_eq!(block.event(Position(6)), None);
    assert_eq!(block.previous_in_category(Position(7)), Some(Position(3)));
    assert_eq!(block.previous_in_stream(Position(8)), Some(Position(7)));
    assert_eq!(block.running_max_micros(), 50);
    assert!(block.is_last_of_group());
}

#[test]
fn a_block_with_any_bit_turned_is_refused() {
    let record = two_events();
    for bit in 0..record.len() * 8 {
        let mut damaged = record.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Block::decode(7, damaged.into()).is_err(), "bit {bit}");
    }
}

#[test]
fn a_block_cut_anywhere_is_refused() {
    let record = two_events();
    for bytes in 0..record.len() {
        assert!(Block::decode(7, record.slice(..bytes)).is_err(), "{bytes} bytes");
    }
}

#[test]
fn a_block_under_another_key_is_refused() {
    assert_eq!(
        Block::decode(8, two_events()).unwrap_err(),
        BlockFault::WrongKey { first: 7 }
    );
}

#[test]
fn a_table_that_lies_is_refused_even_with_a_good_checksum() {
    for (offset, value) in [(32, 3_u32), (32, 0), (32, u32::MAX), (40, 0), (40, 900), (60, 7)] {
        let mut record = two_events().to_vec();
        record[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        let checksum = crc32c::crc32c(&record[CHECKED_FROM..]);
        record[4..8].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(
            Block::decode(7, record.into()).unwrap_err(),
            BlockFault::Table,
            "{offset} {value}"
        );
    }
}

#[test]
fn no_record_is_larger_than_its_limit_and_only_the_last_is_marked() {
    let mut builder = BlockBuilder::new(1);
    let event = vec![b'x'; 10_000];
    for _ in 0..20 {
        builder.push(
            &[&event],
            Links {
                stream: 0,
                category: 0,
            },
            0,
        );
    }
    builder.push(
        &[&vec![b'y'; EVENT_BYTES_MAX]],
        Links {
            stream: 0,
            category: 0,
        },
        0,
    );
    let records = builder.finish();
    let mut next = 1;
    for (index, built) in records.iter().enumerate() {
        let record = built.record();
        assert!(record.len() <= RECORD_BYTES_MAX);
        let block = Block::decode(next, record.clone()).unwrap();
        assert_eq!(block.is_last_of_group(), index + 1 == records.len());
        assert_eq!(block.group_first(), Position(1));
        next = block.last().0 + 1;
    }
    assert_eq!(next, 22);
    assert_eq!(records.last().unwrap().record().len(), RECORD_BYTES_MAX);
}
