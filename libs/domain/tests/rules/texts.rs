//! Every text of a command: filled in means that something can be seen, one line that nothing breaks it.

use domain::{
    account::{
        AccountKind,
        change::Change,
        profile::{ProfileEdit, address_faults, name_faults, username_faults},
    },
    fault::FaultCode::{self, Format, Required},
    text_field,
    ticket::{Action, Decision, Edit, Open, Rejection, TicketEvent, Visibility, text},
};
use serde_json::json;

use crate::given::{
    SUP, a_question, agent, approval, at, faults, follow, given, person, question, requester, start,
    text as words,
};

/// White space, what is ignored when displayed, format characters, direction controls, blank symbols.
const INVISIBLE: [&str; 20] = [
    " ",
    "\u{a0}",
    "\u{ad}",
    "\u{34f}",
    "\u{61c}",
    "\u{115f}",
    "\u{1160}",
    "\u{180e}",
    "\u{200b}",
    "\u{200d}",
    "\u{200f}",
    "\u{202e}",
    "\u{2060}\u{2064}",
    "\u{2066}\u{2069}",
    "\u{2800}",
    "\u{3164}",
    "\u{fe0f}",
    "\u{feff}",
    "\u{ffa0}",
    "\u{e0020}",
];
const VISIBLE: [&str; 5] = [
    "a\u{200b}b",
    "👩\u{200d}💻",
    "❤\u{fe0f}",
    "\u{200f}שלום\u{200e}",
    "می\u{200c}خواهم",
];

type Asked = Result<Vec<TicketEvent>, Rejection>;

/// Asks something that holds a text.
type WithText<T> = fn(&str) -> T;

fn open(summary: &str, description: &str) -> Asked {
    let context = domain::ticket::Context {
        viewer: &requester(),
        desk: &SUP,
        at: start(),
    };
    let new = Open {
        summary: summary.to_owned(),
        description: description.to_owned(),
        ..question(&requester())
    };
    domain::ticket::open::open(&context, new)
}

fn edit(edit: Edit) -> Asked {
    a_question().asked(&agent(), Action::Edit(Box::new(edit)))
}

fn nothing() -> Edit {
    Edit::nothing(person(902))
}

/// Each text of a ticket, by its place.
const OF_TICKETS: [(&str, WithText<Asked>); 9] = [
    ("/summary", |text| open(text, "d")),
    ("/description", |text| open("s", text)),
    ("/summary", |text| {
        edit(Edit {
            summary: Some(text.to_owned()),
            ..nothing()
        })
    }),
    ("/description", |text| {
        edit(Edit {
            description: Some(text.to_owned()),
            ..nothing()
        })
    }),
    ("/body", |text| {
        let comment = Action::Comment {
            text: words(1, text),
            visibility: Visibility::Public,
        };
        a_question().asked(&requester(), comment)
    }),
    ("/comment", |text| {
        a_question().asked(
            &agent(),
            follow("wait_for_customer", Some(words(1, text)), json!({})),
        )
    }),
    ("/proposal", |text| {
        let mut ticket = a_question();
        ticket.when(&agent(), follow("take", None, json!({}))).unwrap();
        let proposal = Action::RequestApproval {
            id: approval(1),
            proposal: text.to_owned(),
            comment: None,
        };
        ticket.asked(&agent(), proposal)
    }),
    ("/comment", |text| {
        let mut ticket = a_question();
        ticket.when(&agent(), follow("take", None, json!({}))).unwrap();
        let proposal = Action::RequestApproval {
            id: approval(1),
            proposal: "Oui ?".to_owned(),
            comment: None,
        };
        ticket.when(&agent(), proposal).unwrap();
        let decided = Action::DecideApproval {
            id: approval(1),
            decision: Decision::Refuse,
            comment: Some(words(1, text)),
        };
        ticket.asked(&requester(), decided)
    }),
    ("/reason", |text| {
        let mut ticket = given(&SUP, &requester(), question(&requester()));
        ticket.when(&agent(), follow("close", None, json!({}))).unwrap();
        ticket.asked(
            &requester(),
            Action::Reopen {
                reason: words(1, text),
            },
        )
    }),
];

/// Fault B6: a text that nobody can see passed as filled in.
#[test]
fn no_text_of_a_ticket_is_filled_in_by_what_cannot_be_seen() {
    for (pointer, ask) in OF_TICKETS {
        for text in INVISIBLE {
            assert_eq!(faults(ask(text)), [at(pointer, Required)], "{pointer} {text:?}");
        }
        for text in VISIBLE {
            assert!(ask(text).is_ok(), "{pointer} {text:?}");
        }
    }
}

/// Fault B7: LINE SEPARATOR and PARAGRAPH SEPARATOR break lines as line feed does.
#[test]
fn a_summary_is_broken_by_no_kind_of_line_break() {
    for text in [
        "a\nb",
        "a\rb",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
        "a\u{b}b",
        "a\u{c}b",
    ] {
        assert_eq!(faults(open(text, "d")), [at("/summary", Format)], "{text:?}");
        let edited = edit(Edit {
            summary: Some(text.to_owned()),
            ..nothing()
        });
        assert_eq!(faults(edited), [at("/summary", Format)], "{text:?}");
    }
    for text in ["a\u{2028}b", "a\nb\tc"] {
        assert!(open("s", text).is_ok(), "a description has lines: {text:?}");
    }
    assert_eq!(text::summary_faults("/summary", "a \u{2067}אבי\u{2069} b"), []);
    for text in ["a\u{202e}b", "a\u{2066}b"] {
        assert_eq!(
            codes(text::summary_faults("/summary", text)),
            [Format],
            "{text:?}"
        );
    }
}

fn codes(faults: Vec<domain::Fault>) -> Vec<FaultCode> {
    faults.into_iter().map(|fault| fault.code()).collect()
}

type Judge<'a> = &'a dyn Fn(&str) -> Vec<domain::Fault>;

/// Faults B6 and B7: names of people and organizations, user names, labels of keys, references of contracts.
#[test]
fn a_name_can_be_seen_stands_on_one_line_and_turns_nothing_round() {
    let profile = |name: &str| {
        let edit = ProfileEdit {
            name: Some(name.to_owned()),
            ..ProfileEdit::default()
        };
        let account = crate::holders::somebody([], &[]);
        edit.decide(&account, true).err().unwrap_or_default()
    };
    let names: [(&str, Judge<'_>); 4] = [
        ("name", &|text| name_faults("/name", text)),
        ("user name", &|text| username_faults("/username", text)),
        ("label", &|text| text_field::name_faults("/label", text, 100)),
        ("profile", &profile),
    ];
    for (what, judge) in names {
        for text in INVISIBLE {
            assert_eq!(codes(judge(text)), [Required], "{what} {text:?}");
        }
        for text in [
            "a\u{2028}b",
            "a\u{2029}b",
            "a\nb",
            "a\u{202a}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2069}b",
        ] {
            assert_eq!(codes(judge(text)), [Format], "{what} {text:?}");
        }
    }
    for text in VISIBLE {
        assert_eq!(name_faults("/name", text), [], "{text:?}");
    }
}

/// Faults B6 and B7: why an account is disabled, and how an organization is called.
#[test]
fn reasons_and_names_of_what_is_administered_are_judged_alike() {
    let disable = |reason: &str| {
        let change = Change::Disable {
            reason: reason.to_owned(),
        };
        domain::account::change::decide(
            &crate::holders::root(),
            &crate::holders::somebody([], &[]),
            change,
            start(),
        )
    };
    for text in INVISIBLE {
        let Err(domain::account::change::Refusal::Invalid(told)) = disable(text) else {
            panic!("{text:?}")
        };
        assert_eq!(codes(told), [Required], "{text:?}");
    }
    assert!(disable("Parti.\nRevient en mai.").is_ok());
    let Err(domain::account::change::Refusal::Invalid(told)) = disable("a\u{7}") else {
        panic!("it was taken")
    };
    assert_eq!(codes(told), [Format]);
}

/// Fault B6: an address with something in it that nobody can see is another one than it looks.
#[test]
fn an_address_holds_only_what_can_be_seen() {
    for address in [
        "ri\u{200b}ta@commune-a.example",
        "rita\u{2060}@commune-a.example",
        "rita\u{202e}@commune-a.example",
        "rita\u{ad}@commune-a.example",
    ] {
        assert_eq!(
            codes(address_faults("/address", address, AccountKind::Person)),
            [Format],
            "{address:?}"
        );
    }
    assert_eq!(
        address_faults("/address", "zoé@commune-a.example", AccountKind::Person),
        []
    );
}
