//! What the fixtures of ticket events stand for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AttachmentId, CommentId, PersonId, Personal,
    policy::Side,
    ticket::{
        Decision, FieldValue, TicketEvent, Visibility,
        event::{
            ApprovalDecided, ApprovalRequested, Attached, CommentBody, Commented, Edited, Opened,
            Transitioned,
        },
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::given::{account, approval, organization, organizations, status};

fn comment(number: u128) -> CommentId {
    CommentId(Uuid::from_u128(number))
}

/// A value of the requester.
pub(super) fn hers<T>(value: T) -> Personal<T> {
    Personal::new(PersonId(Uuid::from_u128(1)), value)
}

/// A value of the end customer.
fn his<T>(value: T) -> Personal<T> {
    Personal::new(PersonId(Uuid::from_u128(9)), value)
}

pub(super) fn erased<T>() -> Personal<T> {
    Personal {
        subject: PersonId(Uuid::from_u128(9)),
        value: None,
        commitment: None,
    }
}

pub(super) fn words(text: &str) -> Personal<String> {
    hers(text.to_owned())
}

fn opened() -> Opened {
    Opened {
        side: Side::Requester,
        desk: "SUP".parse().unwrap(),
        desk_version: 1,
        request_type: "question".to_owned(),
        summary: words("Imprimante"),
        description: Some(words("Elle n'imprime plus.")),
        status: status("open"),
        priority: "normal".to_owned(),
        urgency: "medium".to_owned(),
        requester: account(1),
        customer: None,
        organization: None,
        private: false,
        shared_with: BTreeSet::new(),
        notify: true,
        fields: BTreeMap::new(),
    }
}

pub(super) fn openings() -> Vec<(&'static str, TicketEvent)> {
    let full = Opened {
        side: Side::Agent,
        desk: "SAV".parse().unwrap(),
        desk_version: 3,
        request_type: "signalisation".to_owned(),
        summary: his("Pas de signal".to_owned()),
        description: Some(his("Plus de lumière.".to_owned())),
        status: status("queued"),
        priority: "high".to_owned(),
        urgency: "low".to_owned(),
        requester: account(20),
        customer: Some(PersonId(Uuid::from_u128(9))),
        organization: Some(organization("oc-alpha")),
        private: true,
        shared_with: organizations(&["oc-beta", "oi"]),
        notify: false,
        fields: BTreeMap::from([
            ("alreadyOperated".to_owned(), FieldValue::Open(json!(true))),
            (
                "defectPrelocalization".to_owned(),
                FieldValue::Open(json!("PM-PBO")),
            ),
            (
                "technicalId".to_owned(),
                FieldValue::Personal(his(json!("CO-ABCD-1234"))),
            ),
            ("tests".to_owned(), FieldValue::Open(json!(["optical", 2]))),
            ("troubleTicketType".to_owned(), FieldValue::Open(json!(1))),
        ]),
    };
    let gone = Opened {
        summary: erased(),
        description: Some(erased()),
        customer: Some(PersonId(Uuid::from_u128(9))),
        fields: BTreeMap::from([("person_name".to_owned(), FieldValue::Personal(erased()))]),
        ..opened()
    };
    vec![
        ("ticket-opened.v1", TicketEvent::Opened(Box::new(opened()))),
        ("ticket-opened.v1.full", TicketEvent::Opened(Box::new(full))),
        ("ticket-opened.v1.erased", TicketEvent::Opened(Box::new(gone))),
        (
            "ticket-opened.v1.long-description",
            TicketEvent::Opened(Box::new(Opened {
                description: None,
                ..opened()
            })),
        ),
        (
            "ticket-described.v1",
            TicketEvent::Described {
                side: Side::Requester,
                description: words("Une longue\nhistoire."),
            },
        ),
        (
            "ticket-described.v1.erased",
            TicketEvent::Described {
                side: Side::Supplier,
                description: erased(),
            },
        ),
    ]
}

fn commented(visibility: Visibility, body: CommentBody) -> TicketEvent {
    TicketEvent::Commented(Commented {
        side: Side::Agent,
        comment: comment(5),
        visibility,
        body,
    })
}

pub(super) fn talk() -> Vec<(&'static str, TicketEvent)> {
    let automatic = CommentBody::Automatic {
        automatic: "transfer_to_development".to_owned(),
    };
    let attached = Attached {
        side: Side::Requester,
        attachment: AttachmentId(Uuid::from_u128(6)),
        subject: PersonId(Uuid::from_u128(1)),
        name: words("écran.png"),
        size: 2_097_152,
        media_type: "image/png".to_owned(),
        content_sha256: words(&"c".repeat(64)),
        blob: "7d9c2f".to_owned(),
        blob_sha256: "d".repeat(64),
    };
    let gone = Attached {
        name: erased(),
        content_sha256: erased(),
        ..attached.clone()
    };
    let mut talk = vec![
        (
            "ticket-commented.v1",
            commented(Visibility::Public, CommentBody::Words(words("Bonjour."))),
        ),
        (
            "ticket-commented.v1.internal",
            commented(Visibility::Internal, CommentBody::Words(words("Client pressé."))),
        ),
        (
            "ticket-commented.v1.automatic",
            TicketEvent::Commented(Commented {
                side: Side::System,
                comment: comment(5),
                visibility: Visibility::Public,
                body: automatic,
            }),
        ),
        (
            "ticket-commented.v1.erased",
            commented(Visibility::Public, CommentBody::Words(erased())),
        ),
        ("ticket-attached.v1", TicketEvent::Attached(Box::new(attached))),
        ("ticket-attached.v1.erased", TicketEvent::Attached(Box::new(gone))),
        (
            "ticket-assigned.v1",
            TicketEvent::Assigned {
                side: Side::Agent,
                assignee: Some(account(10)),
            },
        ),
        (
            "ticket-assigned.v1.nobody",
            TicketEvent::Assigned {
                side: Side::Agent,
                assignee: None,
            },
        ),
    ];
    talk.extend(sharing());
    talk
}

fn sharing() -> [(&'static str, TicketEvent); 2] {
    let shared = TicketEvent::Shared {
        side: Side::Requester,
        organizations: organizations(&["commune-b", "lycee-a"]),
    };
    let unshared = TicketEvent::Unshared {
        side: Side::Agent,
        organizations: organizations(&["commune-b"]),
    };
    [("ticket-shared.v1", shared), ("ticket-unshared.v1", unshared)]
}

pub(super) fn changes() -> Vec<(&'static str, TicketEvent)> {
    let plain = Transitioned {
        side: Side::Agent,
        action: "take".to_owned(),
        from: status("open"),
        to: status("in_progress"),
        fields: BTreeMap::new(),
        removed: BTreeSet::new(),
        customer: None,
        comment: None,
    };
    let full = Transitioned {
        side: Side::Requester,
        action: "replan".to_owned(),
        from: status("queued"),
        to: status("queued"),
        fields: BTreeMap::from([
            (
                "appointmentMode".to_owned(),
                FieldValue::Open(json!("SANS_PLAN_DE_CHARGE")),
            ),
            (
                "customerLastName".to_owned(),
                FieldValue::Personal(his(json!("Martin"))),
            ),
        ]),
        removed: BTreeSet::from(["serviceRestoredTime".to_owned()]),
        customer: Some(PersonId(Uuid::from_u128(9))),
        comment: Some(comment(5)),
    };
    vec![
        ("ticket-transitioned.v1", TicketEvent::Transitioned(plain)),
        ("ticket-transitioned.v1.full", TicketEvent::Transitioned(full)),
    ]
}

pub(super) fn edits() -> Vec<(&'static str, TicketEvent)> {
    let nothing = Edited {
        side: Side::Requester,
        summary: None,
        priority: None,
        urgency: None,
        request_type: None,
        organization: None,
        private: None,
        notify: None,
        fields: BTreeMap::new(),
        removed: BTreeSet::new(),
        customer: None,
    };
    let everything = Edited {
        side: Side::Agent,
        summary: Some(words("Imprimante du hall")),
        priority: Some("critical".to_owned()),
        urgency: Some("very_high".to_owned()),
        request_type: Some("account_request".to_owned()),
        organization: Some(organization("commune-b")),
        private: Some(true),
        notify: Some(false),
        fields: BTreeMap::from([(
            "person_name".to_owned(),
            FieldValue::Personal(his(json!("Jean Neuf"))),
        )]),
        removed: BTreeSet::from(["product".to_owned()]),
        customer: Some(PersonId(Uuid::from_u128(9))),
    };
    let reopened = |removed: &[&str]| TicketEvent::Reopened {
        side: Side::Requester,
        from: status("closed"),
        to: status("reopened"),
        reason: words("Encore en panne."),
        comment: comment(5),
        removed: removed.iter().map(|name| (*name).to_owned()).collect(),
    };
    vec![
        (
            "ticket-edited.v1",
            TicketEvent::Edited(Box::new(Edited {
                summary: Some(words("Imprimante du hall")),
                ..nothing
            })),
        ),
        ("ticket-edited.v1.full", TicketEvent::Edited(Box::new(everything))),
        ("ticket-reopened.v1", reopened(&[])),
        ("ticket-reopened.v1.full", reopened(&["resolution"])),
    ]
}

pub(super) fn approvals() -> Vec<(&'static str, TicketEvent)> {
    let requested = |comment| {
        TicketEvent::ApprovalRequested(ApprovalRequested {
            side: Side::Agent,
            approval: approval(7),
            proposal: words("Remplacer le poste."),
            from: status("in_progress"),
            to: status("waiting_approval"),
            comment,
        })
    };
    let decided = |decision, to: &str, removed: &[&str], comment| {
        TicketEvent::ApprovalDecided(ApprovalDecided {
            side: Side::Requester,
            approval: approval(7),
            decision,
            from: status("waiting_approval"),
            to: status(to),
            removed: removed.iter().map(|name| (*name).to_owned()).collect(),
            comment,
        })
    };
    vec![
        ("ticket-approval-requested.v1", requested(None)),
        ("ticket-approval-requested.v1.full", requested(Some(comment(5)))),
        (
            "ticket-approval-withdrawn.v1",
            TicketEvent::ApprovalWithdrawn {
                side: Side::Agent,
                approval: approval(7),
            },
        ),
        (
            "ticket-approval-decided.v1",
            decided(Decision::Accept, "to_deliver", &[], None),
        ),
        (
            "ticket-approval-decided.v1.full",
            decided(Decision::Refuse, "in_progress", &["resolution"], Some(comment(5))),
        ),
    ]
}
