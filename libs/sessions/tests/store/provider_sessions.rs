//! What is kept of a sign-in at an identity provider, and for how long.

use sessions::{NewSignIn, ProviderSession, SignInMethod};

use crate::house::{ALICE, House, hash, lifetimes, minute, new_sign_in, sign_in_id};

fn session() -> ProviderSession {
    ProviderSession {
        provider: "academie".into(),
        sealed: Some(vec![1, 2, 3]),
    }
}

/// Fault S17: it is kept while the sign-in goes on, and not a moment longer, however that ends.
#[test]
fn what_a_provider_gave_is_kept_as_long_as_the_sign_in() {
    let house = House::new();
    let sessions = house.open();
    let federated = |n: u8| NewSignIn {
        method: SignInMethod::Federated,
        ..new_sign_in(n, ALICE)
    };
    let kept = || {
        let count = "SELECT count(*) FROM provider_sessions";
        house
            .sql()
            .query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    for n in 1..=7 {
        sessions.issue(federated(n)).unwrap();
        sessions
            .keep_provider_session(sign_in_id(n.into()), &session())
            .unwrap();
    }
    assert_eq!(kept(), 7);
    sessions
        .rotate(hash(1), hash(11), minute(20), lifetimes())
        .unwrap();
    let found = |n| sessions.provider_session(sign_in_id(n)).unwrap();
    assert_eq!(found(1), Some(session()));

    sessions.revoke(sign_in_id(1)).unwrap();
    assert_eq!((found(1), kept()), (None, 6));
    sessions.revoke_own(ALICE, sign_in_id(2)).unwrap();
    assert_eq!((found(2), kept()), (None, 5));
    sessions.discard(sign_in_id(3)).unwrap();
    assert_eq!((found(3), kept()), (None, 4));
    // A token that was shown twice.
    sessions
        .rotate(hash(4), hash(41), minute(20), lifetimes())
        .unwrap();
    sessions
        .rotate(hash(4), hash(42), minute(20), lifetimes())
        .unwrap_err();
    assert_eq!((found(4), kept()), (None, 3));
    sessions.revoke_others(ALICE, sign_in_id(5)).unwrap();
    assert_eq!((found(6), kept()), (None, 1));
    assert_eq!(found(5), Some(session()));
    sessions.forget_account(ALICE, None).unwrap();
    assert_eq!(kept(), 0);
    // Nothing comes after the end: who was forgotten stays so.
    let late = sessions.keep_provider_session(sign_in_id(5), &session());
    assert!(!late.unwrap());
    assert_eq!(kept(), 0);
}

/// Fault S17: nobody comes back to end a sign-in that ran out.
#[test]
fn what_a_provider_gave_goes_with_a_sign_in_that_ran_out() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    sessions.keep_provider_session(sign_in_id(1), &session()).unwrap();
    sessions.purge(minute(100 + 60)).unwrap();
    assert_eq!(sessions.provider_session(sign_in_id(1)).unwrap(), None);
    let late = sessions.keep_provider_session(sign_in_id(1), &session());
    assert!(!late.unwrap());
}
