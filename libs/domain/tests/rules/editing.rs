//! Changing what is written: only what changes, only by whom it is open to, and the form holds as a whole.

use std::collections::BTreeSet;

use domain::{
    Personal,
    fault::FaultCode::{Forbidden, Format, Length, Required, Unknown, Value as Wrong},
    policy::{Grant, Role, Side},
    ticket::{
        Action, Edit, Open, Rejection, TicketEvent,
        event::{Edited, FieldValue},
        text::TEXT_BYTES_MAX,
    },
};
use serde_json::{Value, json};

use crate::given::{
    SUP, Ticket, a_question, a_revisable_report, agent, at, auditor, colleague, faults, given, grant, kinds,
    object, organization, person, question, requester, stranger, supplier, viewer,
};

fn edit() -> Edit {
    Edit::nothing(person(902))
}

fn fields(fields: Value) -> Action {
    Action::Edit(Box::new(Edit {
        fields: object(fields),
        ..edit()
    }))
}

fn of(edit: Edit) -> Action {
    Action::Edit(Box::new(edit))
}

fn incident() -> Ticket {
    let fields = object(json!({"product": "Agenda", "steps": "Cliquer."}));
    given(
        &SUP,
        &requester(),
        Open {
            request_type: "incident".to_owned(),
            fields,
            ..question(&requester())
        },
    )
}

#[test]
fn an_edit_that_says_what_is_there_changes_nothing() {
    let same = Edit {
        summary: Some("Imprimante".to_owned()),
        description: Some("Elle n'imprime plus.".to_owned()),
        priority: Some("normal".to_owned()),
        urgency: Some("medium".to_owned()),
        request_type: Some("incident".to_owned()),
        organization: Some(organization("commune-a")),
        private: Some(false),
        notify: Some(true),
        fields: object(json!({"product": "Agenda", "steps": "Cliquer.", "equipment": null})),
        ..edit()
    };
    assert_eq!(incident().asked(&agent(), of(same)), Ok(Vec::new()));
    assert_eq!(incident().asked(&requester(), of(edit())), Ok(Vec::new()));
}

#[test]
fn only_what_changes_is_in_the_event() {
    let changed = Edit {
        summary: Some("Agenda".to_owned()),
        priority: Some("high".to_owned()),
        urgency: Some("medium".to_owned()),
        private: Some(true),
        fields: object(json!({"product": "Agenda", "steps": null, "equipment": "PC 7"})),
        ..edit()
    };
    let mut ticket = incident();
    let expected = Edited {
        side: Side::Agent,
        summary: Some(Personal::new(person(1), "Agenda".to_owned())),
        priority: Some("high".to_owned()),
        urgency: None,
        request_type: None,
        organization: None,
        private: Some(true),
        notify: None,
        fields: [(
            "equipment".to_owned(),
            FieldValue::Personal(Personal::new(person(1), json!("PC 7"))),
        )]
        .into(),
        removed: BTreeSet::from(["steps".to_owned()]),
        customer: None,
    };
    assert_eq!(
        ticket.when(&agent(), of(changed)),
        Ok(vec![TicketEvent::Edited(Box::new(expected))])
    );
    assert_eq!(ticket.document.summary.as_deref(), Some("Agenda"));
    assert_eq!(
        ticket.document.fields.keys().collect::<Vec<_>>(),
        ["equipment", "product"]
    );
    assert!(ticket.document.private && ticket.document.notify);
}

#[test]
fn a_new_description_is_an_event_of_its_own() {
    let mut ticket = a_question();
    let changed = Edit {
        description: Some("Plus rien.".to_owned()),
        notify: Some(false),
        ..edit()
    };
    assert_eq!(
        kinds(&ticket.when(&requester(), of(changed)).unwrap()),
        ["edited", "described"]
    );
    assert_eq!(ticket.document.description.as_deref(), Some("Plus rien."));
}

#[test]
fn the_requester_changes_their_words_and_not_what_agents_decide() {
    for changed in [
        Edit {
            summary: Some("Autre".to_owned()),
            ..edit()
        },
        Edit {
            description: Some("Autre".to_owned()),
            ..edit()
        },
        Edit {
            private: Some(true),
            ..edit()
        },
        Edit {
            notify: Some(false),
            ..edit()
        },
    ] {
        assert_eq!(
            a_question()
                .asked(&requester(), of(changed.clone()))
                .unwrap()
                .len(),
            1
        );
        for other in [colleague(), stranger(), supplier(), auditor()] {
            let refused = a_question().asked(&other, of(changed.clone()));
            assert!(
                matches!(refused, Err(Rejection::NotPermitted { .. })),
                "{changed:?}"
            );
        }
    }
    for changed in [
        Edit {
            priority: Some("critical".to_owned()),
            ..edit()
        },
        Edit {
            urgency: Some("very_high".to_owned()),
            ..edit()
        },
        Edit {
            request_type: Some("incident".to_owned()),
            ..edit()
        },
        Edit {
            organization: Some(organization("commune-b")),
            ..edit()
        },
        Edit {
            fields: object(json!({"product": "Agenda"})),
            ..edit()
        },
    ] {
        let refused = a_question().asked(&requester(), of(changed.clone()));
        assert!(
            matches!(refused, Err(Rejection::NotPermitted { .. })),
            "{changed:?}"
        );
    }
}

#[test]
fn all_faults_of_an_edit_are_told_at_once() {
    let wrong = Edit {
        summary: Some("a\nb".to_owned()),
        description: Some("x".repeat(TEXT_BYTES_MAX + 1)),
        priority: Some("huge".to_owned()),
        urgency: Some("now".to_owned()),
        fields: object(json!({"product": null, "colour": "red", "shape": null})),
        ..edit()
    };
    assert_eq!(
        faults(incident().asked(&agent(), of(wrong))),
        [
            at("/summary", Format),
            at("/description", Length),
            at("/priority", Wrong),
            at("/urgency", Wrong),
            at("/fields/colour", Unknown),
            at("/fields/product", Required),
            at("/fields/shape", Unknown),
        ]
    );
}

#[test]
fn a_conditional_rule_sees_the_fields_that_stay() {
    let ticket = a_revisable_report();
    let taken = fields(json!({"technicalId": null}));
    assert_eq!(
        faults(ticket.asked(&agent(), taken)),
        [at("/fields/commercialId", Required)]
    );
    let swapped = fields(json!({"technicalId": null, "commercialId": "PREST-1"}));
    assert_eq!(kinds(&ticket.asked(&agent(), swapped).unwrap()), ["edited"]);
    let appointment = fields(json!({"appointmentMode": "SANS_PLAN_DE_CHARGE", "customerLastName": "Martin"}));
    assert_eq!(
        faults(ticket.asked(&agent(), appointment)),
        [
            at("/fields/contactPhoneNumber1", Required),
            at("/fields/customerFirstName", Required)
        ]
    );
}

#[test]
fn what_an_erased_person_leaves_empty_does_not_hinder_later_edits() {
    let mut ticket = a_revisable_report();
    ticket.state.fields.remove("technicalId").unwrap();
    assert_eq!(
        kinds(
            &ticket
                .asked(&agent(), fields(json!({"offerId": "FTTH+"})))
                .unwrap()
        ),
        ["edited"]
    );
    assert_eq!(
        faults(ticket.asked(&agent(), fields(json!({"offerId": 1})))),
        [at("/fields/offerId", domain::fault::FaultCode::Type)]
    );
    assert_eq!(
        faults(ticket.asked(&agent(), fields(json!({"offerId": null})))),
        [at("/fields/offerId", Required)]
    );
}

#[test]
fn a_wrong_value_is_no_better_for_taking_the_place_of_another() {
    let mut ticket = a_revisable_report();
    ticket.state.fields.insert("offerId".to_owned(), json!(1));
    let told = faults(ticket.asked(&agent(), fields(json!({"offerId": 2}))));
    assert_eq!(told, [at("/fields/offerId", domain::fault::FaultCode::Type)]);
    assert!(
        ticket
            .asked(&agent(), fields(json!({"defectClassId": "2"})))
            .is_ok()
    );
}

#[test]
fn a_ticket_changes_its_type_when_the_new_form_is_filled_in() {
    let to_incident = |fields: Value| {
        of(Edit {
            request_type: Some("incident".to_owned()),
            fields: object(fields),
            ..edit()
        })
    };
    let mut ticket = a_question();
    assert_eq!(
        faults(ticket.asked(&agent(), to_incident(json!({})))),
        [at("/fields/product", Required)]
    );
    ticket
        .when(&agent(), to_incident(json!({"product": "Agenda"})))
        .unwrap();
    assert_eq!(ticket.document.request_type, "incident");
    assert_eq!(ticket.document.fields["product"], "Agenda");
    let unknown = of(Edit {
        request_type: Some("wish".to_owned()),
        ..edit()
    });
    assert_eq!(faults(ticket.asked(&agent(), unknown)), [at("/type", Wrong)]);
}

#[test]
fn a_customer_named_by_an_edit_for_the_first_time_is_minted_then() {
    let mut ticket = a_question();
    let changed = Edit {
        request_type: Some("account_request".to_owned()),
        fields: object(json!({"person_name": "Jean Neuf", "person_email": "jean.neuf@commune-a.example"})),
        ..edit()
    };
    let events = ticket.when(&agent(), of(changed)).unwrap();
    let [TicketEvent::Edited(edited)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(edited.customer, Some(person(902)));
    let name = FieldValue::Personal(Personal::new(person(902), json!("Jean Neuf")));
    assert_eq!(edited.fields["person_name"], name);
    let said = Action::Comment {
        text: crate::given::text(64, "Compte de Jean."),
        visibility: Default::default(),
    };
    let events = ticket.when(&requester(), said).unwrap();
    let data = domain::Event::Ticket(events[0].clone()).encode().unwrap().1;
    assert_eq!(data["body"]["personal"]["subject"], json!(person(902)));
}

#[test]
fn a_ticket_moves_only_to_an_organization_whose_tickets_one_treats() {
    let to = |name: &str| {
        of(Edit {
            organization: Some(organization(name)),
            ..edit()
        })
    };
    let mut referent = viewer(6, Role::LocalAdmin, &[]);
    referent.grants = BTreeSet::from([Grant {
        organization: Some(organization("commune-a")),
        ..grant(Role::LocalAdmin)
    }]);
    assert_eq!(
        faults(a_question().asked(&referent, to("commune-b"))),
        [at("/organization", Forbidden)]
    );
    let mut ticket = a_question();
    ticket.when(&agent(), to("commune-b")).unwrap();
    assert_eq!(ticket.document.organization, Some(organization("commune-b")));
}
