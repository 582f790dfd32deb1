//! What is told of each event.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{
    AccountId, ApprovalId, AttachmentId, CommentId, Language, PersonId, Personal,
    policy::Side,
    ticket::{
        FieldValue, TicketEvent, Visibility,
        event::{ApprovalDecided, ApprovalRequested, Attached, CommentBody, Commented, Edited, Verdict},
    },
};
use event_log::Channel;
use serde_json::{Value, json};
use uuid::Uuid;
use views::history::Entry;

use crate::given::{
    ANNE, GONE, RITA, changes, comment, followed, happened, history, opening, personal, said, start, told,
};

#[test]
fn an_opening_tells_what_was_filled_in() {
    let entries = told(vec![(RITA, opening())], Language::Fr);
    let entry = &entries[0];
    assert_eq!(entry.text, "Rita Requérante a ouvert la demande");
    assert_eq!((entry.position, entry.version, entry.at), (11, 1, start()));
    assert_eq!(
        (entry.event_type.as_str(), entry.channel, entry.by),
        ("ticket-opened.v1", Channel::Rest, RITA)
    );
    assert_eq!(
        changes(entry),
        [
            ("type", None, Some(json!("incident"))),
            ("summary", None, Some(json!("Écran noir"))),
            ("description", None, Some(json!("Rien ne s'affiche"))),
            ("status", None, Some(json!("open"))),
            ("priority", None, Some(json!("normal"))),
            ("urgency", None, Some(json!("medium"))),
            ("requester", None, Some(json!(RITA))),
            ("organization", None, Some(json!("commune-a"))),
            ("notify", None, Some(json!(true))),
            ("fields.product", None, Some(json!("Poste de travail"))),
        ]
    );
}

#[test]
fn an_action_is_told_with_its_label_and_the_new_status() {
    let take = || TicketEvent::Transitioned(followed("take", "open", "in_progress"));
    let (fr, en) = said(ANNE, take());
    assert_eq!(
        fr,
        "anne agent a choisi « Prendre en charge » : l'état est devenu « En progression »"
    );
    assert_eq!(en, "anne agent chose “Take”: the status became “In progress”");
    let entries = told(vec![(RITA, opening()), (ANNE, take())], Language::Fr);
    assert_eq!(
        changes(&entries[1]),
        [("status", Some(json!("open")), Some(json!("in_progress")))]
    );
}

#[test]
fn a_resolution_is_told_with_the_action() {
    let mut resolve = followed("resolve", "open", "resolved");
    resolve.fields = [("resolution".to_owned(), FieldValue::Open(json!("done")))].into();
    let (fr, _) = said(ANNE, TicketEvent::Transitioned(resolve));
    assert_eq!(
        fr,
        "anne agent a choisi « Résoudre » avec la résolution « Fait » : l'état est devenu « Résolu »"
    );
}

#[test]
fn an_action_that_only_informs_changes_no_status() {
    let (fr, en) = said(
        RITA,
        TicketEvent::Transitioned(followed("unknown", "open", "open")),
    );
    assert_eq!(
        (fr.as_str(), en.as_str()),
        (
            "Rita Requérante a choisi « unknown »",
            "Rita Requérante chose “unknown”"
        )
    );
}

#[test]
fn a_comment_stands_in_the_changes_and_not_in_the_sentence() {
    let entries = told(
        vec![
            (RITA, opening()),
            (RITA, comment(personal("Bonjour"), Visibility::Public)),
        ],
        Language::En,
    );
    assert_eq!(entries[1].text, "Rita Requérante commented");
    assert_eq!(changes(&entries[1]), [("comment", None, Some(json!("Bonjour")))]);
}

#[test]
fn an_internal_note_is_told_to_those_who_may_read_it() {
    let events = happened(vec![
        (RITA, opening()),
        (ANNE, comment(personal("Il ment"), Visibility::Internal)),
        (
            ANNE,
            TicketEvent::Assigned {
                side: Side::Agent,
                assignee: Some(ANNE),
            },
        ),
    ]);
    let of = |internal| history(&events, Language::Fr, internal);
    let (all, public) = (of(true), of(false));
    assert_eq!(all[1].text, "anne agent a écrit une note interne");
    let versions = |entries: &[Entry]| entries.iter().map(|entry| entry.version).collect::<Vec<_>>();
    assert_eq!((versions(&all), versions(&public)), (vec![1, 2, 3], vec![1, 3]));
    assert!(!format!("{public:?}").contains("Il ment"));
}

#[test]
fn the_desks_own_words_are_told_in_the_language_asked_for() {
    let event = TicketEvent::Commented(Commented {
        side: Side::System,
        comment: CommentId(Uuid::from_u128(8)),
        visibility: Visibility::Public,
        body: CommentBody::Automatic {
            automatic: "transfer_to_development".to_owned(),
        },
    });
    let entries = told(vec![(RITA, opening()), (ANNE, event)], Language::En);
    assert_eq!(
        entries[1].text,
        "anne agent added the automatic comment of “Hand to development”"
    );
    let body = entries[1].changes[0].to.as_ref().and_then(Value::as_str).unwrap();
    assert!(body.starts_with("Your request has been handed"), "{body}");
}

#[test]
fn assignments_name_the_assignee() {
    let to = |assignee| TicketEvent::Assigned {
        side: Side::Agent,
        assignee,
    };
    assert_eq!(
        said(ANNE, to(Some(ANNE))).0,
        "anne agent a pris la demande en charge"
    );
    assert_eq!(
        said(RITA, to(Some(ANNE))).1,
        "Rita Requérante assigned the request to anne agent"
    );
    assert_eq!(
        said(ANNE, to(None)).0,
        "anne agent a laissé la demande sans responsable"
    );
}

#[test]
fn an_edit_names_what_it_changed_with_the_forms_titles() {
    let edited = Edited {
        side: Side::Agent,
        summary: None,
        priority: Some("high".to_owned()),
        urgency: Some("medium".to_owned()),
        request_type: None,
        organization: None,
        private: Some(true),
        notify: None,
        fields: [("product".to_owned(), FieldValue::Open(json!("Écran")))].into(),
        removed: BTreeSet::new(),
        customer: None,
    };
    let event = TicketEvent::Edited(Box::new(edited));
    let (fr, en) = said(ANNE, event.clone());
    assert_eq!(
        fr,
        "anne agent a modifié la priorité, le caractère privé, « Produit »"
    );
    assert_eq!(
        en,
        "anne agent edited the priority, whether it is private, “Product”"
    );
    let entries = told(vec![(RITA, opening()), (ANNE, event)], Language::Fr);
    assert_eq!(
        changes(&entries[1]),
        [
            ("priority", Some(json!("normal")), Some(json!("high"))),
            ("private", None, Some(json!(true))),
            (
                "fields.product",
                Some(json!("Poste de travail")),
                Some(json!("Écran"))
            ),
        ]
    );
}

#[test]
fn a_new_description_is_told_and_stands_in_the_changes() {
    let event = TicketEvent::Described {
        side: Side::Requester,
        description: personal("Plus rien"),
    };
    assert_eq!(
        said(RITA, event.clone()).0,
        "Rita Requérante a changé la description"
    );
    let entries = told(vec![(RITA, opening()), (RITA, event)], Language::Fr);
    let (from, to) = (json!("Rien ne s'affiche"), json!("Plus rien"));
    assert_eq!(changes(&entries[1]), [("description", Some(from), Some(to))]);
}

#[test]
fn an_approval_is_told_from_proposal_to_decision() {
    let approval = ApprovalId(Uuid::from_u128(4));
    let asked = TicketEvent::ApprovalRequested(ApprovalRequested {
        side: Side::Agent,
        approval,
        proposal: personal("Changer l'écran"),
        from: "in_progress".parse().unwrap(),
        to: "waiting_approval".parse().unwrap(),
        comment: None,
    });
    let decided = TicketEvent::ApprovalDecided(ApprovalDecided {
        side: Side::Requester,
        approval,
        decision: Verdict::Accept,
        from: "waiting_approval".parse().unwrap(),
        to: "to_deliver".parse().unwrap(),
        removed: BTreeSet::new(),
        comment: None,
    });
    let withdrawn = TicketEvent::ApprovalWithdrawn {
        side: Side::Agent,
        approval,
    };
    let entries = told(
        vec![
            (RITA, opening()),
            (ANNE, asked),
            (RITA, decided),
            (ANNE, withdrawn),
        ],
        Language::Fr,
    );
    let texts: Vec<&str> = entries[1..].iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "anne agent a demandé une approbation : l'état est devenu « En attente d'approbation client »",
            "Rita Requérante a accepté la proposition : l'état est devenu « A délivrer »",
            "anne agent a retiré la proposition en attente",
        ]
    );
    assert_eq!(
        changes(&entries[1])[1],
        ("proposal", None, Some(json!("Changer l'écran")))
    );
    assert_eq!(changes(&entries[2])[1], ("decision", None, Some(json!("accept"))));
}

#[test]
fn reopening_tells_its_reason_and_what_it_took_away() {
    let mut resolve = followed("resolve", "open", "resolved");
    resolve.fields = [("resolution".to_owned(), FieldValue::Open(json!("done")))].into();
    let reopened = TicketEvent::Reopened {
        side: Side::Requester,
        from: "resolved".parse().unwrap(),
        to: "reopened".parse().unwrap(),
        reason: personal("Encore noir"),
        comment: CommentId(Uuid::from_u128(9)),
        removed: ["resolution".to_owned()].into(),
    };
    let events = vec![
        (RITA, opening()),
        (ANNE, TicketEvent::Transitioned(resolve)),
        (RITA, reopened),
    ];
    let entries = told(events, Language::Fr);
    assert_eq!(
        entries[2].text,
        "Rita Requérante a rouvert la demande : l'état est devenu « ReOuvert »"
    );
    assert_eq!(
        changes(&entries[2]),
        [
            ("status", Some(json!("resolved")), Some(json!("reopened"))),
            ("fields.resolution", Some(json!("done")), None),
            ("reason", None, Some(json!("Encore noir"))),
        ]
    );
}

#[test]
fn files_and_sharing_are_told_by_name() {
    let attached = |name| {
        TicketEvent::Attached(Box::new(Attached {
            side: Side::Requester,
            attachment: AttachmentId(Uuid::from_u128(6)),
            subject: PersonId(Uuid::from_u128(1)),
            name,
            size: 12,
            media_type: "image/png".to_owned(),
            content_sha256: personal("00"),
            blob: "b".to_owned(),
            blob_sha256: "00".to_owned(),
        }))
    };
    assert_eq!(
        said(RITA, attached(personal("photo.png"))).0,
        "Rita Requérante a joint le fichier « photo.png »"
    );
    let nameless = Personal {
        subject: PersonId(Uuid::from_u128(1)),
        value: None,
        commitment: None,
    };
    assert_eq!(
        said(RITA, attached(nameless)).1,
        "Rita Requérante attached a file whose name is erased"
    );
    let organizations = ["commune-b".parse().unwrap(), "commune-c".parse().unwrap()].into();
    let shared = TicketEvent::Shared {
        side: Side::Requester,
        organizations,
    };
    assert_eq!(
        said(RITA, shared.clone()).1,
        "Rita Requérante shared the request with Commune de Bourg, commune-c"
    );
    let entries = told(vec![(RITA, opening()), (RITA, shared)], Language::Fr);
    assert_eq!(
        changes(&entries[1]),
        [("shared_with", None, Some(json!(["commune-b", "commune-c"])))]
    );
}

#[test]
fn the_erased_and_the_system_are_named_as_such() {
    let assigned = |assignee| TicketEvent::Assigned {
        side: Side::Agent,
        assignee,
    };
    let (fr, en) = said(GONE, assigned(Some(GONE)));
    assert_eq!(
        (fr.as_str(), en.as_str()),
        (
            "Personne effacée a pris la demande en charge",
            "Erased person took the request on"
        )
    );
    assert_eq!(
        said(ANNE, assigned(Some(GONE))).0,
        "anne agent a confié la demande à personne effacée"
    );
    assert_eq!(
        said(AccountId::SYSTEM, assigned(None)).1,
        "The system left the request without assignee"
    );
    let erased = Personal {
        subject: PersonId(Uuid::from_u128(1)),
        value: None,
        commitment: None,
    };
    let entries = told(
        vec![(RITA, opening()), (RITA, comment(erased, Visibility::Public))],
        Language::Fr,
    );
    assert_eq!(changes(&entries[1]), [("comment", None, None)]);
}

#[test]
fn who_acted_and_for_whom_are_both_told() {
    let mut events = happened(vec![(ANNE, opening())]);
    events[0].stamp.on_behalf_of = Some(RITA);
    events[0].stamp.occurred_at = Some(start() - TimeDelta::hours(1));
    events[0].stamp.sent_at = Some(start() - TimeDelta::minutes(1));
    let entries = history(&events, Language::En, false);
    assert_eq!(
        entries[0].text,
        "anne agent (on behalf of Rita Requérante) opened the request"
    );
    assert_eq!((entries[0].by, entries[0].on_behalf_of), (ANNE, Some(RITA)));
    assert_eq!(
        (entries[0].occurred_at, entries[0].sent_at),
        (events[0].stamp.occurred_at, events[0].stamp.sent_at)
    );
}
