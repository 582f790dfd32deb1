//! SOAP requests written by hand: what a toolkit would not let through, and what must be cheap to make.

/// The path of the port, as seed 001 (2.3) names it.
pub const PATH: &str = "/interop-sav-21/services/JVTTroubleTicketSessionWSPort";
/// The media type of SOAP 1.1.
pub const XML: &str = "text/xml; charset=utf-8";

/// An envelope with credentials as seed 001 (2.3.1.1) puts them.
#[must_use]
pub fn envelope(login: &str, password: &str, body: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:v1=\"http://ossj.org/xml/TroubleTicket/v1-2\"><soapenv:Header><v1:TroubleTicketHeaderRequest>\
         <v1:LoginName>{login}</v1:LoginName><v1:Password>{password}</v1:Password></v1:TroubleTicketHeaderRequest>\
         </soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
}

/// A createTroubleTicketByValue with every mandatory field, under the operator's own reference.
#[must_use]
pub fn create(siren: &str, reference: &str) -> String {
    create_with(siren, reference, &[])
}

/// The same with some fields filled in otherwise.
#[must_use]
pub fn create_with(siren: &str, reference: &str, changes: &[(&str, &str)]) -> String {
    let fields = [
        ("interactionDate", "2026-03-02T09:30:00+01:00"),
        ("description", "CASE CREATE REQUEST"),
        ("troubleTicketState", "QUEUED"),
        (
            "troubleDescription",
            "Pas de lumière sur la prise depuis ce matin.",
        ),
        ("troubleDetectionTime", "2026-03-02T08:00:00+01:00"),
        ("serviceProviderID", siren),
        ("supplierID", "987654324"),
        ("troubleTicketType", "1"),
        ("offerId", "FTTH"),
        ("technicalId", "CO-ABCD-1234"),
        ("serviceProviderTroubleTicketKey", reference),
        ("defectClassId", "1"),
        ("defectDescription", "1"),
        ("defectPrelocalization", "PTO"),
        ("alreadyOperated", "true"),
    ];
    let kept = fields
        .iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    format!(
        "<v1:createTroubleTicketByValueRequest><v1:troubleTicketValue>{}</v1:troubleTicketValue>\
         </v1:createTroubleTicketByValueRequest>",
        elements(kept.chain(changes))
    )
}

/// A setTroubleTicketByValue of the operator Alpha of the demo world.
#[must_use]
pub fn set(key: &str, seen: u64, fields: &[(&str, &str)]) -> String {
    let seen = seen.to_string();
    let all = [
        ("troubleTicketKey", key),
        ("lastUpdateVersionNumber", seen.as_str()),
        ("serviceProviderID", "123456782"),
    ];
    format!(
        "<v1:setTroubleTicketByValueRequest><v1:troubleTicketValue>{}</v1:troubleTicketValue>\
         </v1:setTroubleTicketByValueRequest>",
        elements(all.iter().chain(fields))
    )
}

/// A getTroubleTicketByKey of the operator Alpha of the demo world.
#[must_use]
pub fn get(fields: &[(&str, &str)]) -> String {
    let sirens = [("supplierID", "987654324"), ("serviceProviderID", "123456782")];
    let kept = sirens
        .iter()
        .filter(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    format!(
        "<v1:getTroubleTicketByKeyRequest>{}</v1:getTroubleTicketByKeyRequest>",
        elements(fields.iter().chain(kept))
    )
}

fn elements<'a>(fields: impl Iterator<Item = &'a (&'a str, &'a str)>) -> String {
    fields
        .map(|(name, value)| format!("<v1:{name}>{value}</v1:{name}>"))
        .collect()
}

/// The text of the first element of that local name.
#[must_use]
pub fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = xml.split_once(&format!("{name}>"))?;
    after.split_once("</").map(|(text, _)| text)
}
