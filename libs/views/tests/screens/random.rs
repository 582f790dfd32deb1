//! Random histories, viewers and queries: the file answers what the model answers, live and rebuilt.

use std::{collections::BTreeSet, fs};

use domain::{
    Event, TicketKey,
    desk::Category,
    policy::{self, Grant, Role, Side, Viewer},
    ticket::{
        TicketEvent, Visibility,
        event::{ApprovalDecided, ApprovalRequested, Attached, Edited, Opened, Transitioned, Verdict},
    },
};
use proptest::prelude::*;
use uuid::Uuid;
use views::{AssigneeFilter, Options, QueueQuery, Sort};

use crate::{
    model::Model,
    world::{World, account, comment, erased, open_field, opened, organization, personal, stamp, start},
};

const WORDS: [&str; 6] = ["écran", "noir", "Bourrage", "papier", "l'accueil", "Problème"];
const STATUSES: [&str; 4] = ["open", "in_progress", "waiting_customer", "closed"];
const SAV_STATUSES: [&str; 3] = ["queued", "open_active", "cleared"];
const PRIORITIES: [&str; 2] = ["normal", "high"];
const ORGANIZATIONS: [&str; 3] = ["commune-a", "commune-b", "commune-c"];
const COLUMNS: [&str; 17] = [
    "key",
    "desk",
    "type",
    "summary",
    "status",
    "priority",
    "urgency",
    "requester",
    "created_by",
    "assignee",
    "organization",
    "created_at",
    "updated_at",
    "response_required",
    "version",
    "event_count",
    "private",
];

/// A few small numbers from which something is made.
type Dice = (u8, u8, u8, u8);

fn dice() -> impl Strategy<Value = Dice> {
    (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>())
}

fn pick<'a, T: ?Sized>(from: &[&'a T], die: u8) -> &'a T {
    from[usize::from(die) % from.len()]
}

fn words(a: u8, b: u8) -> String {
    format!("{} {}", pick(&WORDS, a), pick(&WORDS, b))
}

fn maybe_organization(die: u8) -> Option<domain::OrganizationId> {
    (die % 4 != 3).then(|| organization(pick(&ORGANIZATIONS, die % 4)))
}

fn an_opening((a, b, c, d): Dice) -> Opened {
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

fn an_edit((a, b, c, d): Dice) -> TicketEvent {
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
            [("product".to_owned(), open_field(pick(&WORDS, a)))].into()
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

/// Something that happens to a ticket, whether a rule would have let it happen or not.
fn an_event(key: &TicketKey, dice: Dice) -> TicketEvent {
    let (kind, a, b, c) = dice;
    let side = Side::Agent;
    match kind % 11 {
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
        _ => a_move(key, dice),
    }
}

fn a_file(name: &str) -> TicketEvent {
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
fn a_move(key: &TicketKey, (kind, a, b, c): Dice) -> TicketEvent {
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

fn a_viewer(grants: &[Dice], (a, b, c, _): Dice) -> Viewer {
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
    }
}

fn a_query((filter, a, b, sort): Dice, (columns, q, c, limit): Dice) -> QueueQuery {
    let mut query = QueueQuery {
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
        11 => query.technical_id = Some(pick(&WORDS, a).to_owned()),
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

fn check(world: &World, model: &Model, viewer: &Viewer, query: &QueueQuery) {
    let visible = policy::visible(viewer);
    let expected = model.queue(viewer, query);
    let (mut query, mut rows) = (query.clone(), Vec::new());
    loop {
        let page = world.views.queue(&visible, &query).unwrap();
        assert_eq!(
            (page.total, page.total_exact),
            (expected.len() as u64, true),
            "{viewer:?} {query:?}"
        );
        rows.extend(page.rows);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let keys = |keys: Vec<&TicketKey>| keys.iter().map(|key| key.to_string()).collect::<Vec<_>>();
    let found = keys(rows.iter().map(|row| &row.key).collect());
    assert_eq!(
        found,
        keys(expected.iter().map(|told| &told.key).collect()),
        "{viewer:?} {query:?}"
    );
    for (row, told) in rows.iter().zip(expected) {
        let document = &told.document;
        assert_eq!(row.event_count, told.event_count(viewer), "{}", row.key);
        assert_eq!(
            (
                &row.summary,
                &row.status,
                &row.priority,
                &row.urgency,
                &row.request_type
            ),
            (
                &document.summary,
                &document.status,
                &document.priority,
                &document.urgency,
                &document.request_type
            )
        );
        assert_eq!(
            (
                row.requester,
                row.created_by,
                row.assignee,
                &row.organization,
                row.private
            ),
            (
                document.requester,
                document.created_by,
                document.assignee,
                &document.organization,
                document.private
            )
        );
        assert_eq!(
            (row.created_at, row.updated_at, row.version, row.position.0),
            (
                document.created_at,
                document.updated_at,
                document.version,
                document.position
            )
        );
    }
}

fn model() -> Model {
    let names = [(1, "Zoé"), (2, "Émile"), (3, "Anne"), (4, "emma")];
    Model {
        names: names
            .into_iter()
            .map(|(number, name)| (account(number), name))
            .collect(),
        organizations: [("commune-a", "Ville de Zwin"), ("commune-b", "Athènes")].into(),
        desks: domain::desk::shipped().unwrap(),
        ..Model::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_queue_shows_what_the_policy_lets_see_live_and_rebuilt(
        history in prop::collection::vec((any::<u8>(), dice()), 1..70),
        viewers in prop::collection::vec((prop::collection::vec(dice(), 0..3), dice()), 1..6),
        queries in prop::collection::vec((dice(), dice()), 1..12),
        (search_tickets_max, search_probes_max) in (0_usize..4, 0_usize..4),
    ) {
        // Limits so small that every way to search is gone.
        let options = Options { search_tickets_max, search_probes_max, ..Options::default() };
        let (mut world, mut model) = (World::with(options), model());
        let mut keys: Vec<TicketKey> = Vec::new();
        for (which, dice) in history {
            let open = keys.is_empty() || (which % 4 == 0 && keys.len() < 12);
            let appended = if open {
                let opened = an_opening(dice);
                let by = if dice.0 % 2 == 0 { opened.requester } else { account(u128::from(dice.1 % 5)) };
                let key = world.ticket_by(by, opened);
                keys.push(key.clone());
                world.log.read_stream(&key.as_str().parse().unwrap(), event_log::Version(0), 1).unwrap()
            } else {
                let key = &keys[usize::from(which) % keys.len()];
                let event = Event::Ticket(an_event(key, dice));
                world.append(key.as_str(), account(3), vec![event]).events
            };
            for recorded in &appended {
                let data = serde_json::from_str(recorded.envelope.data.get()).unwrap();
                let Event::Ticket(event) = Event::decode(&recorded.envelope.event_type, data).unwrap() else {
                    panic!("no ticket's event")
                };
                let key = recorded.envelope.stream.as_str().parse().unwrap();
                model.happened(&key, &stamp(recorded), &event);
            }
            // Waiting now and then makes transactions of one event and of many.
            if which % 3 == 0 {
                world.catch_up();
            }
            if which % 31 == 0 {
                world.reopen(|_| {});
            }
        }
        world.catch_up();
        let all = || viewers.iter().flat_map(|(grants, dice)| {
            let viewer = a_viewer(grants, *dice);
            queries.iter().map(move |(a, b)| (viewer.clone(), a_query(*a, *b)))
        });
        for (viewer, query) in all() {
            check(&world, &model, &viewer, &query);
            check(&world, &model, &viewer, &QueueQuery { limit: 3, ..QueueQuery::default() });
        }
        let live = world.dump();
        world.reopen(|dir| fs::remove_dir_all(dir).unwrap());
        prop_assert_eq!(world.dump(), live);
        for (viewer, query) in all() {
            check(&world, &model, &viewer, &query);
        }
    }
}
