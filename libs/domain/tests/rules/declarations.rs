//! What is declared once (seed 001 §3.3.2, second block) stays as it was when the ticket was opened.

use domain::{
    desk::Desk,
    ticket::{Action, Edit, Rejection},
};
use serde_json::{Value, json};

use crate::given::{
    SAV, Ticket, a_report, a_revisable_report, agent, follow, given, kinds, object, operator, person, report,
    report_fields, supplier,
};

/// Seed 001 §3.3.2, from `troubleDescription` to `alreadyOperated`; `troubleDescription` is the ticket's description.
const SECOND_BLOCK: [&str; 15] = [
    "troubleDetectionTime",
    "serviceProviderID",
    "serviceProviderName",
    "serviceProviderUnit",
    "serviceProviderPhoneNumber",
    "supplierID",
    "troubleTicketType",
    "offerId",
    "commercialId",
    "technicalId",
    "serviceProviderTroubleTicketKey",
    "defectClassId",
    "defectDescription",
    "defectPrelocalization",
    "alreadyOperated",
];

fn edit(fields: Value, description: Option<&str>) -> Action {
    Action::Edit(Box::new(Edit {
        fields: object(fields),
        description: description.map(str::to_owned),
        ..Edit::nothing(person(902))
    }))
}

fn frozen(fields: &[&str]) -> Rejection {
    Rejection::DeclarationFrozen {
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    }
}

/// Fault P15: agents and operators rewrote the declaration, and SOAP's get showed it rewritten.
#[test]
fn each_field_of_the_declaration_is_fixed_at_creation() {
    let ticket = a_report();
    for field in SECOND_BLOCK {
        let pointer = format!("/fields/{field}");
        for value in [json!("autre"), json!(2), Value::Null] {
            if ticket.state.fields.get(field).unwrap_or(&Value::Null) == &value {
                continue;
            }
            let asked = ticket.asked(&agent(), edit(json!({field: value}), None));
            assert_eq!(asked, Err(frozen(&[&pointer])), "{field}: {value}");
        }
    }
    let known = SAV.form("signalisation").unwrap();
    let declared: Vec<&str> = SECOND_BLOCK
        .into_iter()
        .filter(|field| known.is_declared(field))
        .collect();
    assert_eq!(declared, SECOND_BLOCK);
}

/// Fault P15: the description is the seed's `troubleDescription`.
#[test]
fn the_description_of_a_declaration_is_fixed_for_both_sides() {
    let ticket = a_report();
    for viewer in [operator(), agent()] {
        let asked = ticket.asked(&viewer, edit(json!({}), Some("Autre chose.")));
        assert_eq!(asked, Err(frozen(&["/description"])));
    }
    let both = edit(
        json!({"offerId": "FTTH+", "alreadyOperated": false}),
        Some("Autre chose."),
    );
    let told = frozen(&["/description", "/fields/alreadyOperated", "/fields/offerId"]);
    assert_eq!(ticket.asked(&agent(), both), Err(told));
}

/// Fault P15: what is sent again as it stands, and what is no part of the declaration, is no rewriting.
#[test]
fn what_stays_as_it_is_may_be_sent_again() {
    let ticket = a_report();
    let same = Value::Object(report_fields());
    let description = ticket.state.description.clone().unwrap();
    assert_eq!(
        ticket.asked(&agent(), edit(same, Some(&description))),
        Ok(Vec::new())
    );
    let spelt_otherwise =
        json!({"troubleTicketType": 1.0, "troubleDetectionTime": "2026-03-01t08:00:00+01:00"});
    assert_eq!(
        ticket.asked(&agent(), edit(spelt_otherwise, None)),
        Ok(Vec::new())
    );
    let name = json!({"customerAccessibilityHours": "Le matin"});
    assert_eq!(
        kinds(&ticket.asked(&agent(), edit(name, None)).unwrap()),
        ["edited"]
    );
    let summary = Action::Edit(Box::new(Edit {
        summary: Some("Panne".to_owned()),
        ..Edit::nothing(person(902))
    }));
    assert_eq!(kinds(&ticket.asked(&agent(), summary).unwrap()), ["edited"]);
}

/// Fault P15: an action of the desk cannot rewrite it either, whatever its form takes.
#[test]
fn the_fields_of_an_action_leave_the_declaration_alone() {
    let mut definition = SAV.definition().clone();
    let update = definition
        .transitions
        .iter_mut()
        .find(|of| of.id == "supplier_update")
        .unwrap();
    update.form.as_mut().unwrap().fields.push("offerId".to_owned());
    let desk: &'static Desk = Box::leak(Box::new(Desk::load(definition).unwrap()));
    let ticket: Ticket = given(desk, &operator(), report(&operator()));
    let asked = |offer: &str| {
        ticket.asked(
            &supplier(),
            follow("supplier_update", None, json!({"offerId": offer})),
        )
    };
    assert_eq!(asked("FTTH+"), Err(frozen(&["/fields/offerId"])));
    assert_eq!(kinds(&asked("FTTH").unwrap()), ["transitioned"]);
}

/// Fault P15: a definition that was stored before the attribute holds what it held, and one that clears what is declared is
/// refused.
#[test]
fn what_is_declared_is_said_by_the_definition() {
    let ticket = a_revisable_report();
    let changed = edit(json!({"offerId": "FTTH+"}), Some("Autre chose."));
    assert_eq!(
        kinds(&ticket.asked(&agent(), changed).unwrap()),
        ["edited", "described"]
    );

    let mut clearing = SAV.definition().clone();
    clearing.transitions[0].clears.insert("offerId".to_owned());
    let faults = Desk::load(clearing).unwrap_err().faults;
    assert_eq!(
        faults,
        ["transition withdraw clears the field offerId, which is declared once"]
    );
}
