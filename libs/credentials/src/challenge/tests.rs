use super::*;

const AT: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
const SUBJECT: &[u8] = b"192.0.2.7|marie";

fn challenges() -> Challenges {
    Challenges::new([7; 32])
}

fn bits(bits: u8) -> Bits {
    Bits::new(bits).unwrap()
}

#[test]
fn a_solved_challenge_is_taken_until_it_expires() {
    let (challenges, easy) = (challenges(), bits(10));
    let challenge = challenges.make(SUBJECT, easy, AT + TimeDelta::milliseconds(900));
    assert_eq!(challenge.expires_at, AT + TimeDelta::seconds(300));
    assert_eq!((challenge.bits, challenge.token.len()), (10, 78));
    let solution = solve(&challenge.token, easy);
    let check = |at| challenges.check(&challenge.token, &solution, SUBJECT, easy, at);
    assert!(check(AT).is_ok());
    assert!(check(AT + TimeDelta::milliseconds(299_999)).is_ok());
    assert_eq!(check(AT + TimeDelta::seconds(300)), Err(ChallengeError::Expired));
}

#[test]
fn two_solutions_of_one_challenge_spend_the_same_and_two_challenges_do_not() {
    let (challenges, easy) = (challenges(), bits(8));
    let spend = |challenge: &Challenge, solution: &str| {
        challenges
            .check(&challenge.token, solution, SUBJECT, easy, AT)
            .unwrap()
    };
    let one = challenges.make(SUBJECT, easy, AT);
    let first = solve(&one.token, easy);
    let second = (first.parse::<u64>().unwrap() + 1..)
        .map(|counter| counter.to_string())
        .find(|solution| leading_zero_bits(&work(&one.token, solution)) >= 8)
        .unwrap();
    assert_eq!(spend(&one, &first), spend(&one, &second));
    let other = challenges.make(SUBJECT, easy, AT);
    assert_ne!(spend(&one, &first), spend(&other, &solve(&other.token, easy)));
}

#[test]
fn a_challenge_of_another_subject_or_another_key_is_not_ours() {
    let (challenges, easy) = (challenges(), bits(8));
    let Challenge { token, .. } = challenges.make(SUBJECT, easy, AT);
    let solution = solve(&token, easy);
    for subject in [b"192.0.2.7|marif".as_slice(), b"192.0.2.7|mari", b""] {
        let refused = challenges.check(&token, &solution, subject, easy, AT);
        assert_eq!(refused, Err(ChallengeError::Forged));
    }
    let refused = Challenges::new([8; 32]).check(&token, &solution, SUBJECT, easy, AT);
    assert_eq!(refused, Err(ChallengeError::Forged));
}

#[test]
fn no_bit_of_a_challenge_can_be_changed() {
    let (challenges, easy) = (challenges(), bits(8));
    let token = URL_SAFE_NO_PAD
        .decode(challenges.make(SUBJECT, easy, AT).token)
        .unwrap();
    for bit in 0..token.len() * 8 {
        let mut changed = token.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = URL_SAFE_NO_PAD.encode(changed);
        let refused = challenges.check(&changed, "0", SUBJECT, easy, AT);
        assert_eq!(refused, Err(ChallengeError::Forged), "bit {bit}");
    }
}

#[test]
fn a_challenge_has_one_writing_only() {
    let (challenges, easy) = (challenges(), bits(8));
    let Challenge { token, .. } = challenges.make(SUBJECT, easy, AT);
    let mut unused_bit = token.clone().into_bytes();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.iter().position(|byte| *byte == unused_bit[77]).unwrap();
    unused_bit[77] = alphabet[last ^ 1];
    let long = "A".repeat(100_000);
    for other in [
        "",
        "A",
        &format!("{token}="),
        &format!("{token}A"),
        &token[..77],
        &String::from_utf8(unused_bit).unwrap(),
        &long,
    ] {
        let refused = challenges.check(other, "0", SUBJECT, easy, AT);
        assert_eq!(refused, Err(ChallengeError::Forged));
    }
}

#[test]
fn a_wrong_solution_is_refused_and_so_is_one_of_another_shape() {
    let (challenges, hard) = (challenges(), bits(28));
    let Challenge { token, .. } = challenges.make(SUBJECT, hard, AT);
    let check = |solution: &str| challenges.check(&token, solution, SUBJECT, hard, AT);
    assert_eq!(check("0"), Err(ChallengeError::Wrong));
    assert_eq!(check(&"9".repeat(32)), Err(ChallengeError::Wrong));
    for shape in ["", "1 2", "1\n", "é", &"9".repeat(33)] {
        assert_eq!(check(shape), Err(ChallengeError::Shape), "{shape:?}");
    }
}

#[test]
fn an_easy_challenge_does_not_serve_where_a_hard_one_is_asked_for() {
    let challenges = challenges();
    let Challenge { token, .. } = challenges.make(SUBJECT, bits(8), AT);
    let solution = solve(&token, bits(12));
    let refused = challenges.check(&token, &solution, SUBJECT, bits(9), AT);
    assert_eq!(refused, Err(ChallengeError::TooEasy));
    assert!(challenges.check(&token, &solution, SUBJECT, bits(8), AT).is_ok());
}

#[test]
fn a_difficulty_has_its_limits() {
    for outside in [0, BITS_MIN - 1, BITS_MAX + 1, u8::MAX] {
        assert_eq!(Bits::new(outside), Err(BitsError(outside)));
    }
    assert_eq!(Bits::new(BITS_MIN).unwrap().get(), 8);
    assert_eq!(Bits::new(BITS_MAX).unwrap().get(), 28);
}

#[test]
fn zero_bits_are_counted_across_bytes() {
    let with = |first: [u8; 4]| {
        let mut hash = [0xff; 32];
        hash[..4].copy_from_slice(&first);
        leading_zero_bits(&hash)
    };
    assert_eq!(with([0x80, 0, 0, 0]), 0);
    assert_eq!(with([0x01, 0, 0, 0]), 7);
    assert_eq!(with([0, 0x80, 0, 0]), 8);
    assert_eq!(with([0, 0, 0x10, 0]), 19);
    assert_eq!(leading_zero_bits(&[0; 32]), 256);
}

#[test]
fn debug_prints_nothing_of_the_key() {
    assert_eq!(format!("{:?}", challenges()), "Challenges { .. }");
}
