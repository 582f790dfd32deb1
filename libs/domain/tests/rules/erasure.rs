//! A ticket goes on after somebody on it was erased: nothing more can be sealed for them.

use domain::{
    Event, PersonId, Personal,
    policy::Side,
    ticket::{
        Action, Edit, TicketEvent, Visibility,
        event::{CommentBody, Commented},
    },
};
use serde_json::json;

use crate::given::{
    Ticket, a_question, a_report, a_revisable_report, agent, colleague, object, operator, person, supplier,
    text,
};

fn said() -> Action {
    Action::Comment {
        text: text(91, "Bonjour."),
        visibility: Visibility::Public,
    }
}

/// The ticket as it is read once this person is erased: the one value that the tests look at is gone.
fn without(person_number: u128, ticket: &Ticket) -> Ticket {
    let mut ticket = ticket.clone();
    let gone = Personal {
        subject: person(person_number),
        value: None,
        commitment: None,
    };
    let note = TicketEvent::Commented(Commented {
        side: Side::Agent,
        comment: text(90, "").id,
        visibility: Visibility::Public,
        body: CommentBody::Words(gone),
    });
    ticket.then(&agent(), &[note]);
    ticket
}

fn subject_of(events: &[TicketEvent]) -> PersonId {
    let [TicketEvent::Commented(commented)] = events else {
        panic!("{events:?}")
    };
    let CommentBody::Words(words) = &commented.body else {
        panic!("{commented:?}")
    };
    words.subject
}

#[test]
fn words_about_an_erased_person_are_their_writer_s() {
    let ticket = without(900, &a_report());
    assert_eq!(
        subject_of(&ticket.asked(&operator(), said()).unwrap()),
        person(20)
    );
    assert_eq!(
        subject_of(&ticket.asked(&supplier(), said()).unwrap()),
        person(20)
    );
    let ticket = without(20, &ticket);
    assert_eq!(
        subject_of(&ticket.asked(&supplier(), said()).unwrap()),
        person(11)
    );
    let ticket = without(1, &a_question());
    assert_eq!(subject_of(&ticket.asked(&agent(), said()).unwrap()), person(10));
    assert_eq!(
        subject_of(&ticket.asked(&colleague(), said()).unwrap()),
        person(2)
    );
}

#[test]
fn fields_of_an_erased_person_are_sealed_for_somebody_who_is_not() {
    let named = |ticket: &Ticket| {
        let fields = json!({"customerLastName": "Durand", "serviceProviderName": "Olga"});
        let fields = object(fields);
        let changed = Edit {
            fields,
            ..Edit::nothing(person(902))
        };
        let events = ticket.asked(&agent(), Action::Edit(Box::new(changed))).unwrap();
        let data = Event::Ticket(events[0].clone()).encode().unwrap().1;
        let subject = |name: &str| data["fields"][name]["personal"]["subject"].clone();
        (
            subject("customerLastName"),
            subject("serviceProviderName"),
            data["customer"].clone(),
        )
    };
    let ticket = a_revisable_report();
    assert_eq!(
        named(&ticket),
        (json!(person(900)), json!(person(20)), json!(null))
    );
    let ticket = without(900, &ticket);
    assert_eq!(
        named(&ticket),
        (json!(person(902)), json!(person(20)), json!(person(902)))
    );
    let ticket = without(20, &ticket);
    assert_eq!(
        named(&ticket),
        (json!(person(902)), json!(person(10)), json!(person(902)))
    );
}
