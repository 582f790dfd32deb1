//! Sign-ins, begun and listed.

use sessions::{
    ADDRESS_BYTES_MAX, IssueError, NewSignIn, RotateError, SignIn, SignInMethod, USER_AGENT_HINT_BYTES_MAX,
};

use crate::house::{ALICE, BOB, House, hash, ids, lifetimes, minute, new_sign_in, sign_in_id};

#[test]
fn a_sign_in_is_given_back_and_listed_to_its_account_alone_the_newest_first() {
    let sessions = House::new();
    let sessions = sessions.open();
    let first = sessions.issue(new_sign_in(1, ALICE)).unwrap();
    assert_eq!(
        first,
        SignIn {
            id: sign_in_id(1),
            account: ALICE,
            at: minute(1),
            last_used_at: minute(1),
            expires_at: minute(100),
            method: SignInMethod::Password,
            stays: true,
            user_agent_hint: Some("Firefox 1".into()),
            address: Some("192.0.2.1".into()),
        }
    );
    let second = sessions
        .issue(NewSignIn {
            method: SignInMethod::Federated,
            stays: false,
            user_agent_hint: None,
            address: None,
            ..new_sign_in(2, ALICE)
        })
        .unwrap();
    sessions.issue(new_sign_in(3, BOB)).unwrap();
    assert_eq!(sessions.sign_ins(ALICE, minute(50)).unwrap(), [second, first]);
    assert_eq!(ids(&sessions.sign_ins(BOB, minute(99)).unwrap()), [sign_in_id(3)]);
    assert_eq!(sessions.sign_ins(BOB, minute(100)).unwrap(), [], "over");
}

#[test]
fn a_long_user_agent_is_cut_off_between_two_characters() {
    let house = House::new();
    let hint = "é".repeat(USER_AGENT_HINT_BYTES_MAX);
    let new = NewSignIn {
        user_agent_hint: Some(format!("x{hint}")),
        ..new_sign_in(1, ALICE)
    };
    let kept = house.open().issue(new).unwrap().user_agent_hint.unwrap();
    assert_eq!(kept, format!("x{}", &hint[..USER_AGENT_HINT_BYTES_MAX - 2]));
    assert_eq!(kept.len(), USER_AGENT_HINT_BYTES_MAX - 1);
}

#[test]
fn neither_an_id_nor_a_token_is_given_twice_and_a_refused_sign_in_leaves_nothing() {
    let house = House::new();
    let sessions = house.open();
    sessions.issue(new_sign_in(1, ALICE)).unwrap();
    let same_id = NewSignIn {
        refresh_hash: hash(2),
        ..new_sign_in(1, BOB)
    };
    assert!(matches!(sessions.issue(same_id), Err(IssueError::Taken(_))));
    let same_token = NewSignIn {
        refresh_hash: hash(1),
        ..new_sign_in(2, BOB)
    };
    assert!(matches!(sessions.issue(same_token), Err(IssueError::Taken(_))));
    assert_eq!(sessions.sign_ins(BOB, minute(5)).unwrap(), []);
    assert!(matches!(
        sessions.rotate(hash(2), hash(3), minute(5), lifetimes()),
        Err(RotateError::Unknown)
    ));
}

#[test]
fn what_is_too_long_for_an_address_is_refused_and_the_longest_address_is_kept() {
    let house = House::new();
    let sessions = house.open();
    let longest = "ABCD:EF01:2345:6789:ABCD:EF01:192.168.158.190";
    assert_eq!(longest.len(), ADDRESS_BYTES_MAX);
    let with = |n, address: String| NewSignIn {
        address: Some(address),
        ..new_sign_in(n, ALICE)
    };
    sessions.issue(with(1, longest.into())).unwrap();
    let refused = sessions.issue(with(2, format!("{longest}0")));
    assert!(matches!(refused, Err(IssueError::AddressTooLong(bytes)) if bytes == ADDRESS_BYTES_MAX + 1));
    let kept = sessions.sign_ins(ALICE, minute(5)).unwrap();
    assert_eq!(ids(&kept), [sign_in_id(1)]);
    assert_eq!(kept[0].address.as_deref(), Some(longest));
}

#[test]
fn the_name_of_a_method_is_read_as_that_method_and_no_other_name_is() {
    let names = [
        (SignInMethod::Password, "password"),
        (SignInMethod::PasswordAndCode, "password_and_code"),
        (SignInMethod::Federated, "federated"),
    ];
    for (method, name) in names {
        assert_eq!(method.as_str(), name);
        assert_eq!(name.parse(), Ok(method));
    }
    let error = "Password".parse::<SignInMethod>().unwrap_err();
    assert_eq!(error.to_string(), "\"Password\" is no way to sign in");
}
