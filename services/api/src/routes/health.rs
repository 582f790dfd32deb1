//! For those who run the server.

use actix_web::{HttpResponse, get, web::Data};
use api_types::{Health, LogHealth, ProofHealth, Readiness, ViewHealth};
use application::{Application, event_log::LogState, proof::TreeState};

use crate::metrics::Metrics;

/// The process lives.
///
/// Answers as long as the process serves requests; says nothing about the log.
#[utoipa::path(
    operation_id = "get_health", tag = "operation", security(()),
    responses((status = 200, description = "It lives.", body = Health)),
)]
#[get("/healthz")]
pub(crate) async fn get_health() -> HttpResponse {
    HttpResponse::Ok().json(Health {
        status: "ok".to_owned(),
    })
}

/// Whether commands are taken, and how far the views are.
///
/// 503 when the log takes no commands; `log.reason` says why, and reads go on.
#[utoipa::path(
    operation_id = "get_readiness", tag = "operation", security(()),
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Commands are not taken; reads go on.", body = Readiness),
    ),
)]
#[get("/readyz")]
pub(crate) async fn get_readiness(application: Data<Application>) -> HttpResponse {
    let (ready, state, reason) = match application.log_state() {
        LogState::Writable => (true, "writable", None),
        LogState::Full {
            free_bytes,
            reserve_bytes,
        } => {
            let reason =
                format!("the disk has {free_bytes} bytes free, and {reserve_bytes} are kept in reserve");
            (false, "full", Some(reason))
        }
        LogState::ReadOnly { reason, .. } => (false, "read_only", Some(reason)),
        LogState::Poisoned { reason } => (false, "stopped", Some(reason)),
    };
    let (tree, size) = application.tree_state();
    let tree = match tree {
        TreeState::Following => "following",
        TreeState::CatchingUp => "catching_up",
        TreeState::Broken { .. } => "broken",
    };
    let body = Readiness {
        status: if ready { "ready" } else { "not_ready" }.to_owned(),
        log: LogHealth {
            state: state.to_owned(),
            reason,
            head: application.log().head().0,
        },
        views: vec![ViewHealth {
            name: "queue".to_owned(),
            position: application.views().position().0,
        }],
        proof: ProofHealth {
            state: tree.to_owned(),
            size,
            signed: application.signed_size(),
        },
    };
    // Not a problem document: those who ask here want the whole picture in either case.
    let mut answer = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    answer.json(body)
}

/// Counters for Prometheus.
///
/// Answer times by method, route and status, and how far log and view have come.
#[utoipa::path(
    operation_id = "get_metrics", tag = "operation", security(()),
    responses((status = 200, description = "Text exposition format.", body = String, content_type = "text/plain")),
)]
#[get("/metrics")]
pub(crate) async fn get_metrics(application: Data<Application>, metrics: Data<Metrics>) -> HttpResponse {
    let gauges = [
        (
            "guichet_log_head_position",
            "Last position of the log on disk.",
            application.log().head().0,
        ),
        (
            "guichet_view_queue_position",
            "Last position that the queue view shows.",
            application.views().position().0,
        ),
        (
            "guichet_tree_size",
            "How many events are in the Merkle tree.",
            application.tree_state().1,
        ),
        (
            "guichet_signed_size",
            "How many events the last signed checkpoint covers.",
            application.signed_size(),
        ),
    ];
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(metrics.text(&gauges))
}
