//! Reading a JSON body: every fault of its shape is named at once, by the same schema that the contract shows.

mod unique;

use domain::{
    Detail, Fault, FaultText,
    desk::{explain, form},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;
use tokio::time::Instant;
use utoipa::{ToSchema, openapi::OpenApi};

use crate::{
    config::{BODY_BYTES_MAX, BODY_WAIT_S},
    header::Parametrized,
    refusal::{self, Refusal},
    times,
};

use self::unique::Wrong;

/// What the schemas of the contract are called among themselves.
const CONTRACT: &str = "urn:guichet:contract";

/// Times and days are held to the form that they promise.
const FORMATS: [shapes::Format; 2] = [
    ("date-time", |text| times::instant(text).is_some()),
    ("date", |text| times::day(text).is_some()),
];

/// The compiled schemas of all request bodies, by name.
pub struct Shapes {
    by_name: BTreeMap<String, shapes::Validator>,
    /// The members of each that hold a password, as their format says.
    secrets: BTreeMap<String, Vec<String>>,
}

impl Shapes {
    /// Compiles the schema of every request body.
    ///
    /// # Errors
    /// When one cannot be compiled, which a test tells before.
    pub fn of(contract: &OpenApi) -> Result<Shapes, Box<dyn std::error::Error + Send + Sync>> {
        let contract = serde_json::to_value(contract)?;
        let schemas = contract["components"]["schemas"].as_object();
        let whole = json!({"components": {"schemas": schemas}});
        let names = bodies(&contract);
        let place = |name: &String| format!("/components/schemas/{name}");
        let places: Vec<String> = names.iter().map(place).collect();
        let compiled = shapes::compile(CONTRACT, &whole, &places, &FORMATS)?;
        let secrets = schemas.into_iter().flatten().map(|(name, schema)| {
            let members = schema["properties"].as_object().into_iter().flatten();
            let secret = members.filter(|(_, member)| member["format"] == "password");
            (name.clone(), secret.map(|(member, _)| member.clone()).collect())
        });
        Ok(Shapes {
            by_name: names.into_iter().zip(compiled).collect(),
            secrets: secrets.collect(),
        })
    }

    /// What tells one request from another: the canonical body without its passwords. A digest of it stands in the log for ever,
    /// and a password could be guessed by it quicker than by its hash.
    fn told_apart(&self, name: &str, json: &Value) -> Vec<u8> {
        let mut open = json.clone();
        if let Some(members) = open.as_object_mut() {
            for secret in self.secrets.get(name).into_iter().flatten() {
                members.remove(secret);
            }
        }
        canonical(&open).into_bytes()
    }

    /// The faults of a body; `None` for a name that is no body of the contract.
    fn faults(&self, name: &str, value: &Value) -> Option<Vec<Fault>> {
        let shape = self.by_name.get(name)?;
        Some(explain::explained(shape, value, ""))
    }
}

/// The names of the schemas that request bodies have.
fn bodies(contract: &Value) -> BTreeSet<String> {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default().into_iter();
    let operations = members(&contract["paths"]).flat_map(|(_, path)| members(&path));
    let contents = operations.flat_map(|(_, operation)| members(&operation["requestBody"]["content"]));
    let name = |(_, content): (String, Value)| {
        let reference = content["schema"]["$ref"].as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    contents.filter_map(name).collect()
}

/// A JSON body that has its shape.
pub struct Body<T> {
    /// The value.
    pub value: T,
    /// The same without passwords, canonical: what two equal requests have in common byte for byte.
    pub canonical: Vec<u8>,
}

/// A JSON body as it came, with the faults of its shape: for an operation that wants to name other faults beside.
pub struct Raw<T> {
    /// The value, or the faults of its shape.
    pub shaped: Result<Body<T>, Vec<Fault>>,
    /// The JSON as it came.
    pub json: Value,
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Raw::<T>::from_request(request, payload);
        Box::pin(async move { raw.await?.shaped.map_err(Refusal::faults) })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Raw<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let json = read(&request, payload).await?;
            let shapes = request.app_data::<web::Data<Shapes>>();
            let judged = shapes.and_then(|shapes| Some((shapes, shapes.faults(&T::name(), &json)?)));
            let Some((shapes, faults)) = judged else {
                return Err(Refusal::new(&refusal::INTERNAL).cause("the door lacks the shape of this body"));
            };
            let shaped = if faults.is_empty() {
                let canonical = shapes.told_apart(&T::name(), &json);
                // What the schema lets pass and serde does not is a fault of its own place.
                let value = serde_path_to_error::deserialize(&json);
                value
                    .map(|value| Body { value, canonical })
                    .map_err(|error| vec![unreadable(error.path())])
            } else {
                Err(faults)
            };
            Ok(Raw { shaped, json })
        })
    }
}

/// A member that cannot be read, by its place.
fn unreadable(path: &serde_path_to_error::Path) -> Fault {
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", form::escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    let pointer: String = path.iter().map(part).collect();
    Fault::new(pointer, FaultText::Unreadable)
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<Value, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let media_type = content_type.map(|value| Parametrized::read(value.as_bytes()).value);
    if !media_type.is_some_and(|value| value == "application/json" || value.ends_with("+json")) {
        return Err(Refusal::of(Detail::JsonExpected));
    }
    let deadline = Instant::now() + Duration::from_secs(BODY_WAIT_S);
    let late = Detail::BodyLate { seconds: BODY_WAIT_S };
    let bytes = gathered(
        payload,
        Detail::BodyMax {
            bytes: BODY_BYTES_MAX,
        },
        BODY_BYTES_MAX,
        || deadline,
        late,
    )
    .await?;
    let (value, wrong) = unique::read(&bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::of(Detail::BodyNotJson { line, column })
    })?;
    if wrong.is_empty() {
        return Ok(value);
    }
    let fault = |(pointer, why)| match why {
        Wrong::Twice => Fault::new(pointer, FaultText::GivenTwice),
        Wrong::Reserved => Fault::new(pointer, FaultText::NotAMemberName),
    };
    Err(Refusal::faults(wrong.into_iter().map(fault).collect()))
}

/// An upload that is kept in memory, whole. It may take long, silence not.
pub(crate) async fn collected(payload: web::Payload, bytes_max: usize) -> Result<web::Bytes, Refusal> {
    let late = Detail::NothingArrived { seconds: BODY_WAIT_S };
    let next = || Instant::now() + Duration::from_secs(BODY_WAIT_S);
    gathered(
        payload.into_inner(),
        Detail::UploadMax { bytes: bytes_max },
        bytes_max,
        next,
        late,
    )
    .await
}

/// All parts of a payload within a limit, each before its deadline.
async fn gathered(
    mut payload: Payload,
    too_large: Detail,
    bytes_max: usize,
    deadline: impl Fn() -> Instant,
    late: Detail,
) -> Result<web::Bytes, Refusal> {
    let mut bytes = web::BytesMut::new();
    loop {
        let Ok(next) = tokio::time::timeout_at(deadline(), payload.next()).await else {
            return Err(Refusal::of(late));
        };
        let Some(part) = next else {
            return Ok(bytes.freeze());
        };
        let part = part.map_err(|error| Refusal::new(&refusal::MALFORMED).cause(error))?;
        if bytes.len() + part.len() > bytes_max {
            return Err(Refusal::of(too_large));
        }
        bytes.extend_from_slice(&part);
    }
}

/// JSON with its members in the order of their names and no space between.
#[must_use]
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let member = |(name, value): (&String, &Value)| format!("{}:{}", json!(name), canonical(value));
            format!(
                "{{{}}}",
                sorted.into_iter().map(member).collect::<Vec<_>>().join(",")
            )
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body without a shape would be refused as a fault of ours.
    #[test]
    fn every_body_of_the_contract_has_a_shape() {
        let contract = crate::openapi::collected();
        let shapes = Shapes::of(&contract).unwrap();
        let names = bodies(&serde_json::to_value(&contract).unwrap());
        assert!(names.len() > 30 && names.contains("CreateApiKey"), "{names:?}");
        assert_eq!(shapes.by_name.keys().cloned().collect::<BTreeSet<_>>(), names);
        let late = json!({"label": "a", "scopes": ["read"], "expires_at": "2026-13-01T00:00:00Z"});
        let faults = shapes.faults("CreateApiKey", &late).unwrap();
        assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/expires_at"));
    }

    #[test]
    fn equal_requests_are_equal_bytes_whatever_the_order_of_members() {
        let one: Value = serde_json::from_str(r#"{"b": [1, {"y": null, "x": "é"}], "a": true}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a":true,"b":[1,{"x":"é","y":null}]}"#).unwrap();
        assert_eq!(canonical(&one), canonical(&two));
        assert_eq!(canonical(&one), r#"{"a":true,"b":[1,{"x":"é","y":null}]}"#);
    }
}
