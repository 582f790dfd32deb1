//! Opening a ticket: who may, what is mandatory, and whose values are whose.

use std::collections::BTreeSet;

use domain::{
    Personal,
    fault::FaultCode::{Forbidden, Format, Length, Required, Type, Unknown, Value as Wrong},
    policy::{Grant, Role, Side, Viewer},
    ticket::{
        Context, Open, Rejection, TicketEvent,
        event::{FieldValue, Opened},
        open,
        text::{INLINE_TEXT_BYTES_MAX, SUMMARY_CHARS_MAX, TEXT_BYTES_MAX},
    },
};
use serde_json::{Value, json};

use crate::given::{
    SAV, SIREN, SUP, agent, at, auditor, faults, grant, kinds, object, operator, organization, organizations,
    person, question, report, report_fields, requester, status, supplier, viewer,
};

fn opened_on(desk: &domain::desk::Desk, viewer: &Viewer, new: Open) -> Result<Vec<TicketEvent>, Rejection> {
    open::open(
        &Context {
            viewer,
            desk,
            at: crate::given::start(),
        },
        new,
    )
}

fn on_sup(viewer: &Viewer, new: Open) -> Result<Vec<TicketEvent>, Rejection> {
    opened_on(&SUP, viewer, new)
}

fn on_sav(viewer: &Viewer, new: Open) -> Result<Vec<TicketEvent>, Rejection> {
    opened_on(&SAV, viewer, new)
}

fn first(events: Result<Vec<TicketEvent>, Rejection>) -> Opened {
    let event = events.unwrap().remove(0);
    let TicketEvent::Opened(opened) = event else {
        panic!("{event:?}")
    };
    *opened
}

fn with(field: &str, value: Value) -> Open {
    let mut new = report(&operator());
    new.fields.insert(field.to_owned(), value);
    new
}

fn without(field: &str) -> Open {
    let mut new = report(&operator());
    new.fields.remove(field).unwrap();
    new
}

#[test]
fn a_question_needs_a_summary_and_a_description_and_nothing_else() {
    let expected = Opened {
        side: Side::Requester,
        desk: "SUP".parse().unwrap(),
        desk_version: SUP.definition().version,
        request_type: "question".to_owned(),
        summary: Personal::new(person(1), "Imprimante".to_owned()),
        description: Some(Personal::new(person(1), "Elle n'imprime plus.".to_owned())),
        status: status("open"),
        priority: "normal".to_owned(),
        urgency: "medium".to_owned(),
        requester: requester().account,
        customer: None,
        organization: Some(organization("commune-a")),
        private: false,
        shared_with: BTreeSet::new(),
        notify: true,
        fields: Default::default(),
    };
    assert_eq!(
        on_sup(&requester(), question(&requester())),
        Ok(vec![TicketEvent::Opened(Box::new(expected))])
    );
}

#[test]
fn all_faults_of_a_new_ticket_are_told_at_once() {
    let new = Open {
        request_type: "wish".to_owned(),
        summary: " ".to_owned(),
        description: String::new(),
        priority: Some("huge".to_owned()),
        urgency: Some("now".to_owned()),
        organization: Some(organization("commune-b")),
        share_with: organizations(&["commune-a", "commune-b", "commune-c"]),
        ..question(&requester())
    };
    assert_eq!(
        faults(on_sup(&requester(), new)),
        [
            at("/summary", Required),
            at("/description", Required),
            at("/priority", Wrong),
            at("/urgency", Wrong),
            at("/type", Wrong),
            at("/organization", Forbidden),
            at("/share_with", Forbidden),
            at("/share_with", Forbidden),
        ]
    );
}

#[test]
fn all_faults_of_a_form_are_told_at_once() {
    let mut new = report(&operator());
    new.fields = object(json!({
        "troubleDetectionTime": "hier", "serviceProviderID": "12", "supplierID": 987_654_324, "troubleTicketType": 9,
        "offerId": "", "technicalId": "x".repeat(31), "defectClassId": null, "defectDescription": {"id": "1"},
        "alreadyOperated": "yes", "colour": "red", "customerLastName": ["A", "\u{1b}"],
    }));
    assert_eq!(
        faults(on_sav(&operator(), new)),
        [
            at("/fields/alreadyOperated", Type),
            at("/fields/colour", Unknown),
            at("/fields/customerLastName", Format),
            at("/fields/customerLastName", Type),
            at("/fields/defectClassId", Required),
            at("/fields/defectDescription", Type),
            at("/fields/defectDescription", Wrong),
            at("/fields/defectPrelocalization", Required),
            at("/fields/offerId", Required),
            at("/fields/serviceProviderID", Format),
            at("/fields/serviceProviderTroubleTicketKey", Required),
            at("/fields/supplierID", Type),
            at("/fields/technicalId", Length),
            at("/fields/troubleDetectionTime", Format),
            at("/fields/troubleTicketType", Wrong),
        ]
    );
}

#[test]
fn every_mandatory_field_of_a_trouble_report_is_named_when_it_is_not_filled_in() {
    let mandatory = [
        "troubleDetectionTime",
        "serviceProviderID",
        "supplierID",
        "troubleTicketType",
        "offerId",
        "serviceProviderTroubleTicketKey",
        "defectClassId",
        "defectDescription",
        "defectPrelocalization",
        "alreadyOperated",
    ];
    for name in mandatory {
        let expected = [at(&format!("/fields/{name}"), Required)];
        assert_eq!(
            faults(on_sav(&operator(), without(name))),
            expected,
            "{name} absent"
        );
        assert_eq!(
            faults(on_sav(&operator(), with(name, Value::Null))),
            expected,
            "{name} null"
        );
        assert_eq!(
            faults(on_sav(&operator(), with(name, json!("  ")))),
            expected,
            "{name} blank"
        );
    }
}

#[test]
fn a_line_is_named_by_its_socket_or_by_its_contract() {
    assert_eq!(
        faults(on_sav(&operator(), without("technicalId"))),
        [at("/fields/commercialId", Required)]
    );
    let mut new = without("technicalId");
    new.fields.insert("commercialId".to_owned(), json!("PREST-1"));
    assert!(on_sav(&operator(), new).is_ok());
    assert!(on_sav(&operator(), with("commercialId", json!("PREST-1"))).is_ok());
}

#[test]
fn an_appointment_needs_the_customer_s_names_and_first_phone() {
    let needed = [
        at("/fields/contactPhoneNumber1", Required),
        at("/fields/customerFirstName", Required),
        at("/fields/customerLastName", Required),
    ];
    for (field, value) in [
        ("appointmentMode", "AVEC_PLAN_DE_CHARGE"),
        ("SUAppointmentManagementId", "RDV0000001"),
        ("appointmentSuggestion1", "2026-03-05T08:00:00+01:00"),
        ("appointmentSuggestion2", "2026-03-05T08:00:00Z"),
        ("appointmentSuggestion3", "2026-03-05T08:00:00.000Z"),
    ] {
        let mut new = with(field, json!(value));
        assert_eq!(faults(on_sav(&operator(), new.clone())), needed, "{field}");
        new.fields.extend(object(json!({
            "customerLastName": "Martin", "customerFirstName": "Ada", "contactPhoneNumber1": "06 01 02 03 04"
        })));
        assert!(on_sav(&operator(), new).is_ok(), "{field}");
    }
}

#[test]
fn an_optional_field_is_left_out_rather_than_sent_empty() {
    let empty = with("customerLastName", json!(""));
    assert_eq!(
        faults(on_sav(&operator(), empty)),
        [at("/fields/customerLastName", Length)]
    );
    let null = with("customerLastName", Value::Null);
    assert_eq!(
        faults(on_sav(&operator(), null)),
        [at("/fields/customerLastName", Type)]
    );
}

#[test]
fn values_out_of_form_are_refused_by_kind() {
    for (field, value, code) in [
        ("defectPrelocalization", json!("CAVE"), Wrong),
        ("contactPhoneNumber1", json!("demain"), Format),
        ("SUAppointmentManagementId", json!("12345678901"), Length),
        ("appointmentSuggestion1", json!("2026-03-05T08:00:00"), Format),
        ("supplierID", json!("98765432"), Format),
        ("troubleTicketType", json!("1"), Type),
        ("troubleTicketType", json!(1.5), Type),
    ] {
        let told = faults(on_sav(&operator(), with(field, value.clone())));
        assert!(
            told.contains(&at(&format!("/fields/{field}"), code)),
            "{field} {value}: {told:?}"
        );
    }
    let new = Open {
        request_type: "account_request".to_owned(),
        fields: object(json!({"person_name": "Jean Neuf", "person_email": "informatique"})),
        ..question(&requester())
    };
    assert_eq!(
        faults(on_sup(&requester(), new)),
        [at("/fields/person_email", Format)]
    );
}

#[test]
fn an_operator_opens_under_the_siren_of_its_own_organization_only() {
    assert!(on_sav(&operator(), report(&operator())).is_ok());
    let foreign = with("serviceProviderID", json!("111222337"));
    assert_eq!(
        faults(on_sav(&operator(), foreign)),
        [at("/fields/serviceProviderID", Forbidden)]
    );
    let nobody = Open {
        requester_sirens: BTreeSet::new(),
        ..report(&operator())
    };
    assert_eq!(
        faults(on_sav(&operator(), nobody)),
        [at("/fields/serviceProviderID", Forbidden)]
    );
    // Nor does anybody else who opens no tickets for others, nor a program that leaves its role aside.
    let neighbour = viewer(61, Role::Requester, &["oc-alpha"]);
    let both = Viewer {
        grants: [grant(Role::Operator), grant(Role::Requester)].into(),
        ..operator()
    };
    let aside = both
        .in_profile(&domain::policy::Profile(grant(Role::Requester)))
        .unwrap();
    for who in [neighbour, aside] {
        let mut foreign = report(&who);
        foreign
            .fields
            .insert("serviceProviderID".to_owned(), json!("111222337"));
        assert_eq!(
            faults(on_sav(&who, foreign)),
            [at("/fields/serviceProviderID", Forbidden)]
        );
    }
    // Who takes a call notes what the caller says, under the caller's name.
    let mut by_phone = report(&operator());
    by_phone
        .fields
        .insert("serviceProviderID".to_owned(), json!("111222337"));
    assert!(on_sav(&agent(), by_phone).is_ok());
    // A desk whose form has no such field asks for none.
    assert!(on_sup(&operator(), question(&operator())).is_ok());
    assert_eq!(SIREN.len(), 9);
}

#[test]
fn who_repairs_and_who_audits_open_nothing() {
    for viewer in [supplier(), auditor()] {
        assert!(matches!(
            on_sup(&viewer, question(&viewer)),
            Err(Rejection::NotPermitted { .. })
        ));
    }
    let mut elsewhere = requester();
    elsewhere.grants = BTreeSet::from([Grant {
        desk: Some("SAV".parse().unwrap()),
        ..grant(Role::Requester)
    }]);
    assert!(matches!(
        on_sup(&elsewhere, question(&elsewhere)),
        Err(Rejection::NotPermitted { .. })
    ));
}

#[test]
fn one_opens_for_oneself_and_those_who_treat_for_others_too() {
    let other = viewer(5, Role::Requester, &["lycee-a"]);
    assert!(matches!(
        on_sup(&requester(), question(&other)),
        Err(Rejection::NotPermitted { .. })
    ));
    let opened = first(on_sup(&agent(), question(&other)));
    assert_eq!((opened.requester, opened.side), (other.account, Side::Agent));
    assert_eq!(opened.summary.subject, person(5));

    let mut referent = viewer(6, Role::LocalAdmin, &["lycee-a"]);
    referent.grants = BTreeSet::from([Grant {
        organization: Some(organization("lycee-a")),
        ..grant(Role::LocalAdmin)
    }]);
    assert!(on_sup(&referent, question(&other)).is_ok());
    assert!(matches!(
        on_sup(&referent, question(&requester())),
        Err(Rejection::NotPermitted { .. })
    ));
}

#[test]
fn the_only_organization_is_taken_and_of_several_none_unless_named() {
    let two = viewer(7, Role::Requester, &["commune-a", "lycee-a"]);
    assert_eq!(first(on_sup(&two, question(&two))).organization, None);
    let named = Open {
        organization: Some(organization("lycee-a")),
        ..question(&two)
    };
    assert_eq!(
        first(on_sup(&two, named)).organization,
        Some(organization("lycee-a"))
    );
}

#[test]
fn one_shares_with_one_s_own_organizations_and_those_who_treat_with_any() {
    let share = |names: &[&str]| Open {
        share_with: organizations(names),
        ..question(&requester())
    };
    assert_eq!(
        first(on_sup(&requester(), share(&["commune-a"]))).shared_with,
        organizations(&["commune-a"])
    );
    assert_eq!(
        faults(on_sup(&requester(), share(&["commune-b"]))),
        [at("/share_with", Forbidden)]
    );
    assert_eq!(
        first(on_sup(&agent(), share(&["commune-b"]))).shared_with,
        organizations(&["commune-b"])
    );
}

#[test]
fn a_description_over_8_kib_stands_in_an_event_of_its_own() {
    let of = |bytes: usize| Open {
        description: "é".repeat(bytes / 2),
        ..question(&requester())
    };
    let short = on_sup(&requester(), of(INLINE_TEXT_BYTES_MAX)).unwrap();
    assert_eq!(kinds(&short), ["opened"]);
    let long = on_sup(&requester(), of(INLINE_TEXT_BYTES_MAX + 2)).unwrap();
    assert_eq!(kinds(&long), ["opened", "described"]);
    let TicketEvent::Described {
        side: Side::Requester,
        description,
    } = &long[1]
    else {
        panic!("{long:?}")
    };
    assert_eq!(
        description,
        &Personal::new(person(1), "é".repeat(INLINE_TEXT_BYTES_MAX / 2 + 1))
    );
    assert_eq!(first(Ok(long)).description, None);
    assert!(on_sup(&requester(), of(TEXT_BYTES_MAX)).is_ok());
    assert_eq!(
        faults(on_sup(&requester(), of(TEXT_BYTES_MAX + 2))),
        [at("/description", Length)]
    );
}

#[test]
fn a_summary_is_one_line_of_255_characters_at_most() {
    let of = |summary: String| Open {
        summary,
        ..question(&requester())
    };
    assert!(on_sup(&requester(), of("é".repeat(SUMMARY_CHARS_MAX))).is_ok());
    assert_eq!(
        faults(on_sup(&requester(), of("é".repeat(SUMMARY_CHARS_MAX + 1)))),
        [at("/summary", Length)]
    );
    for control in ["a\nb", "a\tb", "a\u{0}b", "a\u{85}b"] {
        assert_eq!(
            faults(on_sup(&requester(), of(control.to_owned()))),
            [at("/summary", Format)],
            "{control:?}"
        );
    }
    let described = |text: &str| Open {
        description: text.to_owned(),
        ..question(&requester())
    };
    assert!(on_sup(&requester(), described("a\r\n\tb")).is_ok());
    assert_eq!(
        faults(on_sup(&requester(), described("a\u{0}b"))),
        [at("/description", Format)]
    );
}

#[test]
fn the_words_of_a_report_belong_to_the_customer_it_names_and_codes_to_nobody() {
    let mut new = report(&operator());
    new.fields
        .insert("serviceProviderName".to_owned(), json!("Olga Opératrice"));
    let opened = first(on_sav(&operator(), new));
    assert_eq!(opened.customer, Some(person(900)));
    assert_eq!(opened.summary.subject, person(900));
    assert_eq!(opened.description.unwrap().subject, person(900));
    let sealed_for = |name: &str| match &opened.fields[name] {
        FieldValue::Personal(personal) => Some(personal.subject),
        FieldValue::Open(_) => None,
    };
    assert_eq!(sealed_for("technicalId"), Some(person(900)));
    assert_eq!(sealed_for("serviceProviderName"), Some(person(20)));
    for open in [
        "serviceProviderID",
        "troubleTicketType",
        "defectClassId",
        "alreadyOperated",
        "troubleDetectionTime",
    ] {
        assert_eq!(sealed_for(open), None, "{open}");
    }
    assert_eq!(opened.fields.len(), report_fields().len() + 1);
}

#[test]
fn free_text_is_sealed_unless_the_form_says_that_it_names_nobody() {
    let new = Open {
        request_type: "incident".to_owned(),
        fields: object(
            json!({"product": "Agenda", "equipment": "PC de Rita", "since": "2026-03-01T08:00:00Z"}),
        ),
        ..question(&requester())
    };
    let opened = first(on_sup(&requester(), new));
    assert_eq!(opened.fields["product"], FieldValue::Open(json!("Agenda")));
    assert_eq!(
        opened.fields["equipment"],
        FieldValue::Personal(Personal::new(person(1), json!("PC de Rita")))
    );
    assert_eq!(
        opened.fields["since"],
        FieldValue::Open(json!("2026-03-01T08:00:00Z"))
    );
}
