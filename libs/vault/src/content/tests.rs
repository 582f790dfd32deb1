//! The stream cipher of attachments: against the fixture, and against whoever changes, cuts or reorders it.

use sha2::{Digest as _, Sha256};

use super::*;

const KEY: [u8; 32] = [9; 32];

fn text_of(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| ((7 * i + i / 251) % 256) as u8).collect()
}

fn key() -> ValueKey {
    ValueKey::from_bytes(KEY)
}

fn encrypt(encryptor: Encryptor, plain: &[u8], piece_bytes: usize) -> Vec<u8> {
    let mut encryptor = encryptor;
    let mut sealed = Vec::new();
    for piece in plain.chunks(piece_bytes) {
        sealed.extend(encryptor.push(piece));
    }
    sealed.extend(encryptor.finish());
    sealed
}

fn decrypt(sealed: &[u8], piece_bytes: usize) -> Result<Vec<u8>, ContentError> {
    let mut decryptor = Decryptor::new(key());
    let mut plain = Vec::new();
    for piece in sealed.chunks(piece_bytes) {
        plain.extend(decryptor.push(piece)?);
    }
    plain.extend(decryptor.finish()?);
    Ok(plain)
}

fn bytes_32(hex: &serde_json::Value) -> [u8; 32] {
    let hex = hex.as_str().unwrap();
    let byte = |index: usize| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap();
    std::array::from_fn(byte)
}

#[test]
fn ciphertexts_are_those_of_the_other_implementation() {
    let fixture = include_str!("../../tests/fixtures/content-v1.json");
    let fixture: serde_json::Value = serde_json::from_str(fixture).unwrap();
    let key = ValueKey::from_bytes(bytes_32(&fixture["value_key"]));
    let expected = fixture["ciphertexts"].as_array().unwrap();
    assert_eq!(expected.len(), 7);
    for entry in expected {
        let bytes = entry["plaintext_bytes"].as_u64().unwrap();
        let encryptor = Encryptor::with_salt(&key, bytes_32(&fixture["salt"]));
        let sealed = encrypt(encryptor, &text_of(bytes as usize), 10_000);
        assert_eq!(sealed.len() as u64, entry["bytes"].as_u64().unwrap(), "{bytes}");
        assert_eq!(sealed_bytes(bytes), sealed.len() as u64);
        assert_eq!(
            <[u8; 32]>::from(Sha256::digest(&sealed)),
            bytes_32(&entry["sha256"]),
            "{bytes}"
        );
    }
}

#[test]
fn any_length_in_any_pieces_comes_back() {
    let lengths = [
        0,
        1,
        SEGMENT_BYTES - 1,
        SEGMENT_BYTES,
        SEGMENT_BYTES + 1,
        3 * SEGMENT_BYTES,
        200_000,
    ];
    for length in lengths {
        let plain = text_of(length);
        for piece_bytes in [997, SEGMENT_BYTES, 1_000_000] {
            let sealed = encrypt(Encryptor::new(key()), &plain, piece_bytes);
            assert_eq!(
                decrypt(&sealed, piece_bytes),
                Ok(plain.clone()),
                "{length} in {piece_bytes}"
            );
            assert_eq!(
                decrypt(&sealed, 65_521),
                Ok(plain.clone()),
                "{length} in {piece_bytes}"
            );
        }
    }
    let short = encrypt(Encryptor::new(key()), b"Bonjour", 1);
    assert_eq!(decrypt(&short, 1), Ok(b"Bonjour".to_vec()));
}

#[test]
fn the_same_file_uploaded_twice_under_one_key_shares_no_bytes_but_the_first_nine() {
    let plain = text_of(100);
    let one = encrypt(Encryptor::new(key()), &plain, 100);
    let two = encrypt(Encryptor::new(key()), &plain, 100);
    assert_eq!(one[..9], two[..9]);
    assert!(
        !one[9..]
            .windows(8)
            .any(|window| two.windows(8).any(|other| window == other))
    );
}

#[test]
fn every_cut_is_noticed_even_between_two_segments() {
    let sealed = encrypt(Encryptor::new(key()), &text_of(2 * SEGMENT_BYTES + 10), 1_000_000);
    let segment = SEALED_SEGMENT_BYTES;
    for length in [0, 1, HEADER_BYTES - 1] {
        assert_eq!(
            decrypt(&sealed[..length], 1_000),
            Err(ContentError::CutOff),
            "{length}"
        );
    }
    let cuts = [
        (HEADER_BYTES, 0),
        (HEADER_BYTES + 1, 0),
        (HEADER_BYTES + segment - 1, 0),
        (HEADER_BYTES + segment, 0),
        (HEADER_BYTES + segment + 1, 1),
        (HEADER_BYTES + 2 * segment, 1),
        (sealed.len() - 1, 2),
    ];
    for (length, segment) in cuts {
        assert_eq!(
            decrypt(&sealed[..length], 70_000),
            Err(ContentError::Refused { segment }),
            "{length}"
        );
    }
}

#[test]
fn a_changed_byte_is_refused_in_its_segment() {
    let sealed = encrypt(Encryptor::new(key()), &text_of(SEGMENT_BYTES + 100), 1_000_000);
    let last = HEADER_BYTES + SEALED_SEGMENT_BYTES;
    for at in (9..sealed.len()).step_by(4_999).chain(last..sealed.len()) {
        let mut tampered = sealed.clone();
        tampered[at] ^= 1;
        let segment = u64::from(at >= last);
        assert_eq!(
            decrypt(&tampered, 70_000),
            Err(ContentError::Refused { segment }),
            "{at}"
        );
    }
}

#[test]
fn segments_moved_repeated_left_out_or_added_are_refused() {
    let sealed = encrypt(Encryptor::new(key()), &text_of(3 * SEGMENT_BYTES), 1_000_000);
    let (header, segments) = sealed.split_at(HEADER_BYTES);
    let segments: Vec<&[u8]> = segments.chunks(SEALED_SEGMENT_BYTES).collect();
    let [one, two, three] = segments[..] else {
        panic!("three segments were written")
    };
    let arranged = |list: &[&[u8]]| decrypt(&[&[header], list].concat().concat(), 50_000);
    assert!(arranged(&[one, two, three]).is_ok());
    assert_eq!(
        arranged(&[two, one, three]),
        Err(ContentError::Refused { segment: 0 })
    );
    assert_eq!(
        arranged(&[one, one, three]),
        Err(ContentError::Refused { segment: 1 })
    );
    assert_eq!(arranged(&[one, three]), Err(ContentError::Refused { segment: 1 }));
    assert_eq!(
        arranged(&[one, two, three, three]),
        Err(ContentError::Refused { segment: 2 })
    );
    assert_eq!(
        arranged(&[one, two, three, b"x"]),
        Err(ContentError::Refused { segment: 2 })
    );
}

#[test]
fn a_segment_of_another_upload_under_the_same_key_is_refused() {
    let plain = text_of(2 * SEGMENT_BYTES);
    let mut one = encrypt(Encryptor::new(key()), &plain, 1_000_000);
    let two = encrypt(Encryptor::new(key()), &plain, 1_000_000);
    one.truncate(HEADER_BYTES + SEALED_SEGMENT_BYTES);
    one.extend_from_slice(&two[HEADER_BYTES + SEALED_SEGMENT_BYTES..]);
    assert_eq!(
        decrypt(&one, 1_000_000),
        Err(ContentError::Refused { segment: 1 })
    );
}

#[test]
fn another_key_another_program_and_another_version_are_told_apart() {
    let sealed = encrypt(Encryptor::new(ValueKey::from_bytes([8; 32])), b"Bonjour", 10);
    assert_eq!(decrypt(&sealed, 10), Err(ContentError::Refused { segment: 0 }));
    let mut later = sealed.clone();
    later[8] = 2;
    assert_eq!(decrypt(&later, 10), Err(ContentError::UnknownVersion(2)));
    assert_eq!(decrypt(&text_of(100), 10), Err(ContentError::NotContent));
}

#[test]
fn after_an_error_nothing_more_is_given_out() {
    let mut sealed = encrypt(Encryptor::new(key()), &text_of(2 * SEGMENT_BYTES), 1_000_000);
    sealed[HEADER_BYTES] ^= 1;
    let mut decryptor = Decryptor::new(key());
    let refused = ContentError::Refused { segment: 0 };
    assert_eq!(decryptor.push(&sealed), Err(refused));
    assert_eq!(decryptor.push(&sealed), Err(refused));
    assert_eq!(decryptor.finish(), Err(refused));
}
