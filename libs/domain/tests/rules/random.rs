//! Random events, whether or not a rule would ever make them, and random commands, sensible or not.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use domain::{
    ApprovalId, AttachmentId, CommentId, Event, Personal, StatusId,
    policy::{Side, Viewer},
    ticket::{
        Action, Decision, Edit, TicketEvent, Visibility,
        command::Attach,
        event::{
            ApprovalDecided, ApprovalRequested, Attached, CommentBody, Commented, Edited, FieldValue, Opened,
            Transitioned,
        },
    },
};
use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::given::{
    SAV, SUP, account, admin, agent, approval, auditor, colleague, follow, object, operator, organization,
    organizations, person, requester, status, stranger, supplier, text,
};

/// How many events of each kind the rules have let pass: a test that asks at random says by it that it did not ask in vain.
#[derive(Debug, Default)]
pub(crate) struct Tally(RefCell<BTreeMap<&'static str, u32>>);

impl Tally {
    pub(crate) fn count(&self, events: &[TicketEvent]) {
        for event in events {
            let (kind, _) = Event::Ticket(event.clone()).encode().unwrap();
            *self.0.borrow_mut().entry(kind).or_default() += 1;
        }
    }

    /// Every kind of event that an action of [`an_action`] can make was made, this often at least.
    #[track_caller]
    pub(crate) fn assert_each_at_least(&self, least: u32) {
        let counted = self.0.borrow();
        for kind in [
            "ticket-approval-decided.v1",
            "ticket-approval-requested.v1",
            "ticket-approval-withdrawn.v1",
            "ticket-attached.v1",
            "ticket-commented.v1",
            "ticket-assigned.v1",
            "ticket-described.v1",
            "ticket-edited.v1",
            "ticket-reopened.v1",
            "ticket-shared.v1",
            "ticket-transitioned.v1",
            "ticket-unshared.v1",
        ] {
            let times = counted.get(kind).copied().unwrap_or_default();
            assert!(times >= least, "{kind}: {times} times only, of {counted:?}");
        }
    }
}

fn said(words: Option<String>) -> Personal<String> {
    Personal {
        subject: person(1),
        value: words,
        commitment: None,
    }
}

/// What a random event is made of.
#[derive(Debug, Clone)]
struct Parts {
    side: Side,
    from: StatusId,
    to: StatusId,
    field: String,
    words: Option<String>,
    id: u128,
}

impl Parts {
    fn comment(&self) -> CommentId {
        CommentId(Uuid::from_u128(self.id))
    }

    fn approval(&self) -> ApprovalId {
        approval(self.id)
    }

    fn said(&self) -> Personal<String> {
        said(self.words.clone())
    }

    fn removed(&self) -> BTreeSet<String> {
        BTreeSet::from([self.field.clone()])
    }

    fn opened(self) -> TicketEvent {
        TicketEvent::Opened(Box::new(Opened {
            side: self.side,
            desk: "SUP".parse().unwrap(),
            desk_version: 1,
            request_type: "question".to_owned(),
            summary: self.said(),
            description: Some(self.said()),
            status: self.from,
            priority: "normal".to_owned(),
            urgency: "medium".to_owned(),
            requester: account(1),
            customer: None,
            organization: None,
            private: false,
            shared_with: BTreeSet::new(),
            notify: true,
            fields: Default::default(),
        }))
    }

    fn commented(self) -> TicketEvent {
        TicketEvent::Commented(Commented {
            side: self.side,
            comment: self.comment(),
            visibility: if self.id == 0 {
                Visibility::Internal
            } else {
                Visibility::Public
            },
            body: CommentBody::Words(self.said()),
        })
    }

    fn attached(self) -> TicketEvent {
        TicketEvent::Attached(Box::new(Attached {
            side: self.side,
            attachment: AttachmentId(Uuid::from_u128(self.id)),
            subject: person(1),
            name: self.said(),
            size: 1,
            media_type: "text/plain".to_owned(),
            content_sha256: self.said(),
            blob: "b".to_owned(),
            blob_sha256: "d".to_owned(),
        }))
    }

    fn value(&self) -> FieldValue {
        FieldValue::Personal(Personal {
            subject: person(1),
            value: self.words.clone().map(Value::from),
            commitment: None,
        })
    }

    fn transitioned(self) -> TicketEvent {
        TicketEvent::Transitioned(Transitioned {
            side: self.side,
            action: "any".to_owned(),
            fields: [(self.field.clone(), self.value())].into(),
            removed: BTreeSet::from(["resolution".to_owned()]),
            customer: (self.id == 1).then(|| person(9)),
            comment: (self.id == 2).then(|| self.comment()),
            from: self.from,
            to: self.to,
        })
    }

    fn edited(self) -> TicketEvent {
        let id = self.id;
        TicketEvent::Edited(Box::new(Edited {
            side: self.side,
            summary: (id > 0).then(|| self.said()),
            priority: (id == 1).then(|| "high".to_owned()),
            urgency: None,
            request_type: (id == 2).then(|| "incident".to_owned()),
            organization: (id == 2).then(|| organization("commune-b")),
            private: (id == 1).then_some(true),
            notify: (id == 0).then_some(false),
            fields: [(self.field.clone(), self.value())].into(),
            removed: if id == 0 { self.removed() } else { BTreeSet::new() },
            customer: (id == 2).then(|| person(8)),
        }))
    }

    fn requested(self) -> TicketEvent {
        TicketEvent::ApprovalRequested(ApprovalRequested {
            side: self.side,
            approval: self.approval(),
            proposal: self.said(),
            comment: Some(self.comment()),
            from: self.from,
            to: self.to,
        })
    }

    fn decided(self, decision: Decision) -> TicketEvent {
        TicketEvent::ApprovalDecided(ApprovalDecided {
            side: self.side,
            approval: self.approval(),
            decision,
            removed: self.removed(),
            comment: None,
            from: self.from,
            to: self.to,
        })
    }

    fn reopened(self) -> TicketEvent {
        TicketEvent::Reopened {
            side: self.side,
            reason: self.said(),
            comment: self.comment(),
            removed: self.removed(),
            from: self.from,
            to: self.to,
        }
    }

    fn event(self, kind: u8) -> TicketEvent {
        let side = self.side;
        match kind {
            0 => self.opened(),
            1 => TicketEvent::Described {
                side,
                description: self.said(),
            },
            2 => self.commented(),
            3 => self.attached(),
            4 => self.transitioned(),
            5 => TicketEvent::Assigned {
                side,
                assignee: (self.id > 0).then(|| account(self.id)),
            },
            6 => self.edited(),
            7 => self.requested(),
            8 => TicketEvent::ApprovalWithdrawn {
                side,
                approval: self.approval(),
            },
            9 => self.decided(Decision::Accept),
            10 => self.decided(Decision::Refuse),
            11 => self.reopened(),
            12 => TicketEvent::Unshared {
                side,
                organizations: organizations(&["commune-b", "commune-c"]),
            },
            _ => TicketEvent::Shared {
                side,
                organizations: organizations(&["commune-b"]),
            },
        }
    }
}

/// Any event, whether or not any rule would ever make it.
pub(crate) fn an_event() -> impl Strategy<Value = TicketEvent> {
    let side = select(vec![Side::Requester, Side::Agent, Side::Supplier, Side::System]);
    let state = select(vec!["open", "closed", "nowhere"]).prop_map(status);
    let field = select(vec!["product", "resolution", "x"]).prop_map(str::to_owned);
    let words = prop::option::of("[a-c]{1,3}");
    (side, state.clone(), state, field, words, 0..3_u128, 0..14_u8).prop_map(
        |(side, from, to, field, words, id, kind)| {
            Parts {
                side,
                from,
                to,
                field,
                words,
                id,
            }
            .event(kind)
        },
    )
}

pub(crate) fn people() -> Vec<Viewer> {
    vec![
        requester(),
        colleague(),
        stranger(),
        agent(),
        supplier(),
        auditor(),
        admin(),
        operator(),
    ]
}

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    select(vec![
        json!({}),
        json!({"resolution": "done"}),
        json!({"serviceRestoredTime": "2026-03-02T10:00:00Z"}),
        json!({"troubleTicketClosureCode": "RET01"}),
        json!({"appointmentMode": "SANS_PLAN_DE_CHARGE"}),
        json!({"product": "Agenda"}),
        json!({"product": null}),
    ])
    .prop_map(object)
}

fn attach(id: u128, name: String) -> Action {
    Action::Attach(Box::new(Attach {
        id: AttachmentId(Uuid::from_u128(id)),
        subject: person(1),
        name,
        size: 1,
        media_type: "text/plain".to_owned(),
        content_sha256: "c".to_owned(),
        blob: "b".to_owned(),
        blob_sha256: "d".to_owned(),
    }))
}

fn edit(id: u128, words: String, fields: Map<String, Value>) -> Action {
    Action::Edit(Box::new(Edit {
        summary: Some(words.clone()),
        description: (id == 0).then_some(words),
        priority: (id == 1).then(|| "high".to_owned()),
        private: (id == 2).then_some(true),
        fields: if id == 3 { fields } else { Map::new() },
        ..Edit::nothing(person(902))
    }))
}

/// Any command, sensible or not.
pub(crate) fn an_action() -> impl Strategy<Value = Action> {
    let ids: Vec<String> = [&*SUP, &*SAV]
        .iter()
        .flat_map(|desk| desk.definition().transitions.iter().map(|of| of.id.clone()))
        .chain(["accept", "refuse", "reopen"].map(str::to_owned))
        .collect();
    let words = select(vec!["Imprimante", "Autre", " "]).prop_map(str::to_owned);
    (
        select(ids),
        fields(),
        words,
        select(people()),
        0..4_u128,
        0..13_u8,
    )
        .prop_map(|(action, fields, words, viewer, id, kind)| {
            let comment = Some(text(200 + id, "Voici."));
            let said = text(300 + id, &words);
            match kind {
                0 => Action::Comment {
                    text: said,
                    visibility: Visibility::Public,
                },
                1 => Action::Comment {
                    text: said,
                    visibility: Visibility::Internal,
                },
                2 => attach(id, words),
                3 => Action::Assign {
                    assignee: (id > 0).then(|| Box::new(viewer)),
                },
                4 => edit(id, words, fields),
                5 => Action::RequestApproval {
                    id: approval(id),
                    proposal: words,
                    comment,
                },
                6 => Action::DecideApproval {
                    id: approval(id),
                    decision: Decision::Accept,
                    comment,
                },
                7 => Action::Reopen { reason: said },
                8 => Action::Share {
                    organizations: organizations(&["commune-a", "commune-b"]),
                },
                9 => Action::Unshare {
                    organization: organization("commune-a"),
                },
                _ => follow(&action, comment, Value::Object(fields)),
            }
        })
}
