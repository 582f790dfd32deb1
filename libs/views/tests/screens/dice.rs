//! Events, viewers and queries made from a few small numbers.

use std::collections::BTreeSet;

use domain::{
    Personal, TicketKey,
    desk::Category,
    policy::{Grant, Role, Side, Viewer},
    ticket::{
        FieldValue, TicketEvent, Visibility,
        event::{ApprovalDecided, ApprovalRequested, Attached, Edited, Opened, Transitioned, Verdict},
    },
};
use proptest::prelude::*;
use uuid::Uuid;
use views::{AssigneeFilter, QueueQuery, Sort};

use crate::world::{account, comment, erased, open_field, opened, organization, personal, start};

pub(crate) const WORDS: [&str; 6] = ["écran", "noir", "Bourrage", "papier", "l'accueil", "Problème"];
pub(crate) const STATUSES: [&str; 4] = ["open", "in_progress", "waiting_customer", "closed"];
pub(crate) const SAV_STATUSES: [&str; 3] = ["queued", "open_active", "cleared"];
pub(crate) const PRIORITIES: [&str; 2] = ["normal", "high"];
pub(crate) const ORGANIZATIONS: [&str; 3] = ["commune-a", "commune-b", "commune-c"];
pub(crate) use views::queue::SORT_COLUMNS as COLUMNS;

/// A few small numbers from which something is made.
pub(crate) type Dice = (u8, u8, u8, u8);

pub(crate) fn dice() -> impl Strategy<Value = Dice> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>())
}

pub(crate) fn pick<'a, T: ?Sized>(from: &[&'a T], die: u8) -> &'a T {
    from[usize::from(die) % from.len()]
}

pub(crate) fn words(a: u8, b: u8) -> String {
    format!("{} {}", pick(&WORDS, a), pick(&WORDS, b))
}

pub(crate) fn maybe_organization(die: u8) -> Option<domain::OrganizationId> {
    (die % 4 != 3).then(|| organization(pick(&ORGANIZATIONS, die % 4)))
}

pub(crate) fn an_opening((a, b, c, d): Dice) -> Opened {
    let sav = a % 3 == 0;
    Opened {
        desk: if sav { "SAV" } else { "SUP" }.parse().unwrap(),
        status: if sav { "queued" } else { "open" }.parse().unwrap(),
        description: (b % 3 == 0).then(|| personal(&words(c, d))),
        priority: pick(&PRIORITIES, c).to_owned(),
        requester: account(u128::from(d % 5)),
        organization: maybe_organization(c),
        private: d % 4 == 0,
        shared_with: if b % 5 == 0 {
            [organization(pick(&ORGANIZATIONS, d))].into()
        } else {
            BTreeSet::new()
        },
        fields: if sav {
            [("technicalId".to_owned(), open_field(pick(&WORDS, b)))].into()
        } else {
            [].into()
        },
        ..opened(&words(a, b))
    }
}

pub(crate) fn an_edit((a, b, c, d): Dice) -> TicketEvent {
    TicketEvent::Edited(Box::new(Edited {
        side: Side::Agent,
        summary: (a % 3 == 0).then(|| {
            if b % 8 == 0 {
                erased()
            } else {
                personal(&words(b, c))
            }
        }),
        priority: (a % 4 == 0).then(|| pick(&PRIORITIES, b).to_owned()),
        urgency: (a % 5 == 0).then(|| "low".to_owned()),
        request_type: (b % 5 == 0).then(|| "incident".to_owned()),
        organization: if b % 3 == 0 { maybe_organization(c) } else { None },
        private: (c % 3 == 0).then_some(d % 2 == 0),
        notify: None,
        fields: if d % 3 == 0 {
            [("product".to_owned(), a_field((a, b, c, d)))].into()
        } else {
            [].into()
        },
        removed: if d % 4 == 0 {
            ["technicalId".to_owned()].into()
        } else {
            [].into()
        },
        customer: None,
    }))
}

/// An open field, a personal one or one that is erased.
fn a_field((a, b, _, _): Dice) -> FieldValue {
    let word = pick(&WORDS, a);
    match b % 4 {
        0 => FieldValue::Personal(Personal::new(erased().subject, word.into())),
        1 => FieldValue::Personal(Personal {
            subject: erased().subject,
            value: None,
            commitment: None,
        }),
        _ => open_field(word),
    }
}

/// Something that happens to a ticket, whether a rule would have let it happen or not.
pub(crate) fn an_event(key: &TicketKey, dice: Dice) -> TicketEvent {
    let (kind, a, b, c) = dice;
    let side = Side::Agent;
    match kind % 12 {
        0 => comment(&words(a, b), Visibility::Public),
        1 => comment(&words(a, b), Visibility::Internal),
        2 if c % 4 == 0 => TicketEvent::Described {
            side,
            description: erased(),
        },
        2 => TicketEvent::Described {
            side,
            description: personal(&words(a, b)),
        },
        3 => a_file(pick(&WORDS, a)),
        4 => TicketEvent::Assigned {
            side,
            assignee: (a % 3 != 0).then(|| account(u128::from(b % 5))),
        },
        5 => an_edit((a, b, c, kind)),
        6 => TicketEvent::Shared {
            side,
            organizations: [organization(pick(&ORGANIZATIONS, a))].into(),
        },
        7 => TicketEvent::Unshared {
            side,
            organizations: [organization(pick(&ORGANIZATIONS, a))].into(),
        },
        _ => a_move(key, dice),
    }
}

pub(crate) fn a_file(name: &str) -> TicketEvent {
    TicketEvent::Attached(Box::new(Attached {
        side: Side::Requester,
        attachment: domain::AttachmentId(Uuid::from_u128(1)),
        subject: personal("").subject,
        name: personal(&format!("{name}.png")),
        size: 1,
        media_type: "image/png".to_owned(),
        content_sha256: personal("0"),
        blob: "0".to_owned(),
        blob_sha256: "0".to_owned(),
    }))
}

/// Something that changes the status.
pub(crate) fn a_move(key: &TicketKey, (kind, a, b, c): Dice) -> TicketEvent {
    let status = |die| {
        if key.as_str().starts_with("SAV") {
            pick(&SAV_STATUSES, die)
        } else {
            pick(&STATUSES, die)
        }
    };
    let (from, to) = (status(a).parse().unwrap(), status(b).parse().unwrap());
    let (side, approval) = (
        Side::Agent,
        domain::ApprovalId(Uuid::from_u128(u128::from(a % 3))),
    );
    let removed = if c % 5 == 0 {
        ["product".to_owned()].into()
    } else {
        BTreeSet::new()
    };
    match kind % 4 {
        0 => TicketEvent::Transitioned(Transitioned {
            side,
            action: "take".to_owned(),
            from,
            to,
            fields: if c % 3 == 0 {
                [("resolution".to_owned(), open_field("done"))].into()
            } else {
                [].into()
            },
            removed,
            customer: None,
            comment: None,
        }),
        1 => TicketEvent::ApprovalRequested(ApprovalRequested {
            side,
            approval,
            proposal: personal(&words(a, c)),
            from,
            to,
            comment: None,
        }),
        2 => {
            let decision = if c % 2 == 0 {
                Verdict::Accept
            } else {
                Verdict::Refuse
            };
            TicketEvent::ApprovalDecided(ApprovalDecided {
                side,
                approval,
                decision,
                from,
                to,
                removed,
                comment: None,
            })
        }
        _ => TicketEvent::Reopened {
            side,
            from,
            to,
            reason: personal(&words(b, c)),
            comment: domain::CommentId(Uuid::from_u128(1)),
            removed: ["resolution".to_owned()].into(),
        },
    }
}

pub(crate) fn a_viewer(grants: &[Dice], (a, b, c, _): Dice) -> Viewer {
    let roles = [
        Role::Requester,
        Role::Agent,
        Role::LocalAdmin,
        Role::Operator,
        Role::Supplier,
        Role::Auditor,
        Role::Admin,
    ];
    let grant = |&(role, desk, limit, _): &Dice| Grant {
        role: roles[usize::from(role) % roles.len()],
        desk: (desk % 3 != 0).then(|| pick(&["SUP", "SAV"], desk / 3).parse().unwrap()),
        organization: (limit % 3 != 0).then(|| organization(pick(&ORGANIZATIONS, limit / 3))),
    };
    let mine = ORGANIZATIONS
        .iter()
        .enumerate()
        .filter(|(index, _)| b >> index & 1 == 1 && c % 2 == 0);
    Viewer {
        account: account(u128::from(a % 5)),
        grants: grants.iter().map(grant).collect(),
        organizations: mine.map(|(_, id)| organization(id)).collect(),
        within: std::sync::Arc::default(),
    }
}

pub(crate) fn a_query((filter, a, b, sort): Dice, (columns, q, c, limit): Dice) -> QueueQuery {
    let mut query = QueueQuery {
        fields: ["product", "technicalId", "resolution"]
            .map(str::to_owned)
            .to_vec(),
        limit: u32::from(limit % 5) + 1,
        ..QueueQuery::default()
    };
    match filter % 14 {
        0 => query.desk = pick(&["SUP", "SAV"], a).parse().ok(),
        1 => query.status = vec![pick(&STATUSES, a).to_owned(), pick(&SAV_STATUSES, b).to_owned()],
        2 => query.category = Some([Category::New, Category::Active, Category::Waiting][usize::from(a % 3)]),
        3 => query.requester = Some(account(u128::from(a % 5))),
        4 => query.created_by = Some(account(u128::from(a % 5))),
        5 => query.assignee = Some(AssigneeFilter::Account(account(u128::from(a % 5)))),
        6 => query.assignee = Some(AssigneeFilter::Nobody),
        7 => query.organization = Some(organization(pick(&ORGANIZATIONS, a))),
        8 => query.priority = Some(pick(&PRIORITIES, a).to_owned()),
        9 => query.private = Some(a % 2 == 0),
        10 => query.response_required = Some(a % 2 == 0),
        11 => query.lookup = Some(pick(&WORDS, a).to_owned()),
        12 => query.updated_after = Some(start() + chrono::TimeDelta::seconds(i64::from(a % 40))),
        _ => query.created_before = Some(start() + chrono::TimeDelta::seconds(i64::from(a % 40))),
    }
    if filter % 14 == 1 && b % 2 == 0 {
        query.desk = "SUP".parse().ok();
    }
    for (index, die) in [sort, columns].into_iter().enumerate().take(usize::from(c % 3)) {
        let column = pick(&COLUMNS, die).to_owned();
        if index == 0 || query.sort[0].column != column {
            query.sort.push(Sort {
                column,
                descending: die % 2 == 0,
            });
        }
    }
    query.q = match q % 7 {
        0 => Some(pick(&WORDS, a).to_uppercase()),
        1 => Some(format!("{} {}", pick(&WORDS, a), pick(&WORDS, b))),
        2 => Some(format!("\"{} {}\"", pick(&WORDS, a), pick(&WORDS, b))),
        3 => Some(pick(&WORDS, a).chars().take(3).collect()),
        4 => Some("sup-2".to_owned()),
        _ => None,
    };
    query
}
