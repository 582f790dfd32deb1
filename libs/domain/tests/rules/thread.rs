//! Comments, notes, files, sharing, assigning, reopening; and what a full ticket still allows.

use std::collections::BTreeSet;

use domain::{
    AttachmentId, Detail, Personal,
    fault::FaultCode::{Forbidden, Format, Length, Required},
    policy::{Role, Side, Viewer},
    ticket::{
        Action, Rejection, TicketEvent, Visibility,
        command::Attach,
        decide::{ATTACHMENTS_MAX, EVENTS_MAX, EVENTS_RESERVED},
        event::CommentBody,
        open::SHARE_WITH_MAX,
        subject,
        text::TEXT_BYTES_MAX,
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::given::{
    a_question, a_report, account, admin, agent, at, auditor, colleague, faults, follow, kinds, operator,
    organization, organizations, person, plainly, requester, status, stranger, supplier, text, viewer,
};

fn say(visibility: Visibility) -> Action {
    Action::Comment {
        text: text(80, "Bonjour."),
        visibility,
    }
}

fn file(name: &str, size: u64) -> Action {
    Action::Attach(Box::new(Attach {
        id: AttachmentId(Uuid::from_u128(81)),
        subject: person(1),
        name: name.to_owned(),
        size,
        media_type: "image/png".to_owned(),
        content_sha256: "c".repeat(64),
        blob: "b".to_owned(),
        blob_sha256: "d".repeat(64),
    }))
}

fn give(viewer: &Viewer) -> Action {
    Action::Assign {
        assignee: Some(Box::new(viewer.clone())),
    }
}

fn not_permitted<T>(answer: &Result<T, Rejection>) -> bool {
    matches!(answer, Err(Rejection::NotPermitted { .. }))
}

#[test]
fn whoever_follows_a_ticket_comments_on_it_and_only_those_who_treat_it_write_notes() {
    for (viewer, public, internal) in [
        (requester(), true, false),
        (colleague(), true, false),
        (agent(), true, true),
        (supplier(), true, true),
        (admin(), true, true),
        (auditor(), false, false),
        (stranger(), false, false),
    ] {
        for (visibility, allowed) in [(Visibility::Public, public), (Visibility::Internal, internal)] {
            let answer = a_question().asked(&viewer, say(visibility));
            assert_eq!(answer.is_ok(), allowed, "{viewer:?} {visibility:?}");
            assert_eq!(not_permitted(&answer), !allowed, "{viewer:?} {visibility:?}");
        }
    }
}

#[test]
fn an_internal_note_shows_in_nothing_that_the_requester_reads() {
    let mut ticket = a_question();
    ticket.when(&agent(), say(Visibility::Public)).unwrap();
    let before = ticket.document.clone();
    let note = Action::Comment {
        text: text(82, "Client pénible."),
        visibility: Visibility::Internal,
    };
    let events = ticket.when(&agent(), note).unwrap();
    assert!(events[0].is_internal());
    let after = &ticket.document;
    assert_eq!(
        (after.version, after.position),
        (before.version + 1, before.position + 1)
    );
    let rest = domain::ticket::Document {
        version: before.version,
        position: before.position,
        ..after.clone()
    };
    assert_eq!(rest, before);
}

#[test]
fn a_comment_says_which_side_wrote_it_and_whose_words_they_are() {
    for (viewer, side, subject) in [
        (requester(), Side::Requester, 1),
        (colleague(), Side::Requester, 2),
        (agent(), Side::Agent, 1),
        (supplier(), Side::Supplier, 1),
    ] {
        let events = a_question().asked(&viewer, say(Visibility::Public)).unwrap();
        let [TicketEvent::Commented(commented)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(commented.side, side);
        assert_eq!(
            commented.body,
            CommentBody::Words(Personal::new(person(subject), "Bonjour.".to_owned()))
        );
    }
    let report = a_report();
    for viewer in [operator(), supplier()] {
        let context = domain::ticket::Context {
            viewer: &viewer,
            desk: report.desk,
            at: crate::given::start(),
        };
        assert_eq!(subject(&context, &report.state), person(900));
    }
}

#[test]
fn a_comment_is_a_text_of_24_kib_at_most_without_control_characters() {
    let of = |body: String| Action::Comment {
        text: text(83, &body),
        visibility: Visibility::Public,
    };
    assert!(
        a_question()
            .asked(&requester(), of("x".repeat(TEXT_BYTES_MAX)))
            .is_ok()
    );
    let too_long = of("é".repeat(TEXT_BYTES_MAX / 2 + 1));
    assert_eq!(
        faults(a_question().asked(&requester(), too_long)),
        [at("/body", Length)]
    );
    assert_eq!(
        faults(a_question().asked(&requester(), of("a\u{8}".to_owned()))),
        [at("/body", Format)]
    );
    assert_eq!(
        faults(a_question().asked(&requester(), of("\n".to_owned()))),
        [at("/body", Required)]
    );
    assert!(
        a_question()
            .asked(&requester(), of("a\r\n\tb 🙂".to_owned()))
            .is_ok()
    );
}

/// Faults B16 to B18: the name is kept by the one rule of `text::file_name`.
#[test]
fn a_file_keeps_its_name_without_the_directories_it_came_from() {
    for (name, kept) in [
        ("écran.png", "écran.png"),
        ("C:\\Users\\Rita\\écran.png", "écran.png"),
        ("../../etc/écran.png", "écran.png"),
        (" écran.png ", "écran.png"),
        ("a\n.png", "a.png"),
        ("facture\u{202e}fdp.exe", "facturefdp.exe"),
        ("", "file"),
        ("/", "file"),
        ("..", "file"),
        ("a/ ", "file"),
        ("\u{200b}", "file"),
        (&"a".repeat(255), &"a".repeat(255)),
        (
            &format!("{}.pdf", "é".repeat(130)),
            &format!("{}.pdf", "é".repeat(125)),
        ),
    ] {
        let events = a_question().asked(&colleague(), file(name, 10)).unwrap();
        let [TicketEvent::Attached(attached)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            attached.name,
            Personal::new(person(1), kept.to_owned()),
            "{name:?}"
        );
    }
}

#[test]
fn a_file_has_content() {
    assert_eq!(
        faults(a_question().asked(&requester(), file("a.png", 0))),
        [at("/file", Length)]
    );
    assert!(not_permitted(&a_question().asked(&auditor(), file("a.png", 1))));
}

#[test]
fn a_ticket_carries_500_files_and_no_more() {
    let mut ticket = a_question();
    ticket.state.attachments = ATTACHMENTS_MAX - 1;
    ticket.when(&requester(), file("a.png", 1)).unwrap();
    let full = Rejection::Full {
        why: Detail::AttachmentsMax { max: 500 },
    };
    assert_eq!(ticket.asked(&requester(), file("b.png", 1)), Err(full));
}

#[test]
fn a_full_ticket_takes_no_more_words_but_is_still_brought_to_its_end() {
    let mut ticket = a_question();
    ticket.state.events = EVENTS_MAX - 1;
    assert!(ticket.asked(&requester(), say(Visibility::Public)).is_ok());
    ticket.state.events = EVENTS_MAX;
    let full = Err(Rejection::Full {
        why: Detail::EventsMax { max: 20_000 },
    });
    assert_eq!(ticket.asked(&requester(), say(Visibility::Public)), full);
    assert_eq!(
        kinds(&ticket.asked(&agent(), plainly("close")).unwrap()),
        ["transitioned"]
    );
    assert_eq!(
        kinds(&ticket.asked(&agent(), give(&agent())).unwrap()),
        ["transitioned", "assigned"]
    );
    ticket.state.events = EVENTS_MAX + EVENTS_RESERVED;
    let full = Err(Rejection::Full {
        why: Detail::EventsMax { max: 21_000 },
    });
    assert_eq!(ticket.asked(&agent(), plainly("close")), full);
}

#[test]
fn a_ticket_is_given_to_somebody_who_treats_it_or_to_nobody() {
    let mut ticket = a_question();
    ticket.state.status = status("in_progress");
    assert_eq!(
        ticket.when(&agent(), give(&agent())),
        Ok(vec![TicketEvent::Assigned {
            side: Side::Agent,
            assignee: Some(account(10))
        }])
    );
    assert_eq!(ticket.asked(&admin(), give(&agent())), Ok(Vec::new()));
    assert_eq!(
        faults(ticket.asked(&agent(), give(&requester()))),
        [at("/assignee", Forbidden)]
    );
    assert_eq!(
        faults(ticket.asked(&agent(), give(&auditor()))),
        [at("/assignee", Forbidden)]
    );
    for viewer in [requester(), colleague(), supplier(), auditor(), stranger()] {
        assert!(not_permitted(&ticket.asked(&viewer, give(&agent()))));
    }
    ticket.when(&agent(), Action::Assign { assignee: None }).unwrap();
    assert_eq!((ticket.state.assignee, ticket.document.assignee), (None, None));
    assert!(a_report().asked(&agent(), give(&supplier())).is_ok());
}

#[test]
fn sharing_adds_organizations_once() {
    let share = |names: &[&str]| Action::Share {
        organizations: organizations(names),
    };
    let mut ticket = a_question();
    let events = ticket.when(&agent(), share(&["commune-b", "lycee-a"])).unwrap();
    let added = TicketEvent::Shared {
        side: Side::Agent,
        organizations: organizations(&["commune-b", "lycee-a"]),
    };
    assert_eq!(events, [added]);
    assert_eq!(ticket.asked(&agent(), share(&["lycee-a"])), Ok(Vec::new()));
    assert!(ticket.asked(&stranger(), say(Visibility::Public)).is_ok());
    // What agents shared before does not hinder the requester from naming it again.
    let again = ticket
        .asked(&requester(), share(&["commune-a", "commune-b"]))
        .unwrap();
    let added = TicketEvent::Shared {
        side: Side::Requester,
        organizations: organizations(&["commune-a"]),
    };
    assert_eq!(again, [added]);
    assert_eq!(
        faults(ticket.asked(&requester(), share(&["commune-c"]))),
        [at("/organizations", Forbidden)]
    );
    for viewer in [colleague(), stranger(), supplier(), auditor()] {
        assert!(not_permitted(&ticket.asked(&viewer, share(&["commune-a"]))));
    }
}

/// Fault S15: sharing could not be taken back.
#[test]
fn who_may_share_takes_an_organization_off_the_list() {
    let share = |names: &[&str]| Action::Share {
        organizations: organizations(names),
    };
    let unshare = |name: &str| Action::Unshare {
        organization: organization(name),
    };
    let mut ticket = a_question();
    ticket
        .when(&agent(), share(&["commune-b", "lycee-a", "commune-c"]))
        .unwrap();
    assert!(ticket.asked(&stranger(), say(Visibility::Public)).is_ok());
    for viewer in [colleague(), stranger(), supplier(), auditor()] {
        assert!(not_permitted(&ticket.asked(&viewer, unshare("commune-b"))));
    }
    // The requester too, whoever shared it and with whomever.
    for (viewer, side, name) in [
        (requester(), Side::Requester, "commune-b"),
        (agent(), Side::Agent, "lycee-a"),
    ] {
        let taken = TicketEvent::Unshared {
            side,
            organizations: organizations(&[name]),
        };
        assert_eq!(ticket.when(&viewer, unshare(name)).unwrap(), [taken]);
        assert_eq!(ticket.asked(&viewer, unshare(name)), Err(Rejection::NotShared));
    }
    assert_eq!(ticket.state.shared_with, organizations(&["commune-c"]));
    assert_eq!(ticket.document.shared_with, organizations(&["commune-c"]));
    assert!(ticket.asked(&stranger(), say(Visibility::Public)).is_err());
    // Its own organization is no share, and neither is one that never was.
    for name in ["commune-a", "nowhere"] {
        assert_eq!(ticket.asked(&agent(), unshare(name)), Err(Rejection::NotShared));
    }
    // Shared again, it is shared again.
    ticket.when(&agent(), share(&["commune-b"])).unwrap();
    assert_eq!(
        ticket.state.shared_with,
        organizations(&["commune-b", "commune-c"])
    );
    // A full ticket is shared with nobody more, and what others see of it still ends.
    ticket.state.events = EVENTS_MAX;
    let full = ticket.asked(&agent(), share(&["lycee-a"]));
    assert!(matches!(full, Err(Rejection::Full { .. })), "{full:?}");
    assert!(ticket.asked(&agent(), unshare("commune-b")).is_ok());
}

#[test]
fn a_ticket_is_shared_with_50_organizations_at_most() {
    let names = |range: std::ops::Range<usize>| -> BTreeSet<_> {
        range.map(|number| organization(&format!("o{number}"))).collect()
    };
    let mut ticket = a_question();
    ticket
        .when(
            &agent(),
            Action::Share {
                organizations: names(0..SHARE_WITH_MAX),
            },
        )
        .unwrap();
    let more = Action::Share {
        organizations: names(SHARE_WITH_MAX - 1..SHARE_WITH_MAX + 1),
    };
    assert_eq!(
        faults(ticket.asked(&agent(), more)),
        [at("/organizations", Length)]
    );
}

#[test]
fn a_closed_ticket_is_reopened_with_a_reason_by_customer_or_team() {
    for (viewer, side) in [
        (requester(), Side::Requester),
        (colleague(), Side::Requester),
        (agent(), Side::Agent),
    ] {
        let mut ticket = a_question();
        ticket.when(&agent(), plainly("close")).unwrap();
        let events = ticket
            .when(
                &viewer,
                Action::Reopen {
                    reason: text(84, "Encore."),
                },
            )
            .unwrap();
        let [
            TicketEvent::Reopened {
                side: told,
                from,
                to,
                reason,
                comment,
                ..
            },
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((*told, from, to), (side, &status("closed"), &status("reopened")));
        assert_eq!(
            (reason.value.as_deref(), *comment),
            (Some("Encore."), text(84, "").id)
        );
        let message = ticket.document.last_message.as_ref().unwrap();
        assert_eq!(
            (message.kind.as_str(), message.body.as_deref()),
            ("reopen", Some("Encore."))
        );
    }
}

#[test]
fn reopening_is_refused_without_a_reason_from_another_status_and_on_a_desk_whose_end_is_final() {
    let reopen = |reason: &str| Action::Reopen {
        reason: text(85, reason),
    };
    let mut ticket = a_question();
    assert!(matches!(
        ticket.asked(&requester(), reopen("Encore.")),
        Err(Rejection::WrongStatus { .. })
    ));
    ticket.when(&agent(), plainly("close")).unwrap();
    assert_eq!(
        faults(ticket.asked(&requester(), reopen(""))),
        [at("/reason", Required)]
    );
    assert!(not_permitted(&ticket.asked(&auditor(), reopen("Encore."))));
    let mut report = a_report();
    report.when(&operator(), plainly("withdraw")).unwrap();
    assert!(matches!(
        report.asked(&operator(), reopen("Encore.")),
        Err(Rejection::WrongStatus { .. })
    ));
    assert_eq!(report.allowed(&operator()), []);
}

#[test]
fn the_other_side_s_updates_are_counted_and_neither_the_opening_nor_notes_are() {
    let mut ticket = crate::given::given(&crate::given::SAV, &agent(), crate::given::report(&operator()));
    assert_eq!(ticket.document.supplier_updates, 0);
    ticket
        .when(
            &operator(),
            follow("inform", Some(text(86, "Urgent.")), json!({})),
        )
        .unwrap();
    assert_eq!(ticket.document.supplier_updates, 0);
    ticket.when(&supplier(), say(Visibility::Internal)).unwrap();
    assert_eq!(ticket.document.supplier_updates, 0);
    ticket.when(&supplier(), plainly("supplier_update")).unwrap();
    assert_eq!(ticket.document.supplier_updates, 1);
    ticket.when(&agent(), say(Visibility::Public)).unwrap();
    assert_eq!(ticket.document.supplier_updates, 2);
}

/// Fault P2: what the supplier wrote last is told until the supplier writes again.
#[test]
fn the_suppliers_last_words_stay_until_that_side_writes_again() {
    let mut ticket = crate::given::given(&crate::given::SAV, &agent(), crate::given::report(&operator()));
    let words = |ticket: &crate::given::Ticket| {
        let message = ticket.document.supplier_message.as_ref();
        message.map(|message| (message.kind.clone(), message.body.clone()))
    };
    let informed = |id: u128, body: &str| follow("inform", Some(text(id, body)), json!({}));
    ticket.when(&operator(), informed(86, "Urgent.")).unwrap();
    ticket.when(&supplier(), say(Visibility::Internal)).unwrap();
    assert_eq!(words(&ticket), None);

    let first = follow("supplier_update", Some(text(87, "RDV mardi")), json!({}));
    ticket.when(&supplier(), first).unwrap();
    let tuesday = Some(("supplier_update".to_owned(), Some("RDV mardi".to_owned())));
    assert_eq!(words(&ticket), tuesday);
    // An action without words, the operator's words and an internal note leave it.
    ticket.when(&supplier(), plainly("activate")).unwrap();
    assert_eq!(words(&ticket), tuesday);
    ticket
        .when(&operator(), informed(88, "Le code est 1234."))
        .unwrap();
    ticket.when(&agent(), say(Visibility::Internal)).unwrap();
    assert_eq!(words(&ticket), tuesday);
    assert_eq!(
        ticket.document.last_message.as_ref().unwrap().body.as_deref(),
        Some("Le code est 1234.")
    );

    let later = follow("supplier_update", Some(text(89, "RDV jeudi")), json!({}));
    ticket.when(&supplier(), later).unwrap();
    let thursday = Some(("supplier_update".to_owned(), Some("RDV jeudi".to_owned())));
    assert_eq!(words(&ticket), thursday);
    ticket.when(&agent(), say(Visibility::Public)).unwrap();
    assert_eq!(words(&ticket).unwrap().0, "comment");
}

#[test]
fn a_long_description_belongs_to_the_opening() {
    let description = "x".repeat(TEXT_BYTES_MAX);
    let new = domain::ticket::Open {
        description,
        ..crate::given::report(&operator())
    };
    let ticket = crate::given::given(&crate::given::SAV, &agent(), new);
    assert_eq!(
        (ticket.document.version, ticket.document.supplier_updates),
        (2, 0)
    );
}

fn edit(edit: domain::ticket::Edit) -> Action {
    Action::Edit(Box::new(edit))
}

/// Fault M1: an agent who rewrites the description tells the operator nothing, be it the first event after a short opening
/// or after a long one.
#[test]
fn a_description_in_other_words_is_no_update() {
    for description in ["Court.".to_owned(), "x".repeat(TEXT_BYTES_MAX)] {
        let new = domain::ticket::Open {
            description,
            ..crate::given::report(&operator())
        };
        let mut ticket = crate::given::given(&crate::given::SAV_REVISABLE, &agent(), new);
        for words in ["Autrement.", "Encore autrement."] {
            let changed = domain::ticket::Edit {
                description: Some(words.to_owned()),
                ..domain::ticket::Edit::nothing(person(902))
            };
            let events = ticket.when(&agent(), edit(changed)).unwrap();
            assert_eq!(kinds(&events), ["described"]);
            assert_eq!(ticket.document.supplier_updates, 0);
        }
        ticket.when(&agent(), say(Visibility::Public)).unwrap();
        assert_eq!(ticket.document.supplier_updates, 1);
    }
}

/// Fault P14: the number rose by two for one change that made two events.
#[test]
fn one_command_is_one_update_however_many_events_it_makes() {
    let mut ticket = crate::given::a_revisable_report();
    let changed = domain::ticket::Edit {
        summary: Some("Autre".to_owned()),
        description: Some("Autre.".to_owned()),
        priority: Some("high".to_owned()),
        ..domain::ticket::Edit::nothing(person(902))
    };
    let events = ticket.when(&agent(), edit(changed)).unwrap();
    assert_eq!(kinds(&events), ["edited", "described"]);
    assert_eq!(ticket.document.supplier_updates, 1);
    let commented = follow("supplier_update", Some(text(87, "Demain.")), json!({}));
    let events = ticket.when(&supplier(), commented).unwrap();
    assert_eq!(kinds(&events), ["transitioned", "commented"]);
    assert_eq!(ticket.document.supplier_updates, 2);
    // Begun by being assigned: the assignment alone would tell nothing.
    let events = ticket.when(&agent(), give(&supplier())).unwrap();
    assert_eq!(kinds(&events), ["transitioned", "assigned"]);
    assert_eq!(ticket.document.supplier_updates, 3);
    let events = ticket.when(&agent(), give(&agent())).unwrap();
    assert_eq!(kinds(&events), ["assigned"]);
    assert_eq!(ticket.document.supplier_updates, 3);
    // Several actions of one command, the first of which only the treating side reads.
    let context = domain::ticket::Context {
        viewer: &agent(),
        desk: ticket.desk,
        at: crate::given::start(),
    };
    let both = vec![
        say(Visibility::Internal),
        say(Visibility::Public),
        say(Visibility::Public),
    ];
    let events = domain::ticket::decide_each(&context, &ticket.state, both).unwrap();
    ticket.then(&agent(), &events);
    assert_eq!((events.len(), ticket.document.supplier_updates), (3, 4));
    ticket.when(&agent(), say(Visibility::Public)).unwrap();
    assert_eq!(ticket.document.supplier_updates, 5);
}

/// Fault U18 (seed 002, F130): a request that is assigned is no longer open.
#[test]
fn a_new_request_that_is_assigned_is_begun() {
    for from in ["open", "selected", "reopened"] {
        let mut ticket = a_question();
        ticket.state.status = status(from);
        let events = ticket.when(&admin(), give(&agent())).unwrap();
        let [
            TicketEvent::Transitioned(taken),
            TicketEvent::Assigned { assignee, .. },
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!(
            (taken.action.as_str(), &taken.from, &taken.to, *assignee),
            ("take", &status(from), &status("in_progress"), Some(account(10)))
        );
        assert_eq!(ticket.document.status, status("in_progress"));
    }
    for begun in [
        "in_development",
        "in_progress",
        "waiting_customer",
        "resolved",
        "closed",
    ] {
        let mut ticket = a_question();
        ticket.state.status = status(begun);
        assert_eq!(
            kinds(&ticket.asked(&admin(), give(&agent())).unwrap()),
            ["assigned"],
            "{begun}"
        );
    }
    let mut ticket = a_question();
    ticket.when(&agent(), plainly("take")).unwrap();
    ticket.state.status = status("open");
    let events = ticket.asked(&agent(), Action::Assign { assignee: None }).unwrap();
    assert_eq!(kinds(&events), ["assigned"], "who lets go begins nothing");
}

/// Fault U18: a ticket shared with its own organization was still called private.
#[test]
fn a_ticket_shared_with_its_own_organization_is_private_no_more() {
    let share = |names: &[&str]| Action::Share {
        organizations: organizations(names),
    };
    let private = || domain::ticket::Open {
        private: true,
        ..crate::given::question(&requester())
    };
    let mut ticket = crate::given::given(&crate::given::SUP, &requester(), private());
    let events = ticket.when(&agent(), share(&["commune-b"])).unwrap();
    assert_eq!(kinds(&events), ["shared"]);
    assert!(ticket.document.private && ticket.state.private);
    let events = ticket.when(&agent(), share(&["commune-a"])).unwrap();
    assert_eq!(kinds(&events), ["shared", "edited"]);
    assert!(!ticket.document.private && !ticket.state.private);
    let both = domain::ticket::Open {
        share_with: organizations(&["commune-a"]),
        ..private()
    };
    assert!(
        !crate::given::given(&crate::given::SUP, &requester(), both)
            .document
            .private
    );
}

#[test]
fn several_actions_in_a_row_are_decided_each_on_what_the_ones_before_made() {
    let ticket = a_question();
    let agent = agent();
    let context = domain::ticket::Context {
        viewer: &agent,
        desk: ticket.desk,
        at: crate::given::start(),
    };
    let both = vec![plainly("resolve"), plainly("close")];
    let events = domain::ticket::decide_each(&context, &ticket.state, both).unwrap();
    let [_, TicketEvent::Transitioned(closed)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(closed.from, status("resolved"));
    let one_wrong = vec![plainly("close"), plainly("take")];
    let refused = domain::ticket::decide_each(&context, &ticket.state, one_wrong);
    assert!(matches!(refused, Err(Rejection::WrongStatus { status: from, .. }) if from == status("closed")));
    let elsewhere = viewer(16, Role::Requester, &[]);
    let context = domain::ticket::Context {
        viewer: &elsewhere,
        desk: ticket.desk,
        at: crate::given::start(),
    };
    assert!(not_permitted(&domain::ticket::decide_each(
        &context,
        &ticket.state,
        vec![plainly("close")]
    )));
}
