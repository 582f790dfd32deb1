//! Nobody learns who has an account: a wrong name and a wrong password are answered alike. How long either takes is measured
//! by `make sign-in-timing`.

use std::collections::BTreeSet;

use guichet_tests::{people::attempt, people::quick};

#[test]
fn a_wrong_name_and_a_wrong_password_are_answered_with_the_same_bytes() {
    let server = quick()
        .with("GUICHET_CHALLENGE_AFTER", "1000000")
        .with("GUICHET_LOCK_AFTER", "1000000")
        .start();
    let mut answers = BTreeSet::new();
    for _ in 0..20 {
        for username in ["requester-1", "nobody-of-that-name", "", "Requester-1 "] {
            let answer = attempt(&server, username, "not it");
            let _ = answer.refused(401, "wrong-credentials");
            let own = answer.header("x-request-id");
            let headers: BTreeSet<String> = answer
                .headers
                .iter()
                .filter(|(name, _)| *name != "date")
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap().replace(own, "…")))
                .collect();
            answers.insert((headers, answer.text().replace(own, "…")));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}
