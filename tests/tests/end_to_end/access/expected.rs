//! The file of expected answers, `tests/access.csv`. Its head says how it is read.

use std::{fmt, fs, path::PathBuf};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Anonymous,
    Requester,
    Agent,
    LocalAdmin,
    Operator,
    Supplier,
    Auditor,
    Admin,
}

/// The columns of the file, in their order.
pub(super) const ROLES: [(Role, &str); 8] = [
    (Role::Anonymous, "anonymous"),
    (Role::Requester, "requester"),
    (Role::Agent, "agent"),
    (Role::LocalAdmin, "local_admin"),
    (Role::Operator, "operator"),
    (Role::Supplier, "supplier"),
    (Role::Auditor, "auditor"),
    (Role::Admin, "admin"),
];

/// How the ticket that is asked about stands to the caller. For accounts and organizations the head of the file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    /// The caller is its requester.
    Own,
    /// A colleague is, and it is not private.
    SameOrganization,
    /// Somebody of another organization is, on a desk where the caller's role holds.
    OtherOrganization,
    /// Somebody of another organization is, on a desk where the caller has no role; for roles that hold everywhere,
    /// on another desk.
    OtherDesk,
    /// It is the caller's own and carries an internal note, which is looked for in the answer.
    InternalNote,
    /// A colleague's private ticket.
    Private,
    /// A ticket of another organization that is shared with the caller's.
    Shared,
}

const RELATIONS: [(Relation, &str); 7] = [
    (Relation::Own, "own"),
    (Relation::SameOrganization, "same_organization"),
    (Relation::OtherOrganization, "other_organization"),
    (Relation::OtherDesk, "other_desk"),
    (Relation::InternalNote, "internal_note"),
    (Relation::Private, "private"),
    (Relation::Shared, "shared"),
];

impl Relation {
    /// Those that every operation has an answer for; `any` stands for those that it does not tell apart.
    pub(super) const REQUIRED: [Relation; 5] = [
        Relation::Own,
        Relation::SameOrganization,
        Relation::OtherOrganization,
        Relation::OtherDesk,
        Relation::InternalNote,
    ];
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = RELATIONS.iter().find(|(relation, _)| relation == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ROLES.iter().find(|(role, _)| role == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// What a cell says: a status, and whether what is looked for shows in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) status: u16,
    /// `None` when nothing is looked for.
    pub(super) shown: Option<bool>,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.shown {
            None => "",
            Some(true) => "+",
            Some(false) => "-",
        };
        write!(f, "{}{sign}", self.status)
    }
}

/// One line of the file.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) operation: String,
    /// What tells ways to ask the same operation apart; empty when there is one.
    pub(super) case: String,
    /// `None` for `any`.
    pub(super) relation: Option<Relation>,
    /// By [`ROLES`].
    pub(super) expected: [Expected; 8],
}

/// One cell of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) line: &'a Line,
    pub(super) role: Role,
    pub(super) expected: Expected,
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { operation, case, .. } = self.line;
        let gap = if case.is_empty() { "" } else { " " };
        write!(f, "{operation}{gap}{case} {}", self.role)?;
        match self.line.relation {
            Some(relation) => write!(f, " {relation}"),
            None => f.write_str(" any"),
        }
    }
}

/// Reads the file; whatever in it cannot be read fails with its line.
pub(super) fn read() -> Vec<Line> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("access.csv");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut numbered = text
        .lines()
        .enumerate()
        .map(|(index, text)| (index + 1, text.trim()))
        .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
    let roles: Vec<&str> = ROLES.iter().map(|(_, name)| *name).collect();
    let head = format!("operation,case,relation,{}", roles.join(","));
    assert_eq!(
        numbered.next().map(|(_, text)| text),
        Some(&*head),
        "the head of tests/access.csv"
    );
    let mut lines: Vec<Line> = Vec::new();
    for (number, text) in numbered {
        let line = line(text).unwrap_or_else(|why| panic!("tests/access.csv, line {number}: {why}"));
        let twice = lines.iter().any(|other| {
            (&other.operation, &other.case, other.relation) == (&line.operation, &line.case, line.relation)
        });
        assert!(
            !twice,
            "tests/access.csv, line {number}: an earlier line says the same"
        );
        lines.push(line);
    }
    lines
}

fn line(text: &str) -> Result<Line, String> {
    let columns: Vec<&str> = text.split(',').map(str::trim).collect();
    let [operation, case, relation, cells @ ..] = &columns[..] else {
        return Err("has too few columns".to_owned());
    };
    let relation = match *relation {
        "any" => None,
        named => {
            let known = RELATIONS.iter().find(|(_, name)| *name == named);
            Some(known.ok_or_else(|| format!("{named} is no relation"))?.0)
        }
    };
    let expected: Result<Vec<Expected>, String> = cells.iter().map(|text| expected(text)).collect();
    let expected = expected?;
    Ok(Line {
        operation: (*operation).to_owned(),
        case: (*case).to_owned(),
        relation,
        expected: <[Expected; 8]>::try_from(expected)
            .map_err(|cells| format!("has {} cells, not {}", cells.len(), ROLES.len()))?,
    })
}

fn expected(text: &str) -> Result<Expected, String> {
    let (status, shown) = match text.as_bytes().last() {
        Some(b'+') => (&text[..text.len() - 1], Some(true)),
        Some(b'-') => (&text[..text.len() - 1], Some(false)),
        Some(_) | None => (text, None),
    };
    let status: u16 = status
        .parse()
        .map_err(|error| format!("{text:?} is no cell: {error}"))?;
    if (200..600).contains(&status) {
        Ok(Expected { status, shown })
    } else {
        Err(format!("{status} is no status"))
    }
}
