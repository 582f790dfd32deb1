//! The access matrix: who may do and see what, operation by operation, observed over HTTP.
//!
//! `tests/access.csv` holds what the rules want (policy, desks, design §6), written by hand and read by no product code.
//! This test asks a started server for every operation of the contract, as every role, on a ticket, an account or an
//! organization that stands in every relation to the caller, and compares. An operation that is in one of contract, file
//! and table alone fails by name, and so does a status that the contract does not tell of.
//!
//! | file | holds |
//! |---|---|
//! | `expected` | the file, read |
//! | `contract` | method, path and statuses of every operation, from the served contract |
//! | `cast` | which account plays which role, and who is its colleague and who a stranger; made over REST |
//! | `subject` | tickets that stand to a caller as a cell wants them |
//! | `target` | accounts and organizations that do |
//! | `asked` | a way to ask an operation: when, about what, with which request, and what is looked for |
//! | `world` | the server, everybody who asks it, and what cells share |
//! | `scene` | one cell being played: who asks, about what, and what is seen of the answer |
//! | one file per resource | how each operation is asked |
//! | `probes` | names of accounts, asked for in the hope of learning whether there are such |

mod accounts;
mod approvals;
mod asked;
mod attachments;
mod audit;
mod auth;
mod cast;
mod comments;
mod contract;
mod deliveries;
mod desks;
mod expected;
mod health;
mod history;
mod me;
mod organizations;
mod persons;
mod probes;
mod recovery;
mod scene;
mod series;
mod subject;
mod target;
mod tickets;
mod world;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use self::{
    asked::{Row, Turn},
    expected::{Cell, Line, ROLES, Relation},
    scene::{Played, play},
    world::World,
};

/// How many cells are played at once: the server has a writer that groups, and most of a cell is waiting for it.
const PLAYERS: usize = 8;

/// Every way to ask an operation, resource by resource.
fn rows() -> Vec<Row> {
    [
        accounts::rows(),
        approvals::rows(),
        attachments::rows(),
        audit::rows(),
        auth::rows(),
        comments::rows(),
        deliveries::rows(),
        desks::rows(),
        health::rows(),
        history::rows(),
        me::rows(),
        organizations::rows(),
        persons::rows(),
        probes::rows(),
        recovery::rows(),
        series::rows(),
        tickets::rows(),
    ]
    .concat()
}

/// What is in one of contract, file and table and not in the others, and what the file leaves open.
fn gaps(contract: &BTreeSet<&str>, lines: &[Line], rows: &[Row]) -> Vec<String> {
    let in_file: BTreeSet<&str> = lines.iter().map(|line| line.operation.as_str()).collect();
    let cases: BTreeSet<(&str, &str)> = lines
        .iter()
        .map(|line| (line.operation.as_str(), line.case.as_str()))
        .collect();
    let asked: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.operation, row.case)).collect();
    let mut gaps = Vec::new();
    for operation in contract.difference(&in_file) {
        gaps.push(format!(
            "{operation} is in the contract and not in tests/access.csv"
        ));
    }
    for operation in in_file.difference(contract) {
        gaps.push(format!(
            "{operation} is in tests/access.csv and not in the contract"
        ));
    }
    for (operation, case) in cases.difference(&asked) {
        gaps.push(format!(
            "{operation} {case:?} is in tests/access.csv, and nothing here asks it"
        ));
    }
    for (operation, case) in asked.difference(&cases) {
        gaps.push(format!(
            "{operation} {case:?} is asked here and not in tests/access.csv"
        ));
    }
    for operation in &in_file {
        let of_it = || lines.iter().filter(|line| line.operation == *operation);
        let told: BTreeSet<Option<Relation>> = of_it().map(|line| line.relation).collect();
        let open = Relation::REQUIRED
            .iter()
            .filter(|relation| !told.contains(&Some(**relation)));
        if !told.contains(&None) {
            gaps.extend(open.map(|relation| {
                format!("{operation} has no line for {relation} in tests/access.csv, nor one for any")
            }));
        }
    }
    gaps
}

/// Every cell of the file that can be played, in the order in which they are.
fn cells<'a>(lines: &'a [Line], rows: &'a [Row], contract: &BTreeSet<&str>) -> Vec<(Cell<'a>, &'a Row)> {
    let mut cells = Vec::new();
    for line in lines {
        let row = rows
            .iter()
            .find(|row| (row.operation, row.case) == (&*line.operation, &*line.case));
        let Some(row) = row.filter(|_| contract.contains(&*line.operation)) else {
            continue;
        };
        for ((role, _), expected) in ROLES.into_iter().zip(line.expected) {
            let cell = Cell { line, role, expected };
            cells.push((cell, row));
        }
    }
    cells
}

/// Plays the cells of one turn, several at once unless each must be alone; answers them by their place among all.
fn played(world: &World, cells: &[(Cell<'_>, &Row)], turn: Turn, players: usize) -> Vec<(usize, Played)> {
    let (next, played) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..players {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((cell, row)) = cells.get(place) else {
                        break;
                    };
                    if row.turn == turn {
                        let outcome = play(world, cell, row);
                        played.lock().unwrap().push((place, outcome));
                    }
                }
            });
        }
    });
    played.into_inner().unwrap()
}

/// The relations of the five that a line answers for: its own, or those of which its operation has no line.
fn answered(line: &Line, lines: &[Line]) -> Vec<Relation> {
    let told = |relation: &Relation| {
        lines
            .iter()
            .any(|other| other.operation == line.operation && other.relation == Some(*relation))
    };
    match line.relation {
        Some(relation) => vec![relation],
        None => Relation::REQUIRED
            .into_iter()
            .filter(|relation| !told(relation))
            .collect(),
    }
}

#[test]
fn every_role_may_do_and_see_what_the_access_file_says_and_nothing_else() {
    let server = cast::server();
    let (lines, rows) = (expected::read(), rows());
    let world = World::begin(&server);
    let contract = world.operations();
    let mut faults = gaps(&contract, &lines, &rows);

    let cells = cells(&lines, &rows, &contract);
    let mut outcomes: Vec<(usize, Played)> = [(Turn::Alone, 1), (Turn::Crowd, PLAYERS), (Turn::Last, 1)]
        .into_iter()
        .flat_map(|(turn, players)| played(&world, &cells, turn, players))
        .collect();
    outcomes.sort();
    let (mut checked, mut differ) = (0, 0);
    let mut answers = BTreeSet::new();
    for (place, outcome) in outcomes {
        let (cell, _) = cells[place];
        match outcome {
            Played::AsExpected => {}
            Played::Otherwise(how) => {
                differ += 1;
                faults.push(format!("{cell}: {how}"));
            }
        }
        checked += 1;
        let relations = answered(cell.line, &lines).into_iter();
        answers.extend(
            relations
                .filter(|relation| Relation::REQUIRED.contains(relation))
                .map(|relation| (&*cell.line.operation, cell.role, relation)),
        );
    }
    let undeclared = world.undeclared();
    faults.extend(undeclared.iter().map(|(operation, status)| {
        format!("{operation} answers {status}, and its contract does not say so")
    }));
    let (operations, roles, relations) = (contract.len(), ROLES.len(), Relation::REQUIRED.len());
    println!(
        "access: {checked} cells checked, {differ} differ, {} answers are not in the contract; they answer for {} of {} \
         ({operations} operations, {roles} roles, {relations} relations)",
        undeclared.len(),
        answers.len(),
        operations * roles * relations,
    );
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
