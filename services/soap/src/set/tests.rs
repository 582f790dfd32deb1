use super::*;
use crate::values::tests::values;

const KEYS: &str = "<troubleTicketKey>SAV-1</troubleTicketKey>\
                    <lastUpdateVersionNumber>2</lastUpdateVersionNumber>\
                    <serviceProviderID>123456782</serviceProviderID>";
const NOTIFICATION: &str = "<description>OC case information notification</description>";

fn prepared(xml: &str) -> Result<Prepared, Answer> {
    prepare(&values(xml), &Vocabulary::load(None).unwrap(), Some("987654324"))
}

/// What a set becomes on the ticket of the tests of get, which is closed.
fn settled(xml: &str) -> Result<Value, (ReturnCode, String)> {
    settled_in("closed", xml)
}

/// The same when the ticket has another status.
fn settled_in(status: &str, xml: &str) -> Result<Value, (ReturnCode, String)> {
    let words = Vocabulary::load(None).unwrap();
    let mut ticket = get::tests::ticket();
    ticket.status.id = status.to_owned();
    let settled = prepared(&format!("{KEYS}{xml}")).and_then(|prepared| prepared.settle(&ticket, &words));
    settled
        .map(|transition| serde_json::to_value(transition).unwrap())
        .map_err(|answer| (answer.code, answer.note))
}

fn transition(xml: &str) -> Value {
    settled(xml).unwrap()
}

fn refusal_of(xml: &str) -> (ReturnCode, String) {
    let answer = prepared(xml).unwrap_err();
    (answer.code, answer.note)
}

#[test]
fn closing_withdraws_with_the_message_as_comment() {
    let xml = "<troubleTicketState>CLOSED</troubleTicketState><messageContent>rétabli</messageContent>";
    assert_eq!(
        transition(xml),
        json!({"action": "withdraw", "comment": "rétabli"})
    );
    assert_eq!(
        transition(&format!(
            "<troubleTicketState>CLOSED</troubleTicketState>{NOTIFICATION}"
        )),
        json!({"action": "withdraw"})
    );
}

#[test]
fn asking_for_cancellation_is_a_request_of_its_own() {
    let xml = "<troubleTicketState>OPENACTIVE.TO.BE.CANCELED</troubleTicketState>";
    assert_eq!(transition(xml), json!({"action": "request_cancellation"}));
}

#[test]
fn a_notification_informs_whether_or_not_it_repeats_the_state() {
    for state in ["", "<troubleTicketState>OPENACTIVE</troubleTicketState>"] {
        let xml = format!("{state}{NOTIFICATION}<messageContent>accès par la cour</messageContent>");
        assert_eq!(
            settled_in("open_active", &xml),
            Ok(json!({"action": "inform", "comment": "accès par la cour"}))
        );
    }
    let typed =
        "<messageType>OC CASE INFORMATION NOTIFICATION</messageType><messageContent>m</messageContent>";
    assert_eq!(transition(typed), json!({"action": "inform", "comment": "m"}));
}

/// Fault B1: what a notification says of the ticket beside what it is must be so, or is refused by name.
#[test]
fn a_notification_that_contradicts_the_ticket_is_refused_by_name() {
    let inform = Ok(json!({"action": "inform", "comment": "m"}));
    let told = |status: &str, beside: &str| {
        settled_in(
            status,
            &format!("{NOTIFICATION}<messageContent>m</messageContent>{beside}"),
        )
    };
    let state = |state: &str| format!("<troubleTicketState>{state}</troubleTicketState>");
    for (status, said) in [
        ("queued", "QUEUED"),
        ("open_active", "OPENACTIVE"),
        ("cleared", "CLEARED"),
        ("deferred", "DEFERRED"),
    ] {
        assert_eq!(told(status, &state(said)), inform, "{said}");
        for other in ["QUEUED", "OPENACTIVE", "CLEARED", "DEFERRED"] {
            if other != said {
                let refused = Err((ReturnCode::Invalid, "troubleTicketState".to_owned()));
                assert_eq!(told(status, &state(other)), refused, "{other} where it is {said}");
            }
        }
    }
    let types = |word: &str| format!("<messageType>{word}</messageType>");
    for same in [
        "OC CASE INFORMATION NOTIFICATION",
        "OI CASE INFORMATION NOTIFICATION",
    ] {
        assert_eq!(told("queued", &types(same)), inform, "{same}");
    }
    for other in ["CASE CREATE REQUEST", "BONJOUR"] {
        assert_eq!(
            told("queued", &types(other)),
            Err((ReturnCode::Invalid, "messageType".to_owned())),
            "{other}"
        );
    }
    let typed = "<messageType>OC CASE INFORMATION NOTIFICATION</messageType><description>BONJOUR</description>\
                 <messageContent>m</messageContent><offerId>FTTE</offerId><troubleTicketState>CLEARED</troubleTicketState>";
    assert_eq!(
        settled_in("queued", typed),
        Err((
            ReturnCode::Invalid,
            "description, troubleTicketState, offerId".to_owned()
        ))
    );
}

#[test]
fn a_notification_with_an_appointment_replans_it() {
    let xml = format!(
        "{NOTIFICATION}<SUAppointmentManagementId>RDV2</SUAppointmentManagementId>\
         <appointmentSuggestion1>2017-05-03T08:00:00</appointmentSuggestion1>\
         <customerLastName>NOM</customerLastName>"
    );
    assert_eq!(
        transition(&xml),
        json!({"action": "replan", "fields": {
            "SUAppointmentManagementId": "RDV2",
            "appointmentSuggestion1": "2017-05-03T08:00:00+02:00",
            "customerLastName": "NOM"
        }})
    );
}

#[test]
fn open_without_a_notification_refuses_the_clearance() {
    let xml =
        "<troubleTicketState>OPENACTIVE</troubleTicketState><messageContent>toujours rien</messageContent>";
    assert_eq!(
        transition(xml),
        json!({"action": "refuse_clearance", "comment": "toujours rien"})
    );
}

#[test]
fn everything_missing_is_named_at_once() {
    assert_eq!(
        refusal_of(""),
        (
            ReturnCode::Missing,
            "description, troubleTicketKey, lastUpdateVersionNumber, troubleTicketState, serviceProviderID"
                .into()
        )
    );
    assert_eq!(
        refusal_of(&format!("{KEYS}{NOTIFICATION}")),
        (ReturnCode::Missing, "messageContent".into())
    );
}

#[test]
fn bad_values_are_named_and_a_state_that_is_not_the_operators_is_forbidden() {
    let bad = "<troubleTicketKey>SAV-1</troubleTicketKey><serviceProviderID>1</serviceProviderID>\
               <lastUpdateVersionNumber>deux</lastUpdateVersionNumber><supplierID>111222337</supplierID>\
               <troubleTicketState>OPEN</troubleTicketState><description>BONJOUR</description>";
    assert_eq!(
        refusal_of(bad),
        (
            ReturnCode::Invalid,
            "description, lastUpdateVersionNumber, troubleTicketState, serviceProviderID, supplierID".into()
        )
    );
    let cleared = format!("{KEYS}<troubleTicketState>CLEARED</troubleTicketState>");
    assert_eq!(
        refusal_of(&cleared),
        (ReturnCode::ForbiddenTransition, "troubleTicketState".into())
    );
}

#[test]
fn a_key_that_cannot_be_one_is_an_unknown_reference_and_never_a_path() {
    for key in ["..", "SAV-1/../../me", "SAV", "SAV-", "-1", "SAV-1?x", "SAV-é"] {
        let xml = KEYS.replace("SAV-1", key) + "<troubleTicketState>CLOSED</troubleTicketState>";
        assert_eq!(
            refusal_of(&xml),
            (ReturnCode::UnknownReference, "troubleTicketKey".into()),
            "{key}"
        );
    }
    assert!(is_ticket_key("sav-12"));
}

/// Fault P3: who lost an answer sends the same again, with the number read meanwhile or with the old one.
#[test]
fn the_same_message_is_one_command_whatever_number_it_recalls() {
    let message = |number: &str, content: &str| {
        let keys = KEYS.replace(">2<", &format!(">{number}<"));
        let xml = format!("{keys}{NOTIFICATION}{content}");
        prepared(&xml).unwrap().stamp.idempotency_key
    };
    let sent = "<interactionDate>2017-05-02T09:30:00Z</interactionDate>";
    let first = message("2", &format!("{sent}<messageContent>m</messageContent>"));
    assert!(first.as_ref().unwrap().starts_with("soap:"));
    for same in [
        format!("{sent}<messageContent>m</messageContent>"),
        format!("<messageContent> m </messageContent>{sent}<supplierID>987654324</supplierID>"),
    ] {
        assert_eq!(first, message("2", &same));
        assert_eq!(first, message("3", &same));
    }
    let small = KEYS.replace("SAV-1", "sav-1");
    let small = format!("{small}{NOTIFICATION}{sent}<messageContent>m</messageContent>");
    assert_eq!(first, prepared(&small).unwrap().stamp.idempotency_key);
    for other in [
        "<interactionDate>2017-05-02T09:31:00Z</interactionDate><messageContent>m</messageContent>"
            .to_owned(),
        format!("{sent}<messageContent>n</messageContent>"),
        format!(
            "{sent}<messageContent>m</messageContent><contactPhoneNumber1>0102030405</contactPhoneNumber1>"
        ),
        format!("{sent}<messageContent>m</messageContent><troubleTicketState>CLOSED</troubleTicketState>"),
    ] {
        assert_ne!(first, message("2", &other), "{other}");
    }
    assert_eq!(message("2", "<messageContent>m</messageContent>"), None);
}

/// Fault B6: the same instant in another zone is the same date.
#[test]
fn the_same_message_is_one_command_in_whatever_zone_its_dates_are_written() {
    let key = |sent: &str, suggested: &str| {
        let xml = format!(
            "{KEYS}{NOTIFICATION}<interactionDate>{sent}</interactionDate>\
             <appointmentSuggestion1>{suggested}</appointmentSuggestion1>"
        );
        prepared(&xml).unwrap().stamp.idempotency_key.unwrap()
    };
    let first = key("2026-03-02T10:00:00+01:00", "2026-03-05T08:00:00+01:00");
    for (sent, suggested) in [
        ("2026-03-02T09:00:00Z", "2026-03-05T08:00:00+01:00"),
        ("2026-03-02T10:00:00", "2026-03-05T07:00:00Z"),
        ("2026-03-02T09:00:00.000-00:00", "2026-03-05T09:00:00.0+02:00"),
    ] {
        assert_eq!(first, key(sent, suggested), "{sent} {suggested}");
    }
    for (sent, suggested) in [
        ("2026-03-02T10:00:00Z", "2026-03-05T08:00:00+01:00"),
        ("2026-03-02T10:00:00+01:00", "2026-03-05T08:00:00Z"),
        ("2026-03-02T10:00:00.5+01:00", "2026-03-05T08:00:00+01:00"),
    ] {
        assert_ne!(first, key(sent, suggested), "{sent} {suggested}");
    }
}

#[test]
fn the_key_of_a_message_never_changes_between_versions() {
    let xml = format!(
        "{KEYS}{NOTIFICATION}<messageContent>m</messageContent><interactionDate>2017-05-02T09:30:00Z</interactionDate>"
    );
    assert_eq!(
        prepared(&xml).unwrap().stamp.idempotency_key.as_deref(),
        Some("soap:c5ec6d2e-4594-552f-94b6-50053ee10a83")
    );
}

/// Fault P1: how the end customer is reached is kept.
#[test]
fn a_notification_keeps_how_the_end_customer_is_reached() {
    for (name, value) in [
        ("contactPhoneNumber1", "0102030405"),
        ("contactPhoneNumber2", "0102030406"),
        ("customerAccessibilityHours", "lundi"),
        ("customerLastName", "Petit"),
    ] {
        let xml = format!("{NOTIFICATION}<messageContent>m</messageContent><{name}>{value}</{name}>");
        assert_eq!(
            transition(&xml),
            json!({"action": "replan", "comment": "m", "fields": {name: value}})
        );
    }
}

/// Fault P1: what a set may not change is refused by name, whatever it asks for.
#[test]
fn what_a_set_may_not_change_is_named() {
    let orders = [
        NOTIFICATION,
        "<troubleTicketState>CLOSED</troubleTicketState>",
        "<troubleTicketState>OPENACTIVE.TO.BE.CANCELED</troubleTicketState>",
    ];
    for order in orders {
        for (name, value) in [
            ("serviceProviderName", "Dupont"),
            ("technicalId", "CO-ABCD-9999"),
            ("offerId", "FTTE"),
            ("troubleDescription", "autre"),
            ("troubleTicketType", "2"),
            ("alreadyOperated", "true"),
            ("serviceRestoredTime", "2026-07-02T09:00:01Z"),
            ("supplierName", "Un autre"),
            ("troubleTicketClosureCode", "RET02"),
        ] {
            let xml = format!("{order}<messageContent>m</messageContent><{name}>{value}</{name}>");
            assert_eq!(
                settled(&xml),
                Err((ReturnCode::Invalid, name.to_owned())),
                "{xml}"
            );
        }
    }
    // An order has no place for the appointment either.
    let xml = format!(
        "{}<contactPhoneNumber1>0102030405</contactPhoneNumber1>",
        orders[1]
    );
    assert_eq!(
        settled(&xml),
        Err((ReturnCode::Invalid, "contactPhoneNumber1".to_owned()))
    );
    // Another form is refused before the ticket is read.
    let xml = format!(
        "{KEYS}{NOTIFICATION}<messageContent>m</messageContent><troubleTicketType>abc</troubleTicketType>"
    );
    assert_eq!(
        refusal_of(&xml),
        (ReturnCode::Invalid, "troubleTicketType".to_owned())
    );
}

#[test]
fn what_a_set_repeats_as_the_ticket_says_it_is_taken() {
    let same = "<troubleDescription>pas de &lt;lumière&gt;</troubleDescription><troubleTicketType>1</troubleTicketType>\
                <alreadyOperated>0</alreadyOperated><technicalId>CO-ABCD-1234</technicalId>\
                <serviceRestoredTime>2026-07-02T11:00:00+02:00</serviceRestoredTime>\
                <appointmentSuggestion1>2026-07-02T09:00:00Z</appointmentSuggestion1>\
                <supplierName>Correspondant OI</supplierName><closureDuration>PT4H</closureDuration>\
                <interactionDateComplete>2026-07-02T09:30:00Z</interactionDateComplete>";
    let inform = format!("{NOTIFICATION}<messageContent>m</messageContent>{same}");
    assert_eq!(transition(&inform), json!({"action": "inform", "comment": "m"}));
    let close = format!("<troubleTicketState>CLOSED</troubleTicketState>{same}");
    assert_eq!(transition(&close), json!({"action": "withdraw"}));
    // Without words, an appointment that is the same is still what the message is about.
    assert_eq!(
        transition(&format!("{NOTIFICATION}{same}")),
        json!({"action": "replan", "fields": {"appointmentSuggestion1": "2026-07-02T09:00:00+00:00"}})
    );
}

/// Fault B24: a sign is none of a number of updates.
#[test]
fn a_number_of_updates_has_digits_only() {
    for number in ["+2", "-2", "2.0", "2 3", "²", "99999999999999999999"] {
        let xml =
            KEYS.replace(">2<", &format!(">{number}<")) + "<troubleTicketState>CLOSED</troubleTicketState>";
        assert_eq!(
            refusal_of(&xml),
            (ReturnCode::Invalid, "lastUpdateVersionNumber".into()),
            "{number}"
        );
    }
}

/// Fault B6: words that nobody can see are none.
#[test]
fn a_message_that_nobody_can_see_is_missing() {
    for invisible in ["\u{200b}", "\u{a0} \u{feff}", "\u{2800}"] {
        let xml = format!("{KEYS}{NOTIFICATION}<messageContent>{invisible}</messageContent>");
        assert_eq!(
            refusal_of(&xml),
            (ReturnCode::Missing, "messageContent".into()),
            "{invisible:?}"
        );
    }
}

#[test]
fn a_stale_version_number_is_a_resync_fault_that_tells_the_present_one() {
    let fault = resync(3);
    let detail = fault.detail.unwrap();
    assert_eq!(detail.exception, Exception::ResyncRequired);
    assert!(detail.message.contains("le ticket en est à 3"));
}
