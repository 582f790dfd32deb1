//! For auditors: checkpoints, proofs, tiles, the export, evidence.

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Path};
use api_types::{CheckpointKey, ConsistencyProof, EvidenceBundle, ExportLine, FileBytes, InclusionProof};
use application::{
    Position,
    proofs::{Hash, TileKind, TilePath},
};
use chrono::Utc;
use domain::{
    FaultText,
    audit::AuditData,
    policy::{
        Shown,
        administration::{SystemOperation, may},
    },
};
use futures_util::TryStreamExt;

use super::key;
use crate::{
    caller::Caller,
    parameters::Parameters,
    refusal::{NOT_FOUND, Refusal},
};

/// How long a full tile may be kept by whoever fetched it, s: it never changes.
const TILE_KEPT_S: u64 = 31_536_000;

/// The newest checkpoint: what the log has promised to be so far.
///
/// A signed note (C2SP tlog-checkpoint), at most a second old. Keep old ones: a rewritten history is only visible to who
/// kept one. For everybody who is signed in; it tells how large the log is and nothing of what is in it.
#[utoipa::path(
    operation_id = "get_checkpoint", tag = "audit",
    responses((status = 200, description = "The signed note.", body = String, content_type = "text/plain")),
)]
#[get("/audit/checkpoint")]
pub(crate) async fn get_checkpoint(caller: Caller) -> Result<HttpResponse, Refusal> {
    let signed = caller.application.proofs.checkpoint(Utc::now()).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(signed.note))
}

/// The key that signs checkpoints.
///
/// The log names its keys too (`log-key-enrolled.v1`), each endorsed by the one before.
#[utoipa::path(
    operation_id = "get_checkpoint_key", tag = "audit",
    responses((status = 200, description = "The verifier key.", body = CheckpointKey)),
)]
#[get("/audit/key")]
pub(crate) async fn get_checkpoint_key(caller: Caller) -> Result<HttpResponse, Refusal> {
    let key = caller.application.proofs.checkpoint_key().await?;
    Ok(HttpResponse::Ok().json(CheckpointKey { key }))
}

/// The proof that the event at a position is in the log.
///
/// For everybody who is signed in: hashes tell nothing of what they are of.
#[utoipa::path(
    operation_id = "get_inclusion_proof", tag = "audit",
    params(("position" = u64, Query, description = "Place of the event in the whole log.", example = 43)),
    responses((status = 200, description = "The proof, with the checkpoint it leads to.", body = InclusionProof)),
)]
#[get("/audit/proofs/inclusion")]
pub(crate) async fn get_inclusion_proof(
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let position = parameters.required("position", FaultText::NotAPosition);
    parameters.end()?;
    let found = caller
        .application
        .proofs
        .inclusion(Position(position.unwrap_or_default()), Utc::now())
        .await?;
    Ok(HttpResponse::Ok().json(InclusionProof {
        position: found.position,
        leaf: found.leaf.to_string(),
        proof: found.proof.iter().map(Hash::to_string).collect(),
        size: found.checkpoint.size,
        checkpoint: found.checkpoint.note,
    }))
}

/// The proof that an earlier size of the log is the beginning of the log as it is now.
///
/// With an old checkpoint kept elsewhere, it proves that nothing before it was changed.
#[utoipa::path(
    operation_id = "get_consistency_proof", tag = "audit",
    params(("from" = u64, Query, description = "The earlier size.", example = 42)),
    responses((status = 200, description = "The proof, with the checkpoint it leads to.", body = ConsistencyProof)),
)]
#[get("/audit/proofs/consistency")]
pub(crate) async fn get_consistency_proof(
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let mut parameters = Parameters::read(&request)?;
    let from = parameters.required("from", FaultText::NotASize);
    parameters.end()?;
    let found = caller
        .application
        .proofs
        .consistency(from.unwrap_or_default(), Utc::now())
        .await?;
    Ok(HttpResponse::Ok().json(ConsistencyProof {
        from: found.from,
        to: found.checkpoint.size,
        proof: found.proof.iter().map(Hash::to_string).collect(),
        checkpoint: found.checkpoint.note,
    }))
}

/// A tile of the tree (C2SP tlog-tiles), such as `0/x001/234` or `entries/000.p/17`.
///
/// Tiles of hashes are for everybody who is signed in, tiles of entries for those who read the log.
#[utoipa::path(
    operation_id = "get_tile", tag = "audit",
    params(("path" = String, Path, description = "Level and number of the tile, as C2SP writes them.", example = "0/000.p/17")),
    responses((status = 200, description = "Hashes of 32 bytes, or entries with their lengths.", body = inline(FileBytes), content_type = "application/octet-stream")),
)]
#[get("/audit/tile/{path:.*}")]
pub(crate) async fn get_tile(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let tile: TilePath = format!("tile/{path}")
        .parse()
        .map_err(|error: application::proofs::TilePathError| Refusal::new(&NOT_FOUND).cause(error))?;
    if tile.kind() == TileKind::Entries && may(caller.viewer(), SystemOperation::ReadLog) {
        trace(&caller, "GET /v1/audit/tile/entries", AuditData::Feed).await?;
    }
    let bytes = caller.asks(move |caller, reader| Ok(reader.proofs().tile(caller.viewer(), &tile)?));
    let bytes = bytes.await?;
    let cache = format!("private, immutable, max-age={TILE_KEPT_S}");
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CACHE_CONTROL, cache))
        .body(bytes))
}

/// The whole log as stored, with a checkpoint at its end.
///
/// NDJSON as docs/audit-format.md describes it, personal values sealed; `guichet audit verify` checks it without this
/// server. It ends where the log was when it began, and leaves one `audit-read.v1`.
#[utoipa::path(
    operation_id = "export_log", tag = "audit",
    responses((status = 200, description = "The export.", body = ExportLine, content_type = "application/x-ndjson", headers(("Content-Disposition", description = "A name for the file.")))),
)]
#[get("/audit/export")]
pub(crate) async fn export_log(caller: Caller) -> Result<HttpResponse, Refusal> {
    if !may(caller.viewer(), SystemOperation::ReadLog) {
        return Err(Refusal::new(&NOT_FOUND));
    }
    trace(&caller, "GET /v1/audit/export", AuditData::Export).await?;
    let export = caller
        .application
        .proofs
        .export(caller.viewer(), Utc::now())
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"guichet-export.ndjson\"",
        ))
        .streaming(
            export
                .map_ok(Shown::into_inner)
                .map_err(|error| Refusal::from(error).logged()),
        ))
}

/// The evidence bundle of a ticket: its events with their proofs, to be verified elsewhere.
///
/// For who may read the ticket. What they may not read is withheld, and the bundle verifies all the same. It holds the keys
/// of the values that it shows, so it can be read by whoever has it, for ever: an erasure does not recall it.
#[utoipa::path(
    operation_id = "get_evidence", tag = "audit",
    params(("key" = String, Path, description = "The ticket's key.", example = "SUP-12")),
    responses((status = 200, description = "The bundle.", body = EvidenceBundle, headers(("Content-Disposition", description = "A name for the file.")))),
)]
#[get("/tickets/{key}/evidence")]
pub(crate) async fn get_evidence(caller: Caller, path: Path<String>) -> Result<HttpResponse, Refusal> {
    let key = key(&path)?;
    let application = &caller.application;
    let (bundle, redacted) = application
        .proofs
        .evidence(caller.viewer(), &key, Utc::now())
        .await?;
    let what = format!("GET /v1/tickets/{key}/evidence");
    let name = format!("attachment; filename=\"{key}.guichet-bundle.json\"");
    trace(
        &caller,
        &what,
        AuditData::Bundle {
            ticket: key,
            redacted,
        },
    )
    .await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(bundle.map_err(|error| Refusal::from(error).logged())))
}

/// Leaves the trace of reading.
async fn trace(caller: &Caller, what: &str, read: AuditData) -> Result<(), Refusal> {
    let call = match &read {
        // Once an hour, whoever reads how often.
        AuditData::Feed => caller.call_of_reader(what, b""),
        AuditData::Export | AuditData::Bundle { .. } => caller.call(what, b""),
    }?;
    let traced = caller.application.proofs.trace_audit(call, read).await;
    traced.map_err(|error| caller.refusal(error))
}
