//! Values of a form that are written in several ways are kept in one, and read from old events as they were stored.

use domain::{
    Event,
    desk::Desk,
    fault::FaultCode::{Format, Required},
    ticket::{Action, Edit, Open, TicketEvent, event::FieldValue},
};
use serde_json::{Value, json};

use crate::given::{
    SAV, SUP, a_question, a_report, a_revisable_report, agent, at, faults, field, follow, form_of, given,
    object, operator, person, question, report, report_fields, requester, supplier,
};

fn report_with(field: &str, value: Value) -> Open {
    let mut fields = report_fields();
    fields.insert(field.to_owned(), value);
    Open {
        fields,
        ..report(&operator())
    }
}

fn edit(fields: Value) -> Action {
    Action::Edit(Box::new(Edit {
        fields: object(fields),
        ..Edit::nothing(person(902))
    }))
}

/// Fault B25: an integer written with a fraction or an exponent was stored so, and SOAP's get left the field out.
#[test]
fn a_whole_number_is_kept_as_one() {
    for written in ["1", "1.0", "1e0", "10e-1", "0.1e1"] {
        let value: Value = serde_json::from_str(written).unwrap();
        let ticket = given(&SAV, &operator(), report_with("troubleTicketType", value));
        assert_eq!(
            ticket.state.fields["troubleTicketType"].to_string(),
            "1",
            "{written}"
        );
        assert_eq!(ticket.document.fields["troubleTicketType"].as_i64(), Some(1));
    }
    let half = report_with("troubleTicketType", json!(1.5));
    let context = domain::ticket::Context {
        viewer: &operator(),
        desk: &SAV,
        at: crate::given::start(),
    };
    let told = faults(domain::ticket::open::open(&context, half));
    assert_eq!(told.len(), 2, "no integer, and not in the list: {told:?}");
    let events = a_revisable_report()
        .asked(&agent(), edit(json!({"troubleTicketType": 2.0})))
        .unwrap();
    let [TicketEvent::Edited(edited)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(edited.fields["troubleTicketType"], FieldValue::Open(json!(2)));
}

/// Fault B25: numbers in lists, negative zero, and numbers that no whole number of 64 bits stands for.
#[test]
fn only_what_is_surely_whole_loses_its_fraction() {
    let form =
        form_of(&json!({"n": {"type": "number"}, "list": {"type": "array", "items": {"type": "integer"}}}));
    let kept = |value: Value| Value::Object(form.canonical(object(value))).to_string();
    assert_eq!(
        kept(json!({"n": 2.0, "list": [1.0, 2]})),
        r#"{"list":[1,2],"n":2}"#
    );
    assert_eq!(kept(json!({"n": -0.0})), r#"{"n":0}"#);
    assert_eq!(kept(json!({"n": 2.5})), r#"{"n":2.5}"#);
    assert_eq!(
        kept(json!({"n": 9_007_199_254_740_991.0})),
        r#"{"n":9007199254740991}"#
    );
    assert_eq!(kept(json!({"n": 1e300})), r#"{"n":1e+300}"#);
    assert_eq!(kept(json!({"n": u64::MAX})), format!(r#"{{"n":{}}}"#, u64::MAX));
}

/// Faults B22, B25 and P5: the same rule at creation, in an edit and in the fields of an action.
#[test]
fn a_date_time_is_kept_in_one_spelling_wherever_it_comes_in() {
    let opened = given(
        &SAV,
        &operator(),
        report_with("troubleDetectionTime", json!("2026-03-02t08:00:00z")),
    );
    assert_eq!(
        opened.state.fields["troubleDetectionTime"],
        "2026-03-02T08:00:00Z"
    );

    let appointment = json!({
        "appointmentSuggestion1": "2026-05-04t10:00:00.5z", "customerLastName": "Martin",
        "customerFirstName": "Anne", "contactPhoneNumber1": "0102030405",
    });
    let mut ticket = a_report();
    ticket.when(&agent(), edit(appointment.clone())).unwrap();
    assert_eq!(
        ticket.document.fields["appointmentSuggestion1"],
        "2026-05-04T10:00:00.5Z"
    );

    let mut ticket = a_report();
    ticket
        .when(&operator(), follow("replan", None, appointment))
        .unwrap();
    assert_eq!(
        ticket.document.fields["appointmentSuggestion1"],
        "2026-05-04T10:00:00.5Z"
    );
    let planned = json!({"supplierPlannedActionDate": "2026-05-04t10:00:00+02:00"});
    ticket
        .when(&supplier(), follow("supplier_update", None, planned))
        .unwrap();
    assert_eq!(
        ticket.document.fields["supplierPlannedActionDate"],
        "2026-05-04T10:00:00+02:00"
    );

    for wrong in [
        "2016-12-31T23:59:60Z",
        "2026-03-02T08:00:00+15:00",
        "2026-03-02T08:00:00-14:01",
        "0000-01-01T00:00:00Z",
        "2026-03-02 08:00:00Z",
        "2026-03-02T08:00:00",
    ] {
        let context = domain::ticket::Context {
            viewer: &operator(),
            desk: &SAV,
            at: crate::given::start(),
        };
        let new = report_with("troubleDetectionTime", json!(wrong));
        assert_eq!(
            faults(domain::ticket::open::open(&context, new)),
            [at("/fields/troubleDetectionTime", Format)],
            "{wrong}"
        );
        let planned = follow(
            "supplier_update",
            None,
            json!({"supplierPlannedActionDate": wrong}),
        );
        assert_eq!(
            faults(a_report().asked(&supplier(), planned)),
            [at("/fields/supplierPlannedActionDate", Format)],
            "{wrong}"
        );
        assert_eq!(
            faults(a_revisable_report().asked(&agent(), edit(json!({"troubleDetectionTime": wrong})))),
            [at("/fields/troubleDetectionTime", Format)],
            "{wrong}"
        );
    }
}

/// Fault B25: dates without a time, and lists of date-times, follow the same rule.
#[test]
fn dates_and_lists_of_date_times_are_judged_alike() {
    let form = form_of(&json!({
        "day": {"type": "string", "format": "date"},
        "times": {"type": "array", "items": {"type": "string", "format": "date-time"}},
    }));
    let told = |value: Value| {
        form.faults(&object(value))
            .into_iter()
            .map(|fault| fault.pointer)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(json!({"day": "2026-03-02", "times": ["2026-03-02t08:00:00z"]})),
        [] as [&str; 0]
    );
    assert_eq!(told(json!({"day": "0000-03-02"})), ["/fields/day"]);
    assert_eq!(
        told(json!({"times": ["2026-03-02T08:00:00Z", "2026-03-02T08:00:60Z"]})),
        ["/fields/times/1"]
    );
    let kept = form.canonical(object(json!({"times": ["2026-03-02t08:00:00z"]})));
    assert_eq!(kept["times"], json!(["2026-03-02T08:00:00Z"]));
}

/// Fault B25: an event of before is read as it was stored, and does not hinder an edit of something else.
#[test]
fn values_of_old_events_stay_readable() {
    let mut ticket = a_revisable_report();
    let before = json!({
        "side": "requester", "fields": {"troubleTicketType": 1.0, "troubleDetectionTime": "2016-12-31t23:59:60z"},
    });
    let event = Event::decode("ticket-edited.v1", before).unwrap();
    let Event::Ticket(event) = event else {
        panic!("{event:?}")
    };
    ticket.then(&operator(), &[event]);
    assert_eq!(
        ticket.document.fields["troubleDetectionTime"],
        "2016-12-31t23:59:60z"
    );
    assert_eq!(ticket.document.fields["troubleTicketType"].to_string(), "1.0");
    ticket.when(&agent(), edit(json!({"offerId": "FTTH+"}))).unwrap();
    ticket
        .when(&agent(), edit(json!({"troubleTicketType": 1})))
        .unwrap();
    assert_eq!(ticket.document.fields["troubleTicketType"].to_string(), "1");
}

/// Fault B6: a field that the form asks for is not filled in by what cannot be seen, also where only a condition asks for it.
#[test]
fn what_cannot_be_seen_fills_no_mandatory_field_in() {
    for blank in [
        " ",
        "\u{200b}",
        "\u{2060}\u{feff}",
        "\u{3164}",
        "\u{2800}",
        "\u{e0020}",
        "\u{202e}",
    ] {
        let context = domain::ticket::Context {
            viewer: &operator(),
            desk: &SAV,
            at: crate::given::start(),
        };
        let new = report_with("offerId", json!(blank));
        assert_eq!(
            faults(domain::ticket::open::open(&context, new)),
            [at("/fields/offerId", Required)],
            "{blank:?}"
        );
        // The line is named by its socket or by its contract.
        let new = report_with("technicalId", json!(blank));
        assert_eq!(
            faults(domain::ticket::open::open(&context, new)),
            [
                at("/fields/commercialId", Required),
                at("/fields/technicalId", Format)
            ],
            "{blank:?}"
        );
        let appointment = json!({
            "appointmentMode": "SANS_PLAN_DE_CHARGE", "customerLastName": blank,
            "customerFirstName": "Anne", "contactPhoneNumber1": "0102030405",
        });
        assert_eq!(
            faults(a_report().asked(&agent(), edit(appointment))),
            [at("/fields/customerLastName", Required)],
            "{blank:?}"
        );
    }
    let new = Open {
        request_type: "incident".to_owned(),
        fields: object(json!({"product": "👩\u{200d}💻 Agenda\u{200b}", "steps": "1\n2"})),
        ..question(&requester())
    };
    let ticket = given(&SUP, &requester(), new);
    assert_eq!(ticket.document.fields["product"], "👩\u{200d}💻 Agenda\u{200b}");
}

/// Fault B6: a list of texts of which none can be seen.
#[test]
fn a_list_of_blank_texts_is_not_filled_in() {
    let mut definition = SUP.definition().clone();
    let names = field(json!({"type": "array", "items": {"type": "string"}}));
    definition.fields.insert("names".to_owned(), names);
    let form = &mut definition.types[0].form;
    form.fields.push("names".to_owned());
    form.required.insert("names".to_owned());
    let desk: &'static Desk = Box::leak(Box::new(Desk::load(definition).unwrap()));
    let asked = |names: Value| {
        let new = Open {
            fields: object(json!({"names": names})),
            ..question(&requester())
        };
        let context = domain::ticket::Context {
            viewer: &requester(),
            desk,
            at: crate::given::start(),
        };
        domain::ticket::open::open(&context, new)
    };
    assert_eq!(
        faults(asked(json!(["\u{200b}", " "]))),
        [at("/fields/names", Required)]
    );
    assert!(asked(json!(["\u{200b}", "a"])).is_ok() && asked(json!([])).is_ok());
    assert!(a_question().document.fields.is_empty());
}

/// A short field is one line and may stand wherever a name does; a long one may have several lines. What nobody sees is left
/// out, not kept.
#[test]
fn a_short_text_of_a_form_is_one_line_that_can_be_seen() {
    let form = form_of(&json!({
        "short": {"type": "string", "maxLength": 254},
        "long": {"type": "string", "maxLength": 255},
        "open": {"type": "string"},
    }));
    let judged = |name: &str, text: &str| form.faults(&object(json!({name: text})));
    for text in ["a\nb", "a\u{2028}b", "a\u{202e}b", "a\u{2066}b"] {
        let told: Vec<_> = judged("short", text)
            .into_iter()
            .map(|fault| (fault.pointer.clone(), fault.code()))
            .collect();
        assert_eq!(told, [at("/fields/short", Format)], "{text:?}");
        assert_eq!(
            (judged("long", text), judged("open", text)),
            (vec![], vec![]),
            "{text:?}"
        );
    }
    for name in ["short", "long", "open"] {
        for text in ["\u{200b}", " ", "\u{2800}"] {
            let told: Vec<_> = judged(name, text)
                .into_iter()
                .map(|fault| (fault.pointer.clone(), fault.code()))
                .collect();
            assert_eq!(told, [at(&format!("/fields/{name}"), Format)], "{name} {text:?}");
        }
        assert_eq!(
            (judged(name, ""), judged(name, "été 👩\u{200d}🔧")),
            (vec![], vec![]),
            "{name}"
        );
    }
}
